import { bytesOf } from "../../model/bytes.ts";
import type { Folder } from "../../platform/platform.ts";
import type { IgnoreRules } from "../../tree/ignore.ts";
import { type Scan, type ScanOptions, scanTree } from "../../tree/scan.ts";
import type { WorktreeContext } from "../change/kind.ts";
import { stagingInRoot } from "../staging_name.ts";

/** Scans a payload root without the staging of a restore, which may be in it (SPEC 2). */
export async function scanWorktree(
  context: WorktreeContext,
  root: Folder,
  options: Omit<Partial<ScanOptions>, "exactStat" | "skipAtRoot">,
): Promise<Scan> {
  const { reporter, signal, store: { platform }, workers } = context;
  await reachMounts(context, root, options.rules ?? null);
  const skipAtRoot = ownStaging(context).map(bytesOf);
  return await scanTree(root, { ...platform.abilities, ...options, skipAtRoot, workers, reporter, signal });
}

/** Makes sure that what is mounted in a worktree answers: a scan looks at the mount points, unless it does not come there by the rules. */
async function reachMounts(
  { mountTimeoutMs: timeoutMs, signal, store: { platform } }: WorktreeContext,
  root: Folder,
  rules: IgnoreRules | null,
): Promise<void> {
  const mounts = platform.servedMountsBelow(root);
  if (mounts.length === 0) return;
  const { requireAnswers } = await import("../../platform/answering.ts");
  const from = (platform.whereIs(root) ?? "").length + 1;
  const folderOf = (path: string) => path.slice(from, Math.max(from, path.lastIndexOf("/")));
  const reached = mounts.filter(({ path }) => rules?.ignores(bytesOf(folderOf(path)), true) !== true);
  await requireAnswers(reached, { timeoutMs, signal });
}

/** The names in a payload root under which open intents of this worktree stage something. */
export function ownStaging({ store: { intents }, worktree: { worktree_id: id } }: WorktreeContext): string[] {
  const own = intents.list().filter(({ worktree_id }) => worktree_id === id);
  return own.map(({ claims }) => stagingInRoot(claims)).filter((name) => name !== undefined);
}
