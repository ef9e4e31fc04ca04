import { attempt } from "../platform/deno_call.ts";
import { isSystemError } from "../platform/system_error.ts";

/** The names in a folder of ours; none where it is not there, as copiers may leave empty folders out. */
export function namesIn(folder: string): string[] {
  try {
    return attempt("list", folder, () => Array.from(Deno.readDirSync(folder), (entry) => entry.name));
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return [];
    throw error;
  }
}
