import { bytesOf, equalBytes, textOf } from "../model/bytes.ts";
import type { Folder } from "../platform/platform.ts";
import { TemporaryFile } from "../platform/temporary_file.ts";
import { sha256 } from "../tree/sha256.ts";
import { joined, partsOf } from "./column_file.ts";
import {
  LEDGER_COLUMNS,
  LEDGER_NAMES,
  type LedgerColumn,
  ledgerOf,
  type SpaceLedger,
} from "./space_ledger.ts";

/** A ledger that is kept, and what it is of. */
export interface StoredLedger {
  readonly ledger: SpaceLedger;
  /** Names the repository, its file system and the folder of its payloads: a copy of it takes other space. */
  readonly of: string;
}

/*
 * Numbers are in the byte order of the machine, because the file never leaves its host.
 *   magic, format (32 bits each); SHA-256 of the rest
 *   the rest, each part at a multiple of 8 bytes: bytes of the head (32 bits); the head, as JSON: of, counts, paths; the columns in the
 *   order of LEDGER_COLUMNS
 */
const MAGIC = 0x4a56534c;
const FORMAT = 1;
const HASH_AT = 8;
const REST_AT = HASH_AT + 32;

interface Head {
  readonly of: string;
  readonly counts: readonly number[];
  readonly paths: readonly (readonly [unit: number, path: string])[];
}

/** Writes the whole ledger, not durably, because it can be made again. Throws a `SystemError` if that fails. */
export async function saveLedger(folder: Folder, name: string, { ledger, of }: StoredLedger): Promise<void> {
  const columns = LEDGER_NAMES.map((each) => ledger[each]);
  const counts = columns.map(({ length }) => length);
  const head = bytesOf(JSON.stringify({ of, counts, paths: [...ledger.paths] } satisfies Head));
  const rest = joined([Uint32Array.of(head.length), head, ...columns]);
  using file = new TemporaryFile(folder, name);
  file.write(new Uint8Array(Uint32Array.of(MAGIC, FORMAT).buffer));
  file.write(await sha256(rest));
  file.write(rest);
  file.replace();
}

/** The ledger in the bytes of a file; undefined if it is damaged or has another format. */
export async function readLedgerFile(file: Uint8Array<ArrayBuffer>): Promise<StoredLedger | undefined> {
  try {
    const [magic, format] = new Uint32Array(file.buffer, 0, 2);
    const rest = file.subarray(REST_AT);
    if (magic !== MAGIC || format !== FORMAT) return undefined;
    if (!equalBytes(await sha256(rest), file.subarray(HASH_AT, REST_AT))) return undefined;
    const take = partsOf(rest);
    const [headBytes = 0] = take(Uint32Array, 1);
    const { of, counts, paths }: Head = JSON.parse(textOf(take(Uint8Array, headBytes)));
    const columns = new Map<LedgerColumn, unknown>(
      LEDGER_NAMES.map((name, i) => [name, take<ArrayBufferView>(LEDGER_COLUMNS[name][1], counts[i] ?? 0)]),
    );
    return { of, ledger: ledgerOf((name) => columns.get(name), new Map(paths)) };
  } catch {
    return undefined; // it is too short
  }
}
