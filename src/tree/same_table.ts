import { equalBytes } from "../model/bytes.ts";
import { sameXattrs } from "./same_xattrs.ts";
import type { TreeColumns, TreeTable } from "./table.ts";

/** What a manifest says of an entry; what only a scan knows (inode, ctime, …) does not count. */
const KEPT: readonly (keyof TreeColumns)[] = [
  "parent",
  "type",
  "mode",
  "uid",
  "gid",
  "size",
  "mtimeSec",
  "mtimeNsec",
  "hashed",
  "hash",
  "linkGroup",
  "lost",
  "nameLength",
  "pool",
];

/** Whether the manifests of two trees are the same, entry by entry and aspect by aspect. */
export function sameTable(a: TreeTable, b: TreeTable): boolean {
  if (a.count !== b.count) return false;
  const [x, y] = [a.columns(), b.columns()];
  return KEPT.every((column) => equalBytes(rawBytes(x[column]), rawBytes(y[column]))) &&
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
