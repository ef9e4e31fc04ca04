import { equalBytes } from "../model/bytes.ts";
import type { Xattr } from "../model/entry.ts";

/** Whether two lists of attributes are the same. Both are sorted by name, as the platform returns them. */
export function sameXattrs(a: readonly Xattr[], b: readonly Xattr[]): boolean {
  if (a === b) return true;
  return a.length === b.length && a.every((xattr, i) => {
    const other = b[i] as Xattr;
    return xattr.name === other.name && equalBytes(xattr.value, other.value);
  });
}
