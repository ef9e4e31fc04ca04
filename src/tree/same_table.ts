import { equalBytes } from "../model/bytes.ts";
import { sameXattrs } from "../model/entry.ts";
import type { ColumnName, TreeTable } from "./table.ts";

/** Columns that do not count: a manifest does not keep them. */
const NOT_IN_MANIFEST: ReadonlySet<string> = new Set<ColumnName>(
  ["ctimeSec", "ctimeNsec", "inoLo", "inoHi", "nlink", "clean", "nameStart"],
);

/** Whether the manifests of two trees list the same entries with the same aspects. */
export function sameTable(a: TreeTable, b: TreeTable): boolean {
  if (a.count !== b.count) return false;
  const columns = b.columns();
  return Object.entries(a.columns()).every(([name, column]) =>
    NOT_IN_MANIFEST.has(name) || equalBytes(rawBytes(column), rawBytes(columns[name as ColumnName]))
  ) &&
    sameValues(a.targets, b.targets, equalBytes) &&
    sameValues(a.xattrs, b.xattrs, sameXattrs) &&
    sameValues(a.devices, b.devices, (d, e) => d.major === e.major && d.minor === e.minor);
}

function rawBytes(column: ArrayBufferView): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

function sameValues<V>(a: ReadonlyMap<number, V>, b: ReadonlyMap<number, V>, same: (x: V, y: V) => boolean) {
  if (a.size !== b.size) return false;
  for (const [index, value] of a) {
    const other = b.get(index);
    if (other === undefined || !same(value, other)) return false;
  }
  return true;
}
