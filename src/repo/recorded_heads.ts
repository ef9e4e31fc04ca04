import { textOf } from "../model/bytes.ts";
import type { WorktreeConfig } from "../model/records.ts";
import { openLog } from "./audit_chain.ts";
import { linesFromEnd } from "./audit_files.ts";
import { linesWith } from "./audit_mentions.ts";
import type { Layout } from "./layout.ts";

/** Where a worktree stood. */
export interface RecordedHead {
  /** Its name now, or when it lost its record. */
  readonly name: string;
  readonly id: string;
}

/** Where worktrees stand, as the audit trail tells. */
export interface RecordedHeads {
  /** The snapshot, by the name of the worktree. Nothing of before a repair of the trail, which may have cut off the last move. */
  readonly heads: ReadonlyMap<string, string>;
  /** Where those stood that lost their record, and in whose name another one was made, which was not removed since. */
  readonly replaced: readonly RecordedHead[];
}

const TELLS = /"operation": ?"(?:worktree [a-z]+|doctor advance_head|audit repair|restore|snapshot)"/;

/**
 * Where each worktree stands by the last record that moved it, in all of the log and in HEAD. Nothing is proved. Of ten thousand lines few are
 * needed, so they are not parsed: what is searched stands in each before any word of a user, or has quotes that such words cannot have.
 */
export function recordedHeads(layout: Layout): RecordedHeads {
  const heads = new Map<string, string>();
  let replaced: RecordedHead[] = [];
  const move = (name: string, id: string | undefined) => {
    if (id === undefined) heads.delete(name);
    else heads.set(name, id);
  };
  let last: string | undefined;
  for (const text of linesWith(layout, TELLS)) {
    const event = valueOf("event_id", text);
    if (event === last) continue; // the last record is in HEAD once more
    last = event;
    const operation = valueOf("operation", text);
    const moved = moveIn(text);
    if (moved !== undefined) {
      const before = heads.get(moved.name);
      if (moved.isMaking && before !== undefined) replaced.push({ name: moved.name, id: before });
      move(moved.name, moved.id);
    } else if (operation === "audit repair") heads.clear();
    else if (operation === "worktree remove") {
      const name = valueOf("worktree", text) ?? "";
      heads.delete(name);
      replaced = replaced.filter((each) => each.name !== name);
    } else if (operation === "worktree rename") {
      const before = valueOf("old_name", text) ?? "";
      move(valueOf("name", text) ?? "", heads.get(before));
      heads.delete(before);
    }
  }
  return { heads, replaced };
}

/** Where these worktrees stand as the trail tells, if that is not what their records say. A move that ends right now may look so. */
export function movedHeads(layout: Layout, worktrees: readonly WorktreeConfig[]): RecordedHead[] {
  if (areSurelyRight(layout, worktrees)) return [];
  const { heads } = recordedHeads(layout);
  return worktrees.flatMap(({ head_snapshot_id: head, name }) => {
    const id = heads.get(name);
    return id === undefined || id === head ? [] : [{ name, id }];
  });
}

/** So many of the newest records are looked at: to go through all of them takes a tenth of the time that a plan may take. */
const MOST_LINES = 1000;

/** Whether the end of the trail tells of each worktree that it stands where its record says. */
function areSurelyRight(layout: Layout, worktrees: readonly WorktreeConfig[]): boolean {
  const heads = new Map(worktrees.map(({ head_snapshot_id, name }) => [name, head_snapshot_id]));
  for (const text of newestFirst(layout)) {
    if (heads.size === 0) return true;
    if (/"operation": ?"(?:worktree re|audit repair)/.test(text)) return false; // names mean others before
    const { id = null, name } = moveIn(text) ?? {};
    if (name === undefined || !heads.has(name)) continue;
    if (heads.get(name) !== id) return false;
    heads.delete(name);
  }
  return heads.size === 0;
}

function* newestFirst(layout: Layout): Generator<string> {
  yield layout.auditHead.readFresh() ?? "";
  using log = openLog(layout);
  yield* linesFromEnd(log.files).take(MOST_LINES).map(textOf);
}

interface Move {
  readonly name: string;
  /** Undefined where it is empty. */
  readonly id: string | undefined;
  readonly isMaking: boolean;
}

/** The move that a record tells of. A restore of paths is none, and what JVS saves by itself. */
function moveIn(text: string): Move | undefined {
  const [operation, name = ""] = [valueOf("operation", text), valueOf("worktree", text)];
  const isMaking = operation === "worktree create" || operation === "worktree fork";
  if (isMaking) return { name, id: valueOf("snapshot_id", text), isMaking };
  const isMove = operation === "doctor advance_head" ||
    operation === "restore" && /"paths": ?null/.test(text) ||
    operation === "snapshot" && /"kind": ?"manual"/.test(text);
  return isMove ? { name, id: valueOf("target", text), isMaking } : undefined;
}

function valueOf(field: keyof typeof FIELDS, text: string): string | undefined {
  return FIELDS[field].exec(text)?.[1];
}

const FIELDS = {
  event_id: /"event_id": ?"([^"]*)"/,
  operation: /"operation": ?"([^"]*)"/,
  target: /"target": ?"([^"]*)"/,
  worktree: /"worktree": ?"([^"]*)"/,
  old_name: /"old_name": ?"([^"]*)"/,
  name: /"name": ?"([^"]*)"/,
  snapshot_id: /"snapshot_id": ?"([^"]*)"/,
} as const;
