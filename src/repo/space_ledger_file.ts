import type { Folder } from "../platform/platform.ts";
import { readSealed, saveSealed } from "./column_file.ts";
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

/** A sealed file (`column_file.ts`) whose columns are in the order of LEDGER_COLUMNS. */
const LEDGER = { magic: 0x4a56534c, format: 1 };

interface Head {
  readonly of: string;
  readonly counts: readonly number[];
  readonly paths: readonly (readonly [unit: number, path: string])[];
}

/** Writes the whole ledger, not durably, because it can be made again. Throws a `SystemError` if that fails. */
export async function saveLedger(folder: Folder, name: string, { ledger, of }: StoredLedger): Promise<void> {
  const columns = LEDGER_NAMES.map((each) => ledger[each]);
  const counts = columns.map(({ length }) => length);
  const head = { of, counts, paths: [...ledger.paths] } satisfies Head;
  await saveSealed(folder, name, LEDGER, head, columns);
}

/** The ledger in the bytes of a file; undefined if it is damaged or has another format. */
export function readLedgerFile(file: Uint8Array<ArrayBuffer>): Promise<StoredLedger | undefined> {
  return readSealed(file, LEDGER, ({ of, counts, paths }: Head, take) => {
    const columns = new Map<LedgerColumn, unknown>(
      LEDGER_NAMES.map((name, i) => [name, take<ArrayBufferView>(LEDGER_COLUMNS[name][1], counts[i] ?? 0)]),
    );
    return { of, ledger: ledgerOf((name) => columns.get(name), new Map(paths)) };
  });
}
