import { textOf } from "../model/bytes.ts";
import { isSnapshotId } from "../model/ids.ts";
import { openLog } from "./audit_chain.ts";
import { linesOf } from "./audit_files.ts";
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

/** The snapshots that were published, and those that a garbage collection deleted, by the records of the whole log. */
export function snapshotsRecorded(layout: Layout): { made: Set<string>; deleted: Set<string> } {
  const made = new Set<string>();
  const deleted = new Set(deletedIn(layout.auditHead.readFresh() ?? "")); // the log may not have its record yet
  using log = openLog(layout);
  for (const file of log.files) {
    for (const line of linesOf(file).flatMap((lines) => lines)) {
      const text = textOf(line);
      const [, id] = /"operation":"snapshot",.*?"target":"([^"]+)"/.exec(text) ?? [];
      if (id !== undefined && isSnapshotId(id)) made.add(id);
      if (text.includes('"operation":"gc run"')) { for (const gone of deletedIn(text)) deleted.add(gone); }
    }
  }
  return { made, deleted };
}

/** Whether the records of the whole log say that there is a worktree of this name: the last one of its making, renaming or removal. */
export function isWorktreeRecorded(layout: Layout, name: string): boolean {
  let isThere = false;
  const look = (text: string) => {
    if (!text.includes('"worktree ') || !text.includes(JSON.stringify(name))) return;
    try {
      const parsed = JSON.parse(text);
      const { operation, target, details } = parsed.next ?? parsed;
      if (operation === "worktree rename" && details.old_name === name) isThere = false;
      else if (target === name) isThere = operation !== "worktree remove";
    } catch {
      // torn or damaged: `Chain` reports it
    }
  };
  using log = openLog(layout);
  for (const file of log.files) for (const lines of linesOf(file)) lines.map(textOf).forEach(look);
  look(layout.auditHead.readFresh() ?? "");
  return isThere;
}

/** With this record the log may have begun again, and knows nothing of before. */
const BEGUN_AGAIN = "audit repair";
/** The operations after which there may be refs: after a restore, `snapshot --branch` makes one. */
export const REF_MAKERS = ["ref create", "restore", BEGUN_AGAIN] as const;
/** The operations that make pins. */
export const PIN_MAKERS = ["gc pin", "worktree remove", BEGUN_AGAIN] as const;
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

/** The snapshots that the record of a garbage collection says are gone. */
function deletedIn(text: string): string[] {
  try {
    const parsed = JSON.parse(text);
    const { operation, details: { deleted } } = parsed.next ?? parsed;
    return operation === "gc run" && Array.isArray(deleted) ? deleted.map(String) : [];
  } catch {
    return []; // torn or damaged: `Chain` reports it
  }
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
