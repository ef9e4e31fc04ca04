import { DIR, FILE, SYMLINK } from "../../model/entry.ts";
import type { Descriptor, Stats } from "../../model/records.ts";
import { at, type TreeTable } from "../../tree/table.ts";
import { nowIso } from "../../platform/clock.ts";
import { advanceHead } from "./advance_head.ts";
import { capture } from "./capture.ts";
import { changedBytes } from "./changed_bytes.ts";
import { commitChange } from "../change/commit.ts";
import type { WorktreeChange, WorktreeContext } from "../change/kind.ts";
import { engineFor } from "../engine_for.ts";
import { describeTree } from "./describe_tree.ts";
import type { Look } from "../look/look.ts";
import type { snapshotSaving } from "./snapshot_saving.ts";
import { addUnseenAspects } from "./unseen_aspects.ts";

/** What a snapshot says of itself besides what it captures. */
export interface SaveOptions {
  readonly kind: Descriptor["kind"];
  readonly note: string;
  readonly tags: readonly string[];
  readonly consistency: "quiesced" | "best_effort" | "either";
  readonly skipUnreadable: boolean;
  /** The paths it is about, for one that does not hold everything. */
  readonly paths: readonly string[] | null;
  /** Moves head and latest once the snapshot exists; recovery does the same from the intent. */
  readonly movesHead: boolean;
  /** Keeps the line that is left under this name (`--branch`). */
  readonly keepLineAs: string | null;
}

/** A snapshot that exists now, and what it holds. */
export interface Saved {
  readonly descriptor: Descriptor;
  readonly table: TreeTable;
  /** The same as it was seen in the worktree, for the next look. */
  readonly seen: TreeTable;
}

/**
 * The protocol of SPEC 6, step by step. `change` has the worktree's lock, so 1 and 8 hold throughout; an error or a kill
 * at any step leaves the snapshot complete or nothing of it: `snapshot_saving.ts`.
 */
export async function saveSnapshot(
  change: WorktreeChange<typeof snapshotSaving>,
  look: Look,
  options: SaveOptions,
): Promise<Saved> {
  const { actor, store, worktree, intent } = change;

  // 1. The worktree is as it must be, and there is space for what is ours.
  warnOfMissingHead(change);
  const engine = await engineFor(change, { source: look.root });

  // 2. The intent names the snapshot, so that recovery finds whatever is left of it.
  const id = await store.snapshots.newId();
  const advance = { moves_head: options.movesHead, keep_line_as: options.keepLineAs };
  intent.step("began", { ...advance, parent: worktree.head_snapshot_id }, { snapshot_id: id });

  // 3. and 4. Clone into snapshots/<id>.tmp, hash it, and write the manifest.
  const captured = await capture(change, look, id, { ...options, engine });
  addUnseenAspects(captured.degradations, store.platform.abilities, engine.abilities);
  const { rootHash, manifestHash, isRepeated } = await describeTree(change, id, captured);

  // 5. Everything is durable before anything refers to it.
  change.reporter.begin("making it durable");
  syncPayload(change, id);

  // 6. and 7. The descriptor, under a name that nobody reads yet.
  const descriptor = await store.snapshots.sealDescriptor({
    snapshot_id: id,
    worktree_id: worktree.worktree_id,
    parent_snapshot_id: worktree.head_snapshot_id,
    created_at: nowIso(),
    note: options.note,
    tags: options.tags,
    kind: options.kind,
    paths: options.paths,
    engine: engine.name,
    consistency_level: captured.consistency,
    ignore_rules: look.rulesText,
    stats: statsOf(captured.table, isRepeated ? 0 : changedBytes(captured.earlier?.table, captured.table)),
    fencing_token: null,
    environment: null,
    meta: {},
    degradations: captured.degradations.toRecord(),
    payload_root_hash: { algo: "sha256", value: rootHash },
    manifest_hash: { algo: "sha256", value: manifestHash },
  });
  store.snapshots.writeDescriptor(descriptor);

  // 8. No other change took the worktree over: its lock is ours until the end.
  const note = { target: id, details: auditDetails(descriptor, worktree.name) };
  await commitChange(change, note, {
    // 9. to 11. Payload, descriptor, READY: with READY the snapshot exists. Then head and latest move.
    commit: () => {
      store.snapshots.publishPayload(id);
      store.snapshots.publishDescriptor(id);
      store.snapshots.writeReady(descriptor);
      advanceHead(store, worktree, { ...advance, snapshot_id: id, actor });
    },
  }); // 12. Audit record written, intent complete.

  return { descriptor, table: captured.table, seen: captured.seen };
}

/** What is here now is saved whatever became of what was saved before. */
function warnOfMissingHead({ reporter, store: { snapshots }, worktree }: WorktreeContext): void {
  const { head_snapshot_id: head, name } = worktree;
  if (head === null || snapshots.exists(head) || snapshots.isPruned(head)) return;
  reporter.warn(
    `The snapshot that worktree "${name}" stands on, ${head}, is missing; what is here now is saved behind it all the ` +
      "same. See what is left of it with `jvs doctor`.",
  );
}

function syncPayload({ store }: WorktreeContext, id: string): void {
  using payload = store.layout.unfinishedPayload(id).open();
  store.platform.syncFileSystem(payload);
}

function auditDetails(descriptor: Descriptor, worktree: string) {
  const { snapshot_id, kind, note, tags, descriptor_checksum } = descriptor;
  return { worktree, snapshot_id, kind, note, tags, descriptor_checksum: descriptor_checksum.value };
}

function statsOf(table: TreeTable, changed: number): Stats {
  const stats = { files: 0, directories: 0, symlinks: 0, other: 0, bytes: 0, changed_bytes: changed };
  for (let i = 1; i < table.count; i++) {
    const type = at(table.type, i);
    if (type === FILE) {
      stats.files++;
      stats.bytes += at(table.size, i);
    } else if (type === DIR) stats.directories++;
    else if (type === SYMLINK) stats.symlinks++;
    else stats.other++;
  }
  return stats;
}
