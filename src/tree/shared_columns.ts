import { TreeTable } from "./table.ts";
import { type Column, COLUMN_KINDS, COLUMN_NAMES, type ColumnName } from "./columns.ts";

/** Columns of a table in memory that all threads see, by their names. */
export type SharedColumns = { readonly [name: string]: Column };

/** Copies of the columns that the threads need. The table's own stay as they are: its memory is not shared. */
export function sharedColumns(table: TreeTable, names: readonly ColumnName[]): SharedColumns {
  const columns = table.columns();
  return Object.fromEntries(names.map((name) => {
    const column: Column = columns[name];
    const Kind = column.constructor as new (buffer: SharedArrayBuffer) => Column;
    const shared = new Kind(new SharedArrayBuffer(column.byteLength));
    shared.set(column);
    return [name, shared];
  }));
}

/** A table over the columns of another thread; the other columns are empty. */
export function tableOver(columns: SharedColumns): TreeTable {
  const all = COLUMN_NAMES.map((name) => [name, columns[name] ?? new COLUMN_KINDS[name]()]);
  return TreeTable.fromColumns(Object.fromEntries(all));
}
