import { isJvsError, JvsError } from "../model/errors.ts";
import type { WorktreeConfig } from "../model/records.ts";
import type { IndexSource } from "./snapshot_index.ts";
import type { Snapshots } from "./snapshots.ts";

const SEE_DOCTOR = "Run `jvs doctor`: it says what is left of it, and whether that can be mended.";
/** So many ancestors are read before the index is, which may have to be made. */
const FEW_STEPS = 100;

/**
 * The snapshot that a worktree is at (`head`), or the newest of its line (`latest`); null before the first one.
 * `E_LINEAGE_BROKEN` where the record names one that is missing.
 */
export function standsOn(
  { snapshots }: { readonly snapshots: Pick<Snapshots, "isKnown"> },
  worktree: Pick<WorktreeConfig, "name" | "head_snapshot_id" | "latest_snapshot_id">,
  which: "head" | "latest" = "head",
): string | null {
  const id = worktree[`${which}_snapshot_id`];
  if (id === null || snapshots.isKnown(id)) return id;
  const relation = which === "head" ? "stands on" : "has as its newest";
  const message = `Cannot read the snapshot that worktree "${worktree.name}" ${relation}: ${id} is missing`;
  throw new JvsError("E_LINEAGE_BROKEN", message, {
    hint: `${SEE_DOCTOR} Every other snapshot can still be restored: \`jvs history --all\` lists them.`,
    details: { worktree: worktree.name, snapshot_id: id },
  });
}

/**
 * The ids of a snapshot and its ancestors, newest first, pruned ones too. `E_NOT_FOUND` when the snapshot is missing,
 * `E_LINEAGE_BROKEN` when an ancestor is missing or the line is a circle. The first are read one by one; a long way goes by the
 * index, and where that ends before the line does, the descriptors say why.
 */
export async function* ancestors(store: IndexSource, id: string): AsyncGenerator<string> {
  let descriptor = await store.snapshots.descriptor(id);
  for (let steps = 1;; steps++) {
    yield descriptor.snapshot_id;
    if (steps === FEW_STEPS) {
      const { table, line } = await lineByIndex(store, descriptor.snapshot_id);
      for (const row of line.rows.slice(1)) yield table.id(row);
      if (line.whole) return;
      const last = line.rows.at(-1);
      if (last !== undefined) descriptor = await store.snapshots.descriptor(table.id(last));
    }
    const { snapshot_id: child, parent_snapshot_id: parent } = descriptor;
    if (parent === null) return;
    // Ids rise, so every cycle has such a pair, and no list of visited ids is needed.
    if (parent >= child) throw broken(child, parent, "which is not older");
    try {
      descriptor = await store.snapshots.descriptor(parent);
    } catch (error) {
      throw isJvsError(error, "E_NOT_FOUND") ? broken(child, parent, "which does not exist") : error;
    }
  }
}

async function lineByIndex(store: IndexSource, id: string) {
  const { readIndex } = await import("./snapshot_index.ts"); // few lines are so long
  const table = await readIndex(store);
  const row = table.find(id);
  return { table, line: row === -1 ? { rows: new Uint32Array(), whole: false } : table.line(row) };
}

function broken(child: string, parent: string, why: string): JvsError {
  const message = `Cannot follow the line of ${child}: its parent is ${parent}, ${why}`;
  const details = { snapshot_id: child, parent_snapshot_id: parent };
  return new JvsError("E_LINEAGE_BROKEN", message, { hint: SEE_DOCTOR, details });
}
