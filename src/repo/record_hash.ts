import { bytesOf, hexOf } from "../model/bytes.ts";
import { isJvsError } from "../model/errors.ts";
import { canonicalJson } from "../model/canonical_json.ts";
import { sha256 } from "../tree/sha256.ts";

/** The SHA-256, in hex, of a record's canonical JSON. SPEC 3. */
export async function recordHash(record: unknown): Promise<string> {
  return hexOf(await sha256(bytesOf(canonicalJson(record))));
}

/** The same of a record that was read; undefined if JVS cannot have written it: it is nested too deeply, or has half a character. */
export async function hashOfRead(record: unknown): Promise<string | undefined> {
  try {
    return await recordHash(record);
  } catch (error) {
    if (error instanceof RangeError || isJvsError(error, "E_INTERNAL")) return undefined;
    throw error;
  }
}

/**
 * The record as its file will have it, without what JSON cannot hold: this is what must be hashed. An undefined value in
 * the details, or half a character at the end of a text, must not stop the record.
 */
export function asWritten<T>(record: T): T {
  const text = JSON.stringify(record, (_, v: unknown) => typeof v === "string" ? v.toWellFormed() : v);
  return JSON.parse(text) as T;
}
