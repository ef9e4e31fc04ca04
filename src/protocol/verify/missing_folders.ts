import type { Finding } from "../../model/records.ts";
import { hasRecordOf } from "../../repo/audit_mentions.ts";
import type { ControlPath } from "../../repo/control_path.ts";
import { holdersOf, type Holding } from "../../repo/kept_folders.ts";
import type { Layout } from "../../repo/layout.ts";
import type { Store } from "../../repo/store.ts";
import type { RepositoryContext } from "../context.ts";
import { finding } from "./finding.ts";
import { FROM_COPY } from "./ways_out.ts";

const MAKE = `${FROM_COPY} Without one make the folder with \`mkdir\``;
const PARTS = `${MAKE}: \`jvs doctor\` then names each snapshot that is damaged.`;
const KEEPERS = `${MAKE}, and again what was in it: \`jvs doctor\` names what the audit trail has of that.`;

/**
 * How to go on without a copy where a folder may have lost something. An empty folder in its place would hide that loss, because refs and pins
 * are named by nothing else. Other folders hold nothing that must stay: plans, tombstones of a garbage collection, or records that this
 * version does not write.
 */
const WAYS: Readonly<Record<Holding, string>> = {
  worktrees: `${MAKE}: \`jvs doctor\` then says how to go on.`,
  snapshots: PARTS,
  descriptors: PARTS,
  manifests: PARTS,
  refs: KEEPERS,
  pins: KEEPERS,
};

/** Checks that the repository has all its folders. SPEC 2. */
export async function checkFolders({ store }: RepositoryContext): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const folder of missing(store.layout)) {
    const { path } = folder;
    const state = `The folder "${path}" of the repository is missing.`;
    const way = await wayFor(store, folder);
    const repair = path === store.layout.audit.path ? "audit_repair" : "repair_runtime";
    findings.push(
      way === undefined
        ? finding("error", "LAYOUT", state, { path, repair })
        : finding("error", "LAYOUT", `${state} ${way}`, { path }),
    );
  }
  return findings;
}

/** Makes those that are missing and held nothing, as the audit trail proves. */
export async function makeEmptyFolders({ store }: RepositoryContext): Promise<string[]> {
  const made: string[] = [];
  for (const folder of missing(store.layout)) {
    if (folder.path === store.layout.audit.path || await wayFor(store, folder) !== undefined) continue;
    folder.ensure();
    made.push(`Made the folder "${folder.path}" again${whatItHeld(store.layout, folder)}`);
  }
  return made;
}

/** What a person writes into a folder, no audit record tells. */
function whatItHeld({ gc, retention }: Layout, { path }: ControlPath): string {
  if (path !== gc.path) return ": it held nothing.";
  return `. If you had written "${retention.path}", bring that file back from a copy.`;
}

/** Parents first. */
function missing({ folders }: Layout): ControlPath[] {
  return folders.filter((folder) => folder.parts[0] !== "runtime" && !folder.isThere());
}

/** What to do for a missing folder that may have held something; nothing if it was empty. A broken audit trail proves nothing. */
async function wayFor({ audit, layout }: Store, { path }: ControlPath): Promise<string | undefined> {
  const holder = holdersOf(layout).find(({ folder }) => folder.path === path);
  if (holder === undefined) return undefined;
  const { by, which } = holder;
  return hasRecordOf(layout, by) || (await audit.check()).broken !== undefined ? WAYS[which] : undefined;
}
