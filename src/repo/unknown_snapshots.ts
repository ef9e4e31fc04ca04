import type { Descriptor, WorktreeConfig } from "../model/records.ts";
import type { SnapshotTable } from "./snapshot_table.ts";
import type { Store } from "./store.ts";

/** What `unknownTo` needs of a store. */
export type UnknownSource = Pick<Store, "cacheFolder" | "layout" | "snapshots">;

/** What of a worktree's record tells which snapshots it knows. */
export type Known = Pick<WorktreeConfig, "worktree_id" | "latest_snapshot_id">;

/** A snapshot that the record of its worktree does not know. */
export interface Unknown {
  readonly id: string;
  readonly parent: string | null;
}

/** What a worktree made after what its record says, the oldest first, and the ids of what it may have made, as their descriptors cannot be read. */
export interface UnknownOf {
  readonly unknown: readonly Unknown[];
  readonly unread: readonly string[];
}

/** So many descriptors are read sooner than an index. */
const FEW = 64;

/**
 * Whether a worktree made this snapshot after what its record says. Each id is above all that were there when it was made, whichever host's
 * clock gave it, and each manual snapshot becomes the latest of its worktree. So a right record has none above its latest, whatever
 * that follows. A lost move of the head, or a record from an old copy, leaves some. SPEC 2.
 */
export function isUnknownTo(
  { latest_snapshot_id: latest, worktree_id }: Known,
  id: string,
  said: Pick<Descriptor, "worktree_id" | "kind">,
): boolean {
  return said.worktree_id === worktree_id && said.kind === "manual" && id > (latest ?? "");
}

/** The rows that worktrees made after what their records say, each with its worktree; pruned ones, too. One that could not be read is in none. */
export function unknownRows<W extends Known>(
  table: SnapshotTable,
  worktrees: readonly W[],
): { readonly row: number; readonly worktree: W }[] {
  const { words, worktree: made } = table.columns;
  const ends = new Map<number, { readonly worktree: W; readonly place: number }[]>();
  for (const worktree of worktrees) {
    const wanted = words.worktrees.indexOf(worktree.worktree_id);
    if (wanted === -1) continue;
    const { latest_snapshot_id: latest } = worktree;
    const same = ends.get(wanted) ?? []; // two records may have one id
    ends.set(wanted, [...same, { worktree, place: latest === null ? 0 : table.place(latest) }]);
  }
  const found: { row: number; worktree: W }[] = [];
  for (let row = 0; row < table.count; row++) {
    const each = ends.get(made[row] ?? -1);
    if (each === undefined || !table.isManual(row)) continue;
    for (const { place, worktree } of each) {
      if (row >= place && table.id(row) !== worktree.latest_snapshot_id) found.push({ row, worktree });
    }
  }
  return found;
}

/** What the record of a worktree does not know. */
export async function unknownTo(store: UnknownSource, worktree: Known): Promise<UnknownOf> {
  const newer = store.snapshots.listKnown().filter((id) => id > (worktree.latest_snapshot_id ?? ""));
  const unknown: Unknown[] = [];
  const unread: string[] = [];
  if (newer.length <= FEW) {
    for (const id of newer) {
      const descriptor = await store.snapshots.readable(id);
      if (descriptor === undefined) {
        if (store.snapshots.isKnown(id)) unread.push(id); // else it was collected meanwhile
      } else if (isUnknownTo(worktree, id, descriptor)) {
        unknown.push({ id, parent: descriptor.parent_snapshot_id });
      }
    }
    return { unknown, unread };
  }
  const { readIndex } = await import("./snapshot_index.ts"); // others do not pay for it
  const table = await readIndex(store);
  for (const { row } of unknownRows(table, [worktree])) {
    unknown.push({ id: table.id(row), parent: table.parentId(row) });
  }
  for (const id of newer) {
    const row = table.find(id);
    if (row !== -1 && table.isUnread(row)) unread.push(id);
  }
  return { unknown, unread };
}

/** One line that goes on from the snapshot on which a worktree stands. */
export interface NextLine {
  readonly first: string;
  readonly end: string;
  readonly count: number;
}

/** The line that all of these are, the oldest first, if it goes on from where the worktree stands, and that is its latest: only moves of its head were lost. */
export function nextLine(
  { head_snapshot_id, latest_snapshot_id }: Pick<WorktreeConfig, "head_snapshot_id" | "latest_snapshot_id">,
  unknown: readonly Unknown[],
): NextLine | undefined {
  const [first] = unknown;
  if (first === undefined || head_snapshot_id !== latest_snapshot_id) return undefined;
  let end = latest_snapshot_id;
  for (const { id, parent } of unknown) {
    if (parent !== end) return undefined;
    end = id;
  }
  return { first: first.id, end: end ?? first.id, count: unknown.length };
}

/** Those from which no other of them descends. */
export function endsOf(unknown: readonly Unknown[]): string[] {
  const parents = new Set(unknown.map(({ parent }) => parent));
  return unknown.map(({ id }) => id).filter((id) => !parents.has(id));
}
