import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { type Schema, SchemaMismatch } from "../model/schema.ts";
import { JsoncProblem, parseJsonc, type TextPlace } from "./_jsonc.ts";
import type { ControlPath } from "./control_path.ts";

const HINT =
  "Run `jvs doctor --strict` to see all that is damaged, or bring the file back from a copy of the repository.";

/**
 * The most bytes of a record, by its kind. Where others may write, all that is read takes time and memory, so none may be
 * much larger than JVS makes it. Words of users have `LONGEST_WORDS`, so that what is written can be read again.
 */
export const MOST_BYTES = {
  /** A lease takes some 800 bytes, and 6 for each character of its session at worst. */
  lease: 16 * 1024,
  /** Refs, pins, worktrees, markers, signatures, intents (every command reads those of all); also tombstones: of 256 snapshots, these have 50 KB. */
  usual: 1024 * 1024,
  /** It has the ignore rules, of 1 MB, the paths of a partial snapshot, and a hundred paths that lost something. */
  descriptor: 16 * 1024 * 1024,
  /** It names every snapshot, with reasons: some 400 bytes for each. */
  plan: 64 * 1024 * 1024,
} as const;

/**
 * The record in a file, which messages call `what`; nothing when the file does not exist. A file of more than `most` bytes
 * is `E_DESCRIPTOR_CORRUPT`, and is not read.
 */
export function readRecord<T>(
  file: ControlPath,
  schema: Schema<T>,
  what: string,
  most: number = MOST_BYTES.usual,
): T | undefined {
  return parseRecord(file, schema, what, file.readFreshOwned(most)?.text);
}

/** The record in the text of a file, if there is one; `E_DESCRIPTOR_CORRUPT` names the file, the place and the reason. */
export function parseRecord<T>(
  file: ControlPath,
  schema: Schema<T>,
  what: string,
  text: string | undefined,
  hint = HINT,
): T | undefined {
  if (text === undefined) return undefined;
  try {
    return schema.check(JSON.parse(text));
  } catch (error) {
    if (error instanceof SchemaMismatch) throw damaged(file, what, error.message, { field: error.at }, hint);
    if (error instanceof SyntaxError) {
      const [reason, place] = whyNoJson(text);
      throw damaged(file, what, reason, place, hint);
    }
    throw error;
  }
}

/** The text of a record in its file. */
export function recordText(record: unknown): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** Writes the whole file of a record, durably. */
export function writeRecord(file: ControlPath, record: unknown): void {
  file.write(recordText(record));
}

/** `E_DESCRIPTOR_CORRUPT` for a file with wrong content, with the reason. */
export function damaged(
  { path }: ControlPath,
  what: string,
  reason: string,
  details: object = {},
  hint = HINT,
): JvsError {
  return new JvsError("E_DESCRIPTOR_CORRUPT", `Cannot read ${what} in ${quoted(path)}: ${reason}`, {
    hint,
    details: { path, reason, ...details },
  });
}

/** The place in a longer text would help no person, and to find it costs time and memory that another member could want. */
const MOST_TO_EXPLAIN = 1 << 20;

/** Why a text is no JSON, and where: the message of V8 does not always have the place. */
function whyNoJson(text: string): [reason: string, place?: TextPlace] {
  if (text === "") return ["the file is empty"];
  // After a power cut, a file whose data did not reach the disk can have only zeros.
  if (!/[^\0]/.test(text)) return ["the file has nothing but zeros in it"];
  if (text.length > MOST_TO_EXPLAIN) return ["it is no whole JSON"];
  try {
    parseJsonc(text);
    return ["it has comments or commas that JSON does not allow"];
  } catch (error) {
    if (error instanceof JsoncProblem) return [error.message, error.place];
    throw error;
  }
}
