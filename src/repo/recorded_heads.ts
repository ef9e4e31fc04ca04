import type { WorktreeConfig } from "../model/records.ts";
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

const MOVES = /"operation": ?"(?:worktree [a-z]+|doctor advance_head|audit repair|restore|snapshot)"/;

/**
 * Where each worktree stands by the last record that moved it, in all of the log and in HEAD. Nothing is proved. Of ten thousand lines few are
 * needed, so they are not parsed: what is searched stands in each before any word of a user, or has quotes that such words cannot have.
 */
export function recordedHeads(layout: Layout): RecordedHeads {
  const heads = new Map<string, string>();
  let replaced: RecordedHead[] = [];
  let last: string | undefined;
  for (const text of linesWith(layout, MOVES)) {
    const event = valueOf("event_id", text);
    if (event === last) continue; // the last record is in HEAD once more
    last = event;
    const operation = valueOf("operation", text);
    const name = valueOf("worktree", text) ?? "";
    if (operation === "audit repair") heads.clear();
    else if (operation === "worktree rename") {
      const [before, after] = [valueOf("old_name", text) ?? "", valueOf("name", text) ?? ""];
      move(heads, after, heads.get(before));
      heads.delete(before);
    } else if (operation === "worktree remove") {
      heads.delete(name);
      replaced = replaced.filter((each) => each.name !== name);
    } else if (operation?.startsWith("worktree ")) {
      const id = heads.get(name);
      if (id !== undefined) replaced.push({ name, id });
      move(heads, name, valueOf("snapshot_id", text));
    } else if (isMove(text)) move(heads, name, valueOf("target", text));
  }
  return { heads, replaced };
}

/** Where these worktrees stand as the trail tells, if that is not what their records say. A move that ends right now may look so. */
export function movedHeads(
  { heads }: Pick<RecordedHeads, "heads">,
  worktrees: readonly WorktreeConfig[],
): RecordedHead[] {
  return worktrees.flatMap(({ head_snapshot_id: head, name }) => {
    const id = heads.get(name);
    return id === undefined || id === head ? [] : [{ name, id }];
  });
}

function move(heads: Map<string, string>, name: string, id: string | undefined): void {
  if (id === undefined) heads.delete(name);
  else heads.set(name, id);
}

/** A restore of paths moves no head, and what JVS saves by itself does not. */
function isMove(text: string): boolean {
  return !/"operation": ?"restore"/.test(text)
    ? !/"kind": ?"(?:autosave|partial)"/.test(text)
    : /"paths": ?null/.test(text);
}

function valueOf(field: string, text: string): string | undefined {
  return FIELDS[field]?.exec(text)?.[1];
}

const FIELDS: Readonly<Record<string, RegExp>> = Object.fromEntries(
  ["event_id", "operation", "worktree", "old_name", "name", "snapshot_id", "target"].map((field) =>
    [field, new RegExp(`"${field}": ?"([^"]*)"`)] as const
  ),
);
