import { bytesOf, equalBytes, textOf } from "../model/bytes.ts";
import { newUuid } from "../model/ids.ts";
import { AuditRecord, uuid } from "../model/records.ts";
import { type Infer, integer, record, SchemaMismatch } from "../model/schema.ts";
import { nowIso, randomBytes } from "../platform/clock.ts";
import { asWritten, recordHash } from "./record_hash.ts";

const { event_id: _id, timestamp: _time, prev_hash: _prev, record_hash: _hash, ...content } =
  AuditRecord.fields;

/** What is to be recorded of a change; an intent carries it from the moment the change is decided. */
export const AuditEntry = record({
  ...content,
  event_id: uuid().about("What makes it the same event when it is appended again.").optional(),
  after: integer({ min: 0 }).about("How many records there were before it: none of them can be it.")
    .optional(),
});
export type AuditEntry = Infer<typeof AuditEntry>;

/** What the first record has for its `prev_hash`. */
export const NO_HASH = "0".repeat(64);

/** The record of an entry, behind the record with the hash `prev`. */
export async function sealRecord(entry: AuditEntry, prev: string): Promise<AuditRecord> {
  const { event_id = newEventId(), after: _after, ...said } = entry;
  const unsealed = asWritten({
    event_id,
    timestamp: nowIso(),
    operation: said.operation,
    actor: said.actor,
    target: said.target,
    fencing_token: said.fencing_token,
    session_id: said.session_id,
    reason: said.reason,
    details: said.details,
    prev_hash: prev,
  });
  return { ...unsealed, record_hash: await recordHash(unsealed) };
}

/** The id of an event that has none yet. */
export function newEventId(): string {
  return newUuid(randomBytes(16));
}

/** The hash that a record should bear. */
export function hashOfRecord({ record_hash: _, ...rest }: AuditRecord): Promise<string> {
  return recordHash(rest);
}

/** A record as it stands in the log, its line end included. */
export function lineOf(record: AuditRecord): Uint8Array<ArrayBuffer> {
  return bytesOf(`${JSON.stringify(record)}\n`);
}

/** The record of a line; of a damaged one what `damaged` makes of the reason. */
export function parseLine<T>(line: Uint8Array, damaged: (why: string) => T): AuditRecord | T {
  try {
    const record = AuditRecord.check(JSON.parse(textOf(line)));
    // What JSON does not tell apart (spaces, a name twice) is an edit all the same.
    return equalBytes(lineOf(record), line) ? record : damaged("it is not written as JVS writes it");
  } catch (error) {
    return damaged(error instanceof SchemaMismatch ? `its ${error.message}` : "it is no whole JSON");
  }
}

/** Whether bytes are what an interrupted write of the line can leave: a beginning of it, or zeros instead of parts. */
export function isTorn(bytes: Uint8Array, line: Uint8Array): boolean {
  return bytes.length <= line.length && bytes.every((byte, i) => byte === 0 || byte === line[i]);
}
