import { bytesOf, equalBytes, textOf } from "../model/bytes.ts";
import type { AuditHead, AuditRecord, HeadSignature } from "../model/records.ts";
import { nowMs } from "../platform/clock.ts";
import { Stat } from "../platform/stat.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { Chain, ChainBroken, openLog, readHead, viewLog } from "./audit_chain.ts";
import { archiveName, archivesOf, isArchiveName, linesFromEnd, LogFile } from "./audit_files.ts";
import { type AuditEntry, hashOfRecord, isTorn, lineOf, parseLine, sealRecord } from "./audit_record.ts";
import type { Layout } from "./layout.ts";
import { recordText } from "./record_file.ts";

/** The end of the log under the lock. */
export interface LogEnd {
  readonly count: number;
  readonly lastHash: string;
  readonly last: AuditRecord | null;
  /** The size of the file that is being written; 0 when it does not exist. */
  readonly size: number;
  /** The newest signature in HEAD: it stays until there is a newer one. */
  readonly signed: HeadSignature | undefined;
}

/** Signs the log up to a record; undefined where the user signs nothing, or has no key. Never throws. */
export type SignHead = (
  end: { readonly count: number; readonly hash: string },
) => Promise<HeadSignature | undefined>;

const CLOSE = "audit close";
const OPEN = "audit open";
/** What the log says of itself, beside the operations of users: where it goes on in another file, or was repaired. */
export const OF_THE_LOG = [CLOSE, OPEN, "audit repair"] as const;

/**
 * Completes the pending record and makes the log durable, so that HEAD can announce the next record.
 * `E_AUDIT_CHAIN_BROKEN` when the end is not what HEAD says. `Chain` proves what is before the end.
 */
export async function settle(layout: Layout): Promise<LogEnd> {
  const head = readHead(layout);
  const written = announcedBytes(layout, head);
  if (written === undefined) return await breakIn(layout);
  const { next, signed } = head;
  if (next === null) {
    return { count: head.count, lastHash: head.last_hash, last: null, size: syncLog(layout), signed };
  }
  const line = lineOf(next);
  if (!equalBytes(written, line)) {
    if (await hashOfRecord(next) !== next.record_hash) return await breakIn(layout);
    writeLine(layout, line, written.length);
  }
  return { count: head.count + 1, lastHash: next.record_hash, last: next, size: syncLog(layout), signed };
}

/** `E_AUDIT_CHAIN_BROKEN` when the end of the log is not what HEAD says. Writes nothing. */
export async function requireEnd(layout: Layout): Promise<void> {
  if (announcedBytes(layout, readHead(layout)) === undefined) return await breakIn(layout);
}

/**
 * Announces a record in HEAD, durably and with its signature, then adds it to the log. So a signature needs no step of its own, and no
 * kill can leave a record of a signer without one.
 */
export async function writeEntry(
  layout: Layout,
  end: LogEnd,
  entry: AuditEntry,
  sign: SignHead,
): Promise<AuditRecord> {
  const record = await sealRecord(entry, end.lastHash);
  const signed = await sign({ count: end.count + 1, hash: record.record_hash }) ?? end.signed;
  const head: AuditHead = {
    count: end.count,
    last_hash: end.lastHash,
    next: record,
    ...(signed && { signed }),
  };
  layout.auditHead.write(recordText(head));
  try {
    writeLine(layout, lineOf(record), 0);
  } catch {
    // For example a full disk. HEAD has the whole record, so it counts, and the next append completes the log.
  }
  return record;
}

/** Whether the log must continue in a new file, or was interrupted while it did. */
export function isRotationDue(end: LogEnd, mostBytes: number): boolean {
  return end.size > mostBytes || end.last?.operation === CLOSE;
}

/** Goes on in a new file: a closing record, a new name for the old file, an opening record. Each step is repeatable. */
export async function rotate(layout: Layout, end: LogEnd, actor: string, sign: SignHead): Promise<LogEnd> {
  let closed = end;
  if (closed.last?.operation !== CLOSE) {
    const file = archiveName(nowMs(), archivesOf(layout));
    await writeEntry(layout, closed, rotationEntry(CLOSE, actor, file), sign);
    closed = await settle(layout);
  }
  const file = closed.last?.details["file"];
  const isFree = isArchiveName(file) && !archivesOf(layout).some(({ name }) => name === file);
  if (!isArchiveName(file) || (closed.size > 0 && !isFree)) return await breakIn(layout);
  if (closed.size > 0) layout.auditLog.rename(file);
  await writeEntry(layout, closed, rotationEntry(OPEN, actor, file), sign);
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

/** The record of an event, if it is among the last `most` records. */
export function findEvent(layout: Layout, eventId: string, most: number): AuditRecord | undefined {
  if (most <= 0) return undefined;
  using log = openLog(layout);
  const beginning = bytesOf(`{"event_id":${JSON.stringify(eventId)},`);
  // The first piece is what follows the last line end. The log is settled, so it is empty.
  for (const bytes of linesFromEnd(log.files).take(most + 1)) {
    if (!equalBytes(bytes.subarray(0, beginning.length), beginning)) continue;
    const record = parseLine(bytes);
    if (typeof record !== "string") return record; // `Chain` reports a damaged one
  }
  return undefined;
}

/** What the log has of the line that HEAD announces: all, a part or nothing; undefined when its end is anything else. */
function announcedBytes(layout: Layout, head: AuditHead): Uint8Array | undefined {
  const line = head.next === null ? new Uint8Array() : lineOf(head.next);
  using log = openLog(layout, archivesOf(layout).slice(-1));
  const [rest = new Uint8Array(), last, before] = linesFromEnd(log.files).take(3);
  const inOpenFile = log.files.at(-1)?.path === layout.auditLog.path;
  if (isEndOf(head, last) && isTorn(rest, line) && (rest.length === 0 || inOpenFile)) return rest;
  if (rest.length === 0 && last !== undefined && isEndOf(head, before)) {
    if (equalBytes(last, line) || (inOpenFile && isTorn(last, line))) return last;
  }
  return undefined;
}

/** Whether a line is the last one that HEAD counts; for a count of 0 there must be no line. */
function isEndOf(head: AuditHead, line: Uint8Array | undefined): boolean {
  if (line === undefined || head.count === 0) return line === undefined && head.count === 0;
  return textOf(line).includes(`"record_hash":"${head.last_hash}"`);
}

/** Writes a line at the end of the log, over the `instead` bytes that an interrupted write left of it. */
export function writeLine(layout: Layout, line: Uint8Array, instead: number): void {
  const { auditLog } = layout;
  using file = unlessFailed(["ENOENT"], () => auditLog.openFile("write")) ?? auditLog.openFile("create");
  const start = Stat.ofFile(file).size - instead;
  if (instead > 0) file.truncate(start);
  file.writeAt(line, start);
}

function syncLog(layout: Layout): number {
  using log = LogFile.open(layout.auditLog);
  log?.sync();
  return log?.size ?? 0;
}

/** Follows the whole chain: it throws where it is broken. */
async function breakIn(layout: Layout): Promise<never> {
  using view = await viewLog(layout);
  for await (const _ of new Chain(layout, view).records());
  throw new ChainBroken({ file: layout.auditLog.path, line: null }, "its end is not what HEAD says");
}
