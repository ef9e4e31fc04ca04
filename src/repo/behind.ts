import type { Reporter } from "../model/progress.ts";
import type { WorktreeConfig } from "../model/records.ts";
import { textOf } from "../model/bytes.ts";
import { openLog } from "./audit_chain.ts";
import { linesFromEnd } from "./audit_files.ts";
import type { Layout } from "./layout.ts";
import type { Store } from "./store.ts";
import { type Unknown, type UnknownSource, unknownTo } from "./unknown_snapshots.ts";

/** What tells which worktrees are about to be changed. */
export interface Listing {
  readonly intents: Pick<Store["intents"], "list">;
}
type Source = UnknownSource & Listing;

const warned = new WeakMap<Reporter, Set<string>>();

/**
 * Warns, once for a worktree, if snapshots were saved in it that its record does not know: it is of an older copy, or a move of its head
 * was lost. Then its newest is not what a user expects of LATEST.
 */
export async function warnIfBehind(
  store: Source,
  worktree: WorktreeConfig,
  reporter: Reporter | undefined,
): Promise<void> {
  if (reporter === undefined || isSurelyNewest(store.layout, worktree)) return;
  const newest = store.snapshots.newestKnown();
  if (newest === null || newest <= (worktree.latest_snapshot_id ?? "")) return;
  warnOf(store, worktree, reporter, (await unknownTo(store, worktree)).unknown);
}

/** The same, of those that were found already. */
export function warnOf(
  { intents }: Listing,
  { latest_snapshot_id, name, worktree_id: id }: WorktreeConfig,
  reporter: Reporter,
  unknown: readonly Pick<Unknown, "id">[],
): void {
  const newest = unknown.at(-1);
  const told = warned.get(reporter) ?? new Set();
  if (newest === undefined || told.has(id)) return;
  if (intents.list().some(({ worktree_id }) => worktree_id === id)) return; // it is about to know them
  warned.set(reporter, told.add(id));
  const what = unknown.length === 1 ? "a snapshot that was" : `${unknown.length} snapshots that were`;
  const known = latest_snapshot_id === null ? "none" : `${latest_snapshot_id} at most`;
  reporter.warn(
    `The record of worktree "${name}" is older than its line: it knows ${known}, and not ${what} saved in it after that, the ` +
      `newest ${newest.id}. \`jvs doctor --repair advance_head\` goes on to it where that is certain, and \`jvs doctor\` says ` +
      "what else to do.",
  );
}

/** So many of the newest records are looked at: one read. */
const MOST_LINES = 64;

/**
 * Whether the end of the audit trail tells that the worktree saved nothing after what its record knows. It spares those who have a hundred
 * thousand snapshots the list of them. False where it does not tell.
 */
function isSurelyNewest(layout: Layout, { latest_snapshot_id: latest, name }: WorktreeConfig): boolean {
  /** Undefined for a record that tells nothing of it. */
  const tells = (text: string) => {
    if (!text.includes(`"worktree":"${name}"`) && !text.includes(`"worktree": "${name}"`)) return undefined;
    if (MADE.test(text)) return true;
    return SAVED.test(text) && MANUAL.test(text) ? text.includes(`"${latest}"`) : undefined;
  };
  const last = tells(layout.auditHead.readFresh() ?? "");
  if (last !== undefined) return last;
  using log = openLog(layout);
  return linesFromEnd(log.files).take(MOST_LINES).map((line) => tells(textOf(line)))
    .find((told) => told !== undefined) ?? false;
}

const MADE = /"operation": ?"worktree (?:create|fork)"/;
const SAVED = /"operation": ?"snapshot"/;
const MANUAL = /"kind": ?"manual"/;
