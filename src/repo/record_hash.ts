import { bytesOf, hexOf } from "../model/bytes.ts";
import { canonicalJson } from "../model/canonical_json.ts";
import { sha256 } from "../tree/sha256.ts";

/** The SHA-256, in hex, of a record's canonical JSON. SPEC 3. */
export async function recordHash(record: unknown): Promise<string> {
  return hexOf(await sha256(bytesOf(canonicalJson(record))));
}
