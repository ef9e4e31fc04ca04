import type { Finding } from "../../model/records.ts";
import { hasRecordOf, PIN_MAKERS, REF_MAKERS, SNAPSHOT_MAKERS } from "../../repo/audit_mentions.ts";
import type { ControlPath } from "../../repo/control_path.ts";
import type { Layout } from "../../repo/layout.ts";
import type { Store } from "../../repo/store.ts";
import type { RepositoryContext } from "../context.ts";
import { finding } from "./finding.ts";
import { FROM_COPY } from "./ways_out.ts";

/**
 * A folder that may have lost something: the operations that put a file into it, as the audit trail calls them, and how to go on
 * without a copy. An empty folder in its place would hide that loss, because refs and pins are named by nothing else. Other folders
 * hold nothing that must stay: plans, tombstones of a garbage collection, or records that this version does not write.
 */
interface Holder {
  readonly folder: (layout: Layout) => ControlPath;
  readonly by: readonly string[];
  readonly way: string;
}

const MAKE = `${FROM_COPY} Without one make the folder with \`mkdir\``;
const PARTS = `${MAKE}: \`jvs doctor\` then names each snapshot that is damaged.`;

const HOLDERS: readonly Holder[] = [
  {
    folder: ({ worktrees }) => worktrees,
    by: ["init", "adopt", ...SNAPSHOT_MAKERS],
    way: `${MAKE}: \`jvs doctor\` then says how to go on.`,
  },
  { folder: ({ snapshots }) => snapshots, by: SNAPSHOT_MAKERS, way: PARTS },
  { folder: ({ descriptors }) => descriptors, by: SNAPSHOT_MAKERS, way: PARTS },
  { folder: ({ manifests }) => manifests, by: SNAPSHOT_MAKERS, way: PARTS },
  {
    folder: ({ refs }) => refs,
    by: REF_MAKERS,
    way:
      `${MAKE}, and the refs again with \`jvs ref create\`: \`jvs audit --operation "ref create" --json\` names them and ` +
      "their snapshots.",
  },
  {
    folder: ({ pins }) => pins,
    by: PIN_MAKERS,
    way:
      `${MAKE}, and pin again with \`jvs gc pin\`: \`jvs audit --operation "gc pin" --json\` names the snapshots.`,
  },
];

/** Finds folders of the repository that are missing. SPEC 2. */
export async function missingFolders(store: Store): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const folder of missing(store.layout)) {
    const { path } = folder;
    const state = `The folder "${path}" of the repository is missing.`;
    const holder = await holderOf(store, folder);
    const repair = path === store.layout.audit.path ? "audit_repair" : "repair_runtime";
    findings.push(
      holder === undefined
        ? finding("error", "LAYOUT", state, { path, repair })
        : finding("error", "LAYOUT", `${state} ${holder.way}`, { path }),
    );
  }
  return findings;
}

/** Makes those that are missing and held nothing, as the audit trail proves. */
export async function makeEmptyFolders({ store }: RepositoryContext): Promise<string[]> {
  const made: string[] = [];
  for (const folder of missing(store.layout)) {
    if (folder.path === store.layout.audit.path || await holderOf(store, folder) !== undefined) continue;
    folder.ensure();
    made.push(`Made the folder "${folder.path}" again: it held nothing.`);
  }
  return made;
}

/** Parents first. */
function missing({ folders }: Layout): ControlPath[] {
  return folders.filter((folder) => folder.parts[0] !== "runtime" && !folder.isThere());
}

/** What a missing folder may have held; nothing if it was empty. A broken audit trail proves nothing. */
async function holderOf({ audit, layout }: Store, { path }: ControlPath): Promise<Holder | undefined> {
  const holder = HOLDERS.find(({ folder }) => folder(layout).path === path);
  if (holder === undefined || hasRecordOf(layout, holder.by)) return holder;
  return (await audit.check()).broken === undefined ? undefined : holder;
}
