import type { SnapshotTable } from "../../repo/snapshot_table.ts";
import type { RepositoryContext } from "../context.ts";
/** Stub. */
export interface Space {
  readonly total: number;
  freed(
    rows: { readonly deleted: ReadonlySet<number>; readonly pruned: ReadonlySet<number> },
  ): Promise<{ bytes: number; perRow: ReadonlyMap<number, number>; isExact: boolean }>;
}
/** Stub. */
export function readSpace(_c: RepositoryContext, _t: SnapshotTable): Promise<Space> {
  return Promise.resolve({
    total: 1000,
    freed: ({ deleted, pruned }) =>
      Promise.resolve({ bytes: 10 * (deleted.size + pruned.size), perRow: new Map(), isExact: false }),
  });
}
