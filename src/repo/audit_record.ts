import { bytesOf, equalBytes, textOf } from "../model/bytes.ts";
import { AuditRecord, uuid } from "../model/records.ts";
import { type Infer, integer, record, SchemaMismatch } from "../model/schema.ts";
import { nowIso } from "../platform/clock.ts";
import { asWritten, hashOfRead, recordHash } from "./record_hash.ts";

const { event_id: _id, timestamp: _time, prev_hash: _prev, record_hash: _hash, ...content } =
  AuditRecord.fields;

/** The content of the audit record of a change. The intent keeps it from the moment the change is decided. */
export const AuditEntry = record({
  ...content,
  event_id: uuid().about("Identifies the event when it is appended a second time.").optional(),
  after: integer({ min: 0 }).about("How many records came before the event: it is none of them.")
    .optional(),
});
export type AuditEntry = Infer<typeof AuditEntry>;

/** The `prev_hash` of the first record. */
export const NO_HASH = "0".repeat(64);

/** The record of an entry, after the record with the hash `prev`. */
export async function sealRecord(entry: AuditEntry, prev: string): Promise<AuditRecord> {
  const { event_id = crypto.randomUUID(), after: _after, ...said } = entry;
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

/** The hash that a record should have; undefined if no record can have it. */
export function hashOfRecord({ record_hash: _, ...rest }: AuditRecord): Promise<string | undefined> {
  return hashOfRead(rest);
}

/** The line of a record in the log, with its newline. */
export function lineOf(record: AuditRecord): Uint8Array<ArrayBuffer> {
  return bytesOf(`${JSON.stringify(record)}\n`);
}

/** The record of a line; for a damaged line, the reason. */
export function parseLine(line: Uint8Array): AuditRecord | string {
  try {
    const record = AuditRecord.check(JSON.parse(textOf(line)));
    // A difference that JSON ignores (spaces, a name given twice) is an edit too.
    return equalBytes(lineOf(record), line) ? record : "it is not written as JVS writes it";
  } catch (error) {
    return error instanceof SchemaMismatch ? `its ${error.message}` : "it is no whole JSON";
  }
}

/** Whether an interrupted write of the line can leave these bytes: its beginning, or zeros in place of parts. */
export function isTorn(bytes: Uint8Array, line: Uint8Array): boolean {
  return bytes.length <= line.length && bytes.every((byte, i) => byte === 0 || byte === line[i]);
}
