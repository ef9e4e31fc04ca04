import { hexOf } from "../model/bytes.ts";
import { unlessThrown } from "../model/errors.ts";
import type { AuditRecord } from "../model/records.ts";
import { nowIso } from "../platform/clock.ts";
import { sha256 } from "../tree/sha256.ts";
import { type Break, Chain, ChainBroken, openLog, readHead } from "./audit_chain.ts";
import { settle, type SignHead, writeEntry, writeLine } from "./audit_end.ts";
import { archivesOf, linesOf, LogFile } from "./audit_files.ts";
import { type AuditEntry, hashOfRecord, lineOf, NO_HASH } from "./audit_record.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";

/** Who repairs the log. */
export type Repairer = Pick<AuditEntry, "actor" | "session_id" | "reason">;

/**
 * Continues the log after the last record that is proved. Everything after that record, and HEAD, is copied into a new
 * folder; the record of the repair, which is returned, says what was wrong and what is in that folder. The caller holds
 * the lock of the log. A kill at any point leaves a log that is still broken and can be repaired.
 */
export async function repairLog(
  layout: Layout,
  broken: Break,
  by: Repairer,
  sign: SignHead,
): Promise<AuditRecord> {
  const { chain, head, pending } = await prove(layout);
  const behind = filesBehind(layout, chain);
  layout.audit.make(); // the folder itself may be missing
  const kept = `broken-${nowIso().replaceAll(":", "-")}`;
  const keptFiles = await keep(layout.audit.at(kept), [...behind, layout.auditHead]);
  cutBack(behind, chain);
  if (pending !== undefined) writeLine(layout, lineOf(pending), 0);
  const end = {
    count: chain.count + (pending === undefined ? 0 : 1),
    lastHash: pending?.record_hash ?? chain.lastHash,
    last: null,
    size: 0,
    // One of a record that was cut off stays too: it says that there was more.
    signed: head?.signed,
  };
  const record = await writeEntry(layout, end, {
    ...by,
    operation: "audit repair",
    target: broken.file.slice(broken.file.lastIndexOf("/") + 1),
    fencing_token: null,
    details: {
      ...broken,
      head_count: head?.count ?? null,
      proved_count: end.count,
      kept_in: kept,
      kept: keptFiles,
    },
  }, sign);
  await settle(layout);
  return record;
}

/** The part of a log that can be proved, even when HEAD is wrong. */
async function prove(layout: Layout) {
  using log = openLog(layout);
  // No log has so many records: the chain is followed as far as it goes.
  const chain = new Chain(layout, {
    files: log.files,
    head: { count: Number.MAX_SAFE_INTEGER, last_hash: NO_HASH, next: null },
  });
  try {
    for await (const _ of chain.records());
  } catch (error) {
    if (!(error instanceof ChainBroken)) throw error;
  }
  // Nothing when HEAD itself is damaged.
  const head = unlessThrown((error) => error instanceof ChainBroken, () => readHead(layout));
  const next = head?.next;
  // Whole in HEAD and missing in the log.
  const isPending = next && next.prev_hash === chain.lastHash &&
    await hashOfRecord(next) === next.record_hash;
  return { chain, head, pending: isPending ? next : undefined };
}

/** The file with the last proved line, and all later files. */
function filesBehind(layout: Layout, { last }: Chain): ControlPath[] {
  const files = [...archivesOf(layout), layout.auditLog];
  return last === undefined ? files : files.slice(files.findIndex(({ path }) => path === last.file));
}

/** Copies files into a folder beside the log, durably; returns their hashes by name. */
async function keep(folder: ControlPath, files: readonly ControlPath[]): Promise<Record<string, string>> {
  folder.make();
  const hashes: Record<string, string> = {};
  for (const place of files) {
    using file = LogFile.open(place);
    if (file === undefined) continue;
    const bytes = file.read(0, file.size);
    folder.at(place.name).write(bytes);
    hashes[place.name] = hexOf(await sha256(bytes));
  }
  return hashes;
}

/** Cuts the first of these files after the last proved line and removes the others. */
function cutBack(files: readonly ControlPath[], { last }: Chain): void {
  for (const file of files) {
    if (file.path !== last?.file) file.remove();
    else {
      using open = file.openFile("write");
      open.truncate(endOf(file, last.line));
    }
  }
}

/** Where a line of a file ends. */
function endOf(place: ControlPath, line: number): number {
  using file = LogFile.open(place);
  if (file === undefined) return 0;
  const lines = linesOf(file).flatMap((some) => some).take(line);
  return lines.reduce((sum, { length }) => sum + length, 0);
}
