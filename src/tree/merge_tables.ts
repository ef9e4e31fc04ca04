import { compareBytes } from "../model/bytes.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import { PathWalker } from "./path_walker.ts";
import { type TreeTable } from "./table.ts";
import { at } from "./columns.ts";

/**
 * Walks two trees in step, in root-hash order. `visit` gets the index of each path in `a` and in `b`, or -1 if that tree
 * does not have it. The two roots are the same path. The walk ends when `visit` returns true. Other work gets its turn.
 */
export async function mergeTables(
  a: TreeTable,
  b: TreeTable,
  visit: (i: number, j: number) => boolean | void,
): Promise<void> {
  const compare = pathComparer(a, b);
  const slice = new TimeSlice(undefined);
  let i = 0;
  let j = 0;
  while (i < a.count || j < b.count) {
    const order = i === a.count ? 1 : j === b.count ? -1 : compare(i, j);
    if (visit(order > 0 ? -1 : i, order < 0 ? -1 : j) === true) return;
    if (order <= 0) i++;
    if (order >= 0) j++;
    if (slice.isOver()) await slice.yield();
  }
}

/** Compares the paths of two trees. In order, it mostly needs to compare only names. */
function pathComparer(a: TreeTable, b: TreeTable): (i: number, j: number) => number {
  // For each folder of `a` the folder of `b` with the same path; -1 for other entries.
  const twins = new Int32Array(a.count).fill(-1);
  const pathsOfA = new PathWalker(a);
  const pathsOfB = new PathWalker(b);
  return (i, j) => {
    const siblings = i !== 0 && j !== 0 && twins[at(a.parent, i)] === at(b.parent, j);
    const order = siblings ? a.compareName(i, b, j) : compareBytes(pathsOfA.path(i), pathsOfB.path(j));
    if (order === 0) twins[i] = j;
    return order;
  };
}
