import { isJvsError, JvsError } from "../model/errors.ts";
import type { Descriptor, WorktreeConfig } from "../model/records.ts";
import type { Snapshots } from "./snapshots.ts";

const SEE_DOCTOR = "Run `jvs doctor`: it says what is left of it, and whether that can be mended.";

/** What this file needs from a store. */
export interface LineageSource {
  readonly snapshots: Pick<Snapshots, "descriptor" | "readable" | "listKnown">;
}

/**
 * The snapshot that a worktree is at (`head`), or the newest of its line (`latest`); null before the first one.
 * `E_LINEAGE_BROKEN` where the record names one that is missing.
 */
export function standsOn(
  { snapshots }: { readonly snapshots: Pick<Snapshots, "exists" | "isPruned"> },
  worktree: Pick<WorktreeConfig, "name" | "head_snapshot_id" | "latest_snapshot_id">,
  which: "head" | "latest" = "head",
): string | null {
  const id = worktree[`${which}_snapshot_id`];
  if (id === null || snapshots.exists(id) || snapshots.isPruned(id)) return id;
  const relation = which === "head" ? "stands on" : "has as its newest";
  const message = `Cannot read the snapshot that worktree "${worktree.name}" ${relation}: ${id} is missing`;
  throw new JvsError("E_LINEAGE_BROKEN", message, {
    hint: `${SEE_DOCTOR} Every other snapshot can still be restored: \`jvs history --all\` lists them.`,
    details: { worktree: worktree.name, snapshot_id: id },
  });
}

/**
 * A snapshot and its ancestors, newest first, pruned ones too, each read only when it is needed. `E_NOT_FOUND` when the
 * snapshot is missing, `E_LINEAGE_BROKEN` when an ancestor is missing or the line is a circle.
 */
export async function* ancestors(store: LineageSource, id: string): AsyncGenerator<Descriptor> {
  let descriptor = await store.snapshots.descriptor(id);
  for (;;) {
    yield descriptor;
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

/**
 * The autosaves and partial snapshots of a worktree that are not on its line, oldest first. Reads all descriptors and
 * skips damaged ones, which verify and doctor report.
 */
export async function leavesOf(
  store: LineageSource,
  worktree: Pick<WorktreeConfig, "worktree_id" | "latest_snapshot_id">,
): Promise<Descriptor[]> {
  const leaves = new Map<string, Descriptor>();
  const parents = new Map<string, string>();
  for (const id of store.snapshots.listKnown()) {
    const descriptor = await store.snapshots.readable(id);
    const parent = descriptor?.parent_snapshot_id ?? null;
    if (parent !== null && parent < id) parents.set(id, parent); // otherwise it would be a circle
    const isLeaf = descriptor?.worktree_id === worktree.worktree_id && descriptor.kind !== "manual";
    if (isLeaf) leaves.set(id, descriptor);
  }
  // An autosave that work continued from is on the line.
  let id = worktree.latest_snapshot_id ?? undefined;
  for (; id !== undefined; id = parents.get(id)) leaves.delete(id);
  return [...leaves.values()];
}

function broken(child: string, parent: string, why: string): JvsError {
  const message = `Cannot follow the line of ${child}: its parent is ${parent}, ${why}`;
  const details = { snapshot_id: child, parent_snapshot_id: parent };
  return new JvsError("E_LINEAGE_BROKEN", message, { hint: SEE_DOCTOR, details });
}
