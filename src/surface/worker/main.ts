import { serve } from "../../platform/serve_team.ts";

/* What runs in a worker. It is a way in like the command line, because it may need every layer. */

serve({
  clone: async () => (await import("../../engine/clone_job.ts")).cloneJob,
  hash: async () => (await import("../../tree/hash_job.ts")).hashJob,
  scan: async () => (await import("../../tree/scan_job.ts")).scanJob,
});
