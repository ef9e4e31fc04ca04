import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { type Schema, SchemaMismatch } from "../model/schema.ts";
import { JsoncProblem, parseJsonc } from "./_jsonc.ts";
import type { ControlPath } from "./control_path.ts";

/** How messages call a record, and what helps when it is damaged. */
export interface RecordOptions {
  /** With its article: `the worktree's record`. */
  what: string;
  /** The usual advice to run doctor, by default. */
  hint?: string;
}

const HINT =
  "Run `jvs doctor --strict` to see all that is damaged, or bring the file back from a copy of the repository.";

/** The record in a file; nothing when the file does not exist, `E_DESCRIPTOR_CORRUPT` when it is damaged. */
export function readRecord<T>(
  file: ControlPath,
  schema: Schema<T>,
  options: RecordOptions,
): T | undefined {
  const content = file.readFresh();
  return content === undefined ? undefined : parseRecord(content, schema, { ...options, path: file.path });
}

/** The record in a file that is never changed. */
export function readRecordOnce<T>(
  file: ControlPath,
  schema: Schema<T>,
  options: RecordOptions,
): T | undefined {
  const content = file.readOnce();
  return content === undefined ? undefined : parseRecord(content, schema, { ...options, path: file.path });
}

/** The record in the text of a file; `E_DESCRIPTOR_CORRUPT` names the file, the place and the reason. */
export function parseRecord<T>(
  content: string,
  schema: Schema<T>,
  options: RecordOptions & { path: string },
): T {
  try {
    return schema.check(jsonOf(content));
  } catch (error) {
    if (error instanceof SchemaMismatch) throw damaged(options, error.message, { field: error.at });
    if (error instanceof Damage) throw damaged(options, error.message, error.details);
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
  { what, path, hint = HINT }: RecordOptions & { path: string },
  reason: string,
  details: Record<string, unknown> = {},
): JvsError {
  return new JvsError("E_DESCRIPTOR_CORRUPT", `Cannot read ${what} ${quoted(path)}: ${reason}`, {
    hint,
    details: { path, reason, ...details },
  });
}

class Damage extends Error {
  constructor(reason: string, readonly details: Record<string, unknown> = {}) {
    super(reason);
  }
}

function jsonOf(content: string): unknown {
  if (content === "") throw new Damage("the file is empty");
  // After a power cut, a file whose data did not reach the disk can have only zeros.
  if (content.replaceAll("\0", "") === "") throw new Damage("the file has nothing but zeros in it");
  try {
    return JSON.parse(content);
  } catch {
    throw placed(content); // the message of V8 does not always have the place
  }
}

function placed(text: string): Damage {
  try {
    parseJsonc(text);
    return new Damage("it has comments or commas that JSON does not allow");
  } catch (error) {
    if (error instanceof JsoncProblem) return new Damage(error.message, { ...error.place });
    throw error;
  }
}
