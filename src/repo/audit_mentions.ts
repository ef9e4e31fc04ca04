import { textOf } from "../model/bytes.ts";
import { isSnapshotId } from "../model/ids.ts";
import { openLog } from "./audit_chain.ts";
import { linesOf, textsOf } from "./audit_files.ts";
import type { Layout } from "./layout.ts";

/**
 * Which of these snapshots are named in a record, each with the checksum of its descriptor in the record of the snapshot
 * (null without a whole record of it). Damaged records and the one in HEAD count too; nothing is proved. A record names
 * only snapshots that were published.
 */
export function snapshotsMentioned(layout: Layout, ids: readonly string[]): Map<string, string | null> {
  const checksums = new Map<string, string | null>();
  const look = (text: string) => {
    for (const id of ids) {
      if (text.includes(`"${id}"`)) checksums.set(id, checksums.get(id) ?? checksumIn(text, id));
    }
  };
  using log = openLog(layout);
  for (const file of log.files) for (const lines of linesOf(file)) lines.map(textOf).forEach(look);
  look(layout.auditHead.readFresh() ?? "");
  return checksums;
}

/**
 * The lines of the whole log in which this pattern finds something, then HEAD as one line if it does, which has its newest record as `next`,
 * with a space behind each colon. Damaged lines count too; nothing is proved.
 */
export function* linesWith(layout: Layout, pattern: RegExp): Generator<string> {
  for (const text of textsOfLog(layout)) {
    if (pattern.test(text)) yield* text.split("\n").filter((line) => pattern.test(line));
  }
}

/** What is to be found in the log: each line in which `tells` finds something is noted, in their order, as by `linesWith`. */
export interface TrailReader {
  readonly tells: RegExp;
  note(line: string): void;
}

/** Goes through the whole log once for all of these readers. */
export function readTrail(layout: Layout, readers: readonly TrailReader[]): void {
  for (const text of textsOfLog(layout)) {
    for (const reader of readers.filter(({ tells }) => tells.test(text))) {
      for (const line of text.split("\n")) if (reader.tells.test(line)) reader.note(line);
    }
  }
}

/** The lines of the whole log, many at a time, then HEAD as one line. */
function* textsOfLog(layout: Layout): Generator<string> {
  using log = openLog(layout);
  for (const file of log.files) yield* textsOf(file);
  yield (layout.auditHead.readFresh() ?? "").replaceAll("\n", " ");
}

/** What the records of the whole log say of snapshots. */
export interface SnapshotsRecorded {
  /** Those that were published. */
  readonly made: Set<string>;
  /** Those of them that were published after the last repair of the log: if the log is whole, it knows all that became of them. */
  readonly madeSinceRepair: Set<string>;
  /** Those that a garbage collection deleted, or pruned. */
  readonly deleted: Set<string>;
  readonly pruned: Set<string>;
}

/** What the records of the whole log say of snapshots. Nothing is proved. */
export function snapshotsRecorded(layout: Layout): SnapshotsRecorded {
  const all = {
    made: new Set<string>(),
    madeSinceRepair: new Set<string>(),
    deleted: new Set<string>(),
    pruned: new Set<string>(),
  };
  const noteCollected = (text: string) => {
    if (!text.includes('"gc run"')) return;
    const { deleted, pruned } = collectedIn(text);
    for (const id of deleted) all.deleted.add(id);
    for (const id of pruned) all.pruned.add(id);
  };
  noteCollected(layout.auditHead.readFresh() ?? ""); // the log may not have its record yet
  using log = openLog(layout);
  for (const file of log.files) {
    for (const line of linesOf(file).flatMap((lines) => lines)) {
      const text = textOf(line);
      const [, id] = /"operation":"snapshot",.*?"target":"([^"]+)"/.exec(text) ?? [];
      if (id !== undefined && isSnapshotId(id)) {
        all.made.add(id);
        all.madeSinceRepair.add(id);
      } else if (text.includes(`"operation":"${BEGUN_AGAIN}"`)) all.madeSinceRepair.clear();
      noteCollected(text);
    }
  }
  return all;
}

/** With this record the log may have begun again, and knows nothing of before. */
const BEGUN_AGAIN = "audit repair";
/** The operations after which there may be refs: after a restore, `snapshot --branch` makes one. */
export const REF_MAKERS = ["ref create", "restore", BEGUN_AGAIN] as const;
/** The operations that make pins. */
export const PIN_MAKERS = ["gc pin", "worktree remove", "doctor keep_line", BEGUN_AGAIN] as const;
/** The operations that publish snapshots. */
export const SNAPSHOT_MAKERS = ["snapshot", BEGUN_AGAIN] as const;

/** Whether a record of one of these operations is in the log, or in HEAD. Nothing is proved. */
export function hasRecordOf(layout: Layout, operations: readonly string[]): boolean {
  const isOne = (text: string) =>
    operations.some((each) =>
      text.includes(`"operation":"${each}"`) || text.includes(`"operation": "${each}"`)
    );
  if (isOne(layout.auditHead.readFresh() ?? "")) return true;
  using log = openLog(layout);
  return log.files.some((file) => linesOf(file).some((lines) => lines.some((line) => isOne(textOf(line)))));
}

/** Whether the log was repaired: it may know nothing of before. */
export function hasBegunAgain(layout: Layout): boolean {
  return hasRecordOf(layout, [BEGUN_AGAIN]);
}

/** The snapshots that the record of a garbage collection names. */
function collectedIn(text: string): Record<"deleted" | "pruned", readonly string[]> {
  const ids = (value: unknown) => Array.isArray(value) ? value.map(String) : [];
  try {
    const parsed = JSON.parse(text);
    const { operation, details: { deleted, pruned } } = parsed.next ?? parsed;
    if (operation === "gc run") return { deleted: ids(deleted), pruned: ids(pruned) };
  } catch {
    // torn or damaged: `Chain` reports it
  }
  return { deleted: [], pruned: [] };
}

/** The checksum in a line, or in HEAD, whose record is `next`. */
function checksumIn(text: string, id: string): string | null {
  try {
    const parsed = JSON.parse(text);
    const { operation, target, details } = parsed.next ?? parsed;
    const checksum: unknown = details.descriptor_checksum;
    return operation === "snapshot" && target === id && typeof checksum === "string" ? checksum : null;
  } catch {
    return null; // torn or damaged: `Chain` reports it
  }
}
