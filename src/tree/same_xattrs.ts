import { equalBytes } from "../model/bytes.ts";
import type { Xattr } from "../model/entry.ts";

/** Whether two lists of attributes, sorted by name as the platform gives them, are the same. */
export function sameXattrs(a: readonly Xattr[], b: readonly Xattr[]): boolean {
  if (a === b) return true;
  return a.length === b.length && a.every((xattr, i) => {
    const other = b[i] as Xattr;
    return xattr.name === other.name && equalBytes(xattr.value, other.value);
  });
}
