import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { type Schema, SchemaMismatch } from "../model/schema.ts";
import { JsoncProblem, parseJsonc, type TextPlace } from "./_jsonc.ts";
import type { ControlPath } from "./control_path.ts";

const HINT =
  "Run `jvs doctor --strict` to see all that is damaged, or bring the file back from a copy of the repository.";

/** The record in a file, which messages call `what`; nothing when the file does not exist. */
export function readRecord<T>(file: ControlPath, schema: Schema<T>, what: string): T | undefined {
  return parseRecord(file, schema, what, file.readFresh());
}

/** The record in the text of a file, if there is one; `E_DESCRIPTOR_CORRUPT` names the file, the place and the reason. */
export function parseRecord<T>(
  file: ControlPath,
  schema: Schema<T>,
  what: string,
  text: string | undefined,
): T | undefined {
  if (text === undefined) return undefined;
  try {
    return schema.check(JSON.parse(text));
  } catch (error) {
    if (error instanceof SchemaMismatch) throw damaged(file, what, error.message, { field: error.at });
    if (error instanceof SyntaxError) throw damaged(file, what, ...whyNoJson(text));
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

/** Why a text is no JSON, and where: the message of V8 does not always have the place. */
function whyNoJson(text: string): [reason: string, place?: TextPlace] {
  if (text === "") return ["the file is empty"];
  // After a power cut, a file whose data did not reach the disk can have only zeros.
  if (text.replaceAll("\0", "") === "") return ["the file has nothing but zeros in it"];
  try {
    parseJsonc(text);
    return ["it has comments or commas that JSON does not allow"];
  } catch (error) {
    if (error instanceof JsoncProblem) return [error.message, error.place];
    throw error;
  }
}
