import { bytesOf, equalBytes, textOf } from "../model/bytes.ts";
import type { Folder } from "../platform/platform.ts";
import { TemporaryFile } from "../platform/temporary_file.ts";
import { sha256 } from "../tree/sha256.ts";
import { joined, partsOf } from "./column_file.ts";
import {
  TABLE_COLUMNS,
  type TableColumns,
  type TableDetails,
  type TableWords,
  WrongIndex,
} from "./snapshot_columns.ts";
import { SnapshotTable } from "./snapshot_table.ts";

/** A table that is kept, and what it was true of. */
export interface StoredTable {
  readonly table: SnapshotTable;
  /** The id of the repository. */
  readonly repository: string;
  /** Names one state of it; empty if no state is certain. */
  readonly stamp: string;
}

/*
 * The file has two halves, because few readers need the second. Numbers are in the byte order of the machine, because the file
 * never leaves its host. Each part of a half begins at a multiple of 8 bytes.
 *   magic, format, bytes of the first half, 0 (32 bits each); SHA-256 of the first half; SHA-256 of the second
 *   the first half: count of rows, count of uses of tags, bytes of the head (32 bits each); the head, as JSON: repository, stamp, and the
 *     texts that rows name by a number; the columns in the order of TABLE_COLUMNS; the row of each use of a tag; its tag
 *   the second half: bytes of the notes (32 bits); when each was made; where each note ends; the notes, as UTF-8
 */
const MAGIC = 0x4a565349;
const FORMAT = 1;
const HASH_BYTES = 32;
const HASHES_AT = 16;
const HALVES_AT = HASHES_AT + 2 * HASH_BYTES;

type Head = TableWords & Omit<StoredTable, "table">;

const COLUMN_NAMES = Object.keys(TABLE_COLUMNS) as (keyof typeof TABLE_COLUMNS)[];

/** Writes the whole index, not durably, because it can be made again. Throws a `SystemError` if that fails. */
export async function saveIndex(folder: Folder, name: string, stored: StoredTable): Promise<void> {
  const halves = [joined(firstHalf(stored)), joined(await secondHalf(stored))] as const;
  const header = Uint32Array.of(MAGIC, FORMAT, halves[0].length, 0);
  const hashes = [await sha256(halves[0]), await sha256(halves[1])];
  using file = new TemporaryFile(folder, name);
  for (const part of [new Uint8Array(header.buffer), ...hashes, ...halves]) file.write(part);
  file.replace();
}

function firstHalf({ repository, stamp, table: { columns, count } }: StoredTable): ArrayBufferView[] {
  const { tag, tagRow, words } = columns;
  const head = bytesOf(JSON.stringify({ repository, stamp, ...words } satisfies Head));
  const counts = Uint32Array.of(count, tag.length, head.length);
  return [counts, head, ...COLUMN_NAMES.map((name) => columns[name]), tagRow, tag];
}

async function secondHalf({ table }: StoredTable): Promise<ArrayBufferView[]> {
  const { created, noteEnd, notes } = await table.columns.details();
  const bytes = bytesOf(notes);
  return [Uint32Array.of(bytes.length), created, noteEnd, bytes];
}

/** The index in the bytes of a file; undefined if its first half is damaged or has another format. */
export async function readIndexFile(file: Uint8Array<ArrayBuffer>): Promise<StoredTable | undefined> {
  try {
    const [magic, format, halfBytes = 0] = new Uint32Array(file.buffer, 0, 4);
    const [first, second] = [
      file.subarray(HALVES_AT, HALVES_AT + halfBytes),
      file.subarray(HALVES_AT + halfBytes),
    ];
    if (magic !== MAGIC || format !== FORMAT || !await isWhole(file, first, 0)) return undefined;
    const take = partsOf(first);
    const [count = 0, tagUses = 0, headBytes = 0] = take(Uint32Array, 3);
    const { repository, stamp, ...words }: Head = JSON.parse(textOf(take(Uint8Array, headBytes)));
    const columns = COLUMN_NAMES.map((name) => [name, take<ArrayBufferView>(TABLE_COLUMNS[name], count)]);
    const [tagRow, tag] = [take(Uint32Array, tagUses), take(Uint32Array, tagUses)];
    const details = async () => {
      if (!await isWhole(file, second, 1)) throw new WrongIndex();
      return readDetails(second, count);
    };
    const all = { ...Object.fromEntries(columns) as TableColumns, words, tagRow, tag, details };
    return { repository, stamp, table: new SnapshotTable(all) };
  } catch {
    return undefined; // it is too short
  }
}

function readDetails(half: Uint8Array<ArrayBuffer>, count: number): TableDetails {
  const take = partsOf(half);
  const [noteBytes = 0] = take(Uint32Array, 1);
  const [created, noteEnd] = [take(Float64Array, count), take(Uint32Array, count)];
  return { created, noteEnd, notes: textOf(take(Uint8Array, noteBytes)) };
}

async function isWhole(file: Uint8Array, half: Uint8Array, which: 0 | 1): Promise<boolean> {
  const at = HASHES_AT + which * HASH_BYTES;
  return equalBytes(await sha256(half), file.subarray(at, at + HASH_BYTES));
}
