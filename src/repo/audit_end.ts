import { bytesOf, equalBytes, textOf } from "../model/bytes.ts";
import type { AuditHead, AuditRecord } from "../model/records.ts";
import { nowMs } from "../platform/clock.ts";
import { type OpenFile, Stat } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { Chain, ChainBroken, openLog, readHead, viewLog } from "./audit_chain.ts";
import { archiveName, archivesOf, isArchiveName, linesFromEnd } from "./audit_files.ts";
import { type AuditEntry, hashOfRecord, isTorn, lineOf, parseLine, sealRecord } from "./audit_record.ts";
import type { Layout } from "./layout.ts";
import { recordText } from "./record_file.ts";

/** The log's end, as an append finds it under the lock. */
export interface LogEnd {
  readonly count: number;
  readonly lastHash: string;
  readonly last: AuditRecord | null;
  /** Of the file that is being written; 0 when it is not there. */
  readonly size: number;
}

const CLOSE = "audit close";
const OPEN = "audit open";

/**
 * Completes the record that is pending and makes all of the log durable, so that HEAD may go on to the next record.
 * `E_AUDIT_CHAIN_BROKEN` when the end is not what HEAD says; what is before the end is `Chain`'s to prove.
 */
export async function settle(layout: Layout): Promise<LogEnd> {
  const head = readHead(layout);
  const written = announcedBytes(layout, head);
  if (written === undefined) throw await breakIn(layout);
  const { next } = head;
  if (next === null) {
    return { count: head.count, lastHash: head.last_hash, last: null, size: syncLog(layout) };
  }
  const line = lineOf(next);
  if (!equalBytes(written, line)) {
    if (await hashOfRecord(next) !== next.record_hash) throw await breakIn(layout);
    putLine(layout, line, written.length);
  }
  return { count: head.count + 1, lastHash: next.record_hash, last: next, size: syncLog(layout) };
}

/** `E_AUDIT_CHAIN_BROKEN` when the log's end is not what HEAD says; nothing is written. */
export async function requireEnd(layout: Layout): Promise<void> {
  if (announcedBytes(layout, readHead(layout)) === undefined) throw await breakIn(layout);
}

/** Announces a record in HEAD, durably, then adds it to the log. */
export async function writeEntry(layout: Layout, end: LogEnd, entry: AuditEntry): Promise<AuditRecord> {
  const record = await sealRecord(entry, end.lastHash);
  const head: AuditHead = { count: end.count, last_hash: end.lastHash, next: record };
  layout.auditHead.write(recordText(head));
  try {
    putLine(layout, lineOf(record), 0);
  } catch {
    // A full disk or the like: HEAD has the record whole, so it counts, and the next append completes the log.
  }
  return record;
}

/** Whether the log's file is to be closed, or was just being closed. */
export function isRotationDue(end: LogEnd, mostBytes: number): boolean {
  return end.size > mostBytes || end.last?.operation === CLOSE;
}

/** Goes on in a new file: closing record, new name for the old file, opening record. Repeatable at every step. */
export async function rotate(layout: Layout, end: LogEnd, actor: string): Promise<LogEnd> {
  let closed = end;
  if (closed.last?.operation !== CLOSE) {
    const file = archiveName(nowMs(), archivesOf(layout));
    await writeEntry(layout, closed, rotationEntry(CLOSE, actor, file));
    closed = await settle(layout);
  }
  const file = closed.last?.details["file"];
  const isFree = isArchiveName(file) && !archivesOf(layout).some(({ name }) => name === file);
  if (!isArchiveName(file) || (closed.size > 0 && !isFree)) throw await breakIn(layout);
  if (closed.size > 0) layout.auditLog.rename(file);
  await writeEntry(layout, closed, rotationEntry(OPEN, actor, file));
  return await settle(layout);
}

function rotationEntry(operation: string, actor: string, file: string): AuditEntry {
  return {
    operation,
    actor,
    target: file,
    fencing_token: null,
    session_id: null,
    reason: null,
    details: { file },
  };
}

/** The record of an event, looked for among the last `most` records. */
export function findEvent(layout: Layout, eventId: string, most: number): AuditRecord | undefined {
  if (most <= 0) return undefined;
  const files = openLog(layout, archivesOf(layout));
  try {
    const beginning = bytesOf(`{"event_id":${JSON.stringify(eventId)},`);
    // The first piece is what has no line end: nothing, as the log is settled.
    for (const bytes of linesFromEnd(files).take(most + 1)) {
      if (!equalBytes(bytes.subarray(0, beginning.length), beginning)) continue;
      const record = parseLine(bytes, () => undefined);
      if (record !== undefined) return record; // a damaged one is `Chain`'s to tell
    }
    return undefined;
  } finally {
    files.forEach((file) => file[Symbol.dispose]());
  }
}

/** What the log has of the record that HEAD announces: all, a part, or nothing of it; undefined where neither is so. */
function announcedBytes(layout: Layout, head: AuditHead): Uint8Array | undefined {
  const line = head.next === null ? new Uint8Array() : lineOf(head.next);
  const files = openLog(layout, archivesOf(layout).slice(-1));
  try {
    const [rest = new Uint8Array(), last, before] = linesFromEnd(files).take(3);
    const inOpenFile = files.at(-1)?.path === layout.auditLog.path;
    if (isEndOf(head, last) && isTorn(rest, line) && (rest.length === 0 || inOpenFile)) return rest;
    if (rest.length === 0 && last !== undefined && isEndOf(head, before)) {
      if (equalBytes(last, line) || (inOpenFile && isTorn(last, line))) return last;
    }
    return undefined;
  } finally {
    files.forEach((file) => file[Symbol.dispose]());
  }
}

/** Whether a line is the last that HEAD counts; none is, where it counts none. */
function isEndOf(head: AuditHead, line: Uint8Array | undefined): boolean {
  if (line === undefined || head.count === 0) return line === undefined && head.count === 0;
  return textOf(line).includes(`"record_hash":"${head.last_hash}"`);
}

/** Puts a line at the log's end, in place of what an interrupted write left of it there. */
export function putLine(layout: Layout, line: Uint8Array, instead: number): void {
  using file = openOrMake(layout);
  const stat = new Stat();
  file.stat(stat);
  const start = stat.size - instead;
  if (instead > 0) file.truncate(start);
  file.writeAt(line, start);
}

function openOrMake({ auditLog }: Layout): OpenFile {
  try {
    return auditLog.openFile("write");
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error;
    return auditLog.openFile("create");
  }
}

function syncLog(layout: Layout): number {
  const [file] = openLog(layout, []);
  if (file === undefined) return 0;
  using log = file;
  log.sync();
  return log.size;
}

/** Where exactly the chain is broken: the whole of it is followed to say so. */
async function breakIn(layout: Layout): Promise<ChainBroken> {
  try {
    using view = await viewLog(layout);
    for await (const _ of new Chain(layout, view).records());
  } catch (error) {
    if (error instanceof ChainBroken) return error;
    throw error;
  }
  return new ChainBroken({ file: layout.auditLog.path, line: null, why: "its end is not what HEAD says" });
}
