import { bytesOf, hexOf } from "../model/bytes.ts";
import { canonicalJson } from "../model/canonical_json.ts";
import { sha256 } from "../tree/sha256.ts";

/** The SHA-256, in hex, of a record's canonical JSON. SPEC 3. */
export async function recordHash(record: unknown): Promise<string> {
  return hexOf(await sha256(bytesOf(canonicalJson(record))));
}

/**
 * A record as a reader of its file will find it, which is what must be hashed: without what JSON cannot say. A missing
 * value in somebody's details, or a text cut in the middle of a character, must not fail what is being recorded.
 */
export function asWritten<T>(record: T): T {
  const text = JSON.stringify(record, (_, v: unknown) => typeof v === "string" ? v.toWellFormed() : v);
  return JSON.parse(text) as T;
}
