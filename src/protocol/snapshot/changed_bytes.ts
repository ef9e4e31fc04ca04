import { FILE } from "../../model/entry.ts";
import { CHANGED, compareEntries, mergeTables } from "../../tree/diff.ts";
import { at, NONE, TreeTable } from "../../tree/table.ts";

const CONTENT = CHANGED.type | CHANGED.content | CHANGED.unknown;

/** Bytes of the files that an earlier tree has not, or has with other content; of all where there was none. */
export function changedBytes(before: TreeTable | undefined, now: TreeTable): number {
  let bytes = 0;
  const count = (j: number): void => {
    const group = at(now.linkGroup, j);
    const isFurtherName = group !== NONE && group !== j;
    if (now.type[j] === FILE && !isFurtherName) bytes += at(now.size, j);
  };
  const earlier = before ?? new TreeTable(0);
  mergeTables(earlier, now, (i, j) => {
    if (j !== -1 && (i === -1 || (compareEntries(earlier, i, now, j) & CONTENT) !== 0)) count(j);
  });
  return bytes;
}
