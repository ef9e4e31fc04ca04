import { phase } from "../../model/progress.ts";
import type { Engine, EngineAbilities } from "../../engine/contract.ts";
import type { DegradationList } from "../../model/degradations.ts";
import { type Descriptor, snapshotId, type WorktreeConfig } from "../../model/records.ts";
import { boolean, list, nullable, oneOf, record, text } from "../../model/schema.ts";
import { nowIso } from "../../platform/clock.ts";
import type { PlatformAbilities } from "../../platform/platform.ts";
import { snapshotsMentioned } from "../../repo/audit_mentions.ts";
import { RefusedPath } from "../../repo/control_errors.ts";
import type { Store } from "../../repo/store.ts";
import { commitChange, finishDecided } from "../change/commit.ts";
import { defineChange, type DetailsOf, type WorktreeChange, type WorktreeContext } from "../change/kind.ts";
import type { Look } from "../look/look.ts";
import { privilegedIn } from "../payload/as_allowed.ts";
import type { CaptureOptions } from "./attempts.ts";
import { type Capture, capture, type NewPayload } from "./capture.ts";
import { describeTree } from "./describe_tree.ts";
import { engineToSave } from "./engine_to_save.ts";
import { useNewest } from "./share.ts";

/** Saves a snapshot. Recovery finishes a snapshot that has READY, and removes one that has not. SPEC 6. */
export const snapshotSaving = defineChange({
  operation: "snapshot",
  details: record({
    parent: nullable(snapshotId()).about("The head that it follows.").optional(),
    moves_head: boolean().optional(),
    keep_line_as: nullable(text()).about("The ref that keeps the line which the worktree leaves.").optional(),
  }),
  steps: ["began"],
  audit: record({
    worktree: text(),
    snapshot_id: snapshotId(),
    kind: oneOf("manual", "autosave", "partial"),
    note: text(),
    tags: list(text()),
    descriptor_checksum: text(),
  }),
  async recover(context, intent): Promise<void> {
    const { actor, store } = context;
    const { snapshot_id } = intent.claims;
    if (snapshot_id === undefined) return intent.complete();
    if (!store.snapshots.exists(snapshot_id)) {
      if (!wasPublished(store, snapshot_id)) await store.snapshots.discardUnfinished(snapshot_id);
      return intent.complete();
    }
    const { parent, moves_head = false, keep_line_as = null } = intent.details;
    const worktree = store.worktrees.withId(intent.worktreeId);
    // If the worktree is gone or has another head by now, the snapshot stays where it is.
    if (worktree !== undefined && worktree.head_snapshot_id === parent) {
      advanceHead(store, worktree, { snapshot_id, moves_head, keep_line_as, actor });
    }
    await finishDecided(context, intent);
  },
});

/** How to save a snapshot. */
export interface SaveOptions extends Omit<CaptureOptions, "engine"> {
  /** Only to a manual one head and latest move: autosaves and partial snapshots are leaves. */
  readonly kind: Descriptor["kind"];
  readonly note: string;
  readonly tags: readonly string[];
  /** The paths of a partial snapshot; null for everything. */
  readonly paths: readonly string[] | null;
  /** The ref that keeps the line which the worktree leaves (`--branch`). */
  readonly keepLineAs: string | null;
  /** The engine that is known to work for this worktree; it is tried out by default. */
  readonly probed?: Engine | undefined;
}

/** A snapshot that was saved. */
export type Saved = Pick<Capture, "table" | "seen"> & { readonly descriptor: Descriptor };

/**
 * Saves a snapshot by the twelve steps of SPEC 6: clone what the look saw, hash it, write manifest and descriptor, and
 * publish them. The marker READY is the last of it: with READY the snapshot exists.
 *
 * An error or a kill may interrupt it at any step. Recovery (of `snapshotSaving`) then removes all of it, or, with READY,
 * moves the head and writes the audit record. `change` has the worktree's lock, so steps 1 and 8 hold throughout.
 */
export async function saveSnapshot(
  change: WorktreeChange<typeof snapshotSaving>,
  look: Look,
  options: SaveOptions,
): Promise<Saved> {
  const { actor, store, worktree, intent } = change;

  // 1. Check the worktree.
  warnOfMissingHead(change);
  const engine = await engineToSave(change, look, options);

  // 2. The intent names the snapshot, so that recovery finds all of it.
  const id = await store.snapshots.newId();
  const advance = { moves_head: options.kind === "manual", keep_line_as: options.keepLineAs };
  intent.step("began", { ...advance, parent: worktree.head_snapshot_id }, { snapshot_id: id });

  // 3. to 7. Make all of it, under names that no other process reads. What it shares must stay until it is published.
  using newest = await useNewest(change, look);
  const made = { id, newest: newest?.id };
  const { descriptor, table, seen } = await makeSnapshot(change, look, made, { ...options, engine });

  // 8. No other change can have the worktree: we hold its lock until the end.
  const { kind, note, tags, descriptor_checksum: { value } } = descriptor;
  const details = { worktree: worktree.name, snapshot_id: id, kind, note, tags, descriptor_checksum: value };
  await commitChange(change, { target: id, details }, {
    // 9. to 11. Publish payload, descriptor, READY: with READY the snapshot exists. Then move head and latest.
    commit: () => {
      using _phase = phase(change.reporter, "publishing");
      store.snapshots.publishPayload(id);
      store.snapshots.publishDescriptor(id);
      store.snapshots.writeReady(descriptor);
      advanceHead(store, worktree, { ...advance, snapshot_id: id, actor });
    },
  }); // 12. The audit record is written, the intent is removed.

  return { descriptor, table, seen };
}

async function makeSnapshot(
  change: WorktreeContext,
  look: Look,
  made: NewPayload,
  options: SaveOptions & CaptureOptions,
): Promise<Saved> {
  const { id } = made;
  const { reporter, store, worktree: { head_snapshot_id, worktree_id } } = change;
  const { engine: { abilities, name }, kind, note, tags, paths } = options;

  // 3. and 4. Clone into snapshots/<id>.tmp, hash it, and write the manifest.
  const { consistency, degradations, earlier, table, seen } = await capture(change, look, made, options);
  addUnseenAspects(degradations, store.platform.abilities, abilities);
  const described = await describeTree(change, id, { earlier, table });

  // 5. Make it durable before anything refers to it.
  {
    using _phase = phase(reporter, "making it durable");
    using payload = store.layout.unfinishedPayload(id).open();
    store.platform.syncFileSystem(payload);
  }

  // 6. and 7. Write the descriptor.
  const descriptor = await store.snapshots.sealDescriptor({
    snapshot_id: id,
    worktree_id,
    parent_snapshot_id: head_snapshot_id,
    created_at: nowIso(),
    note,
    tags,
    kind,
    paths,
    engine: name,
    consistency_level: consistency,
    ignore_rules: look.rulesText,
    fencing_token: null,
    environment: null,
    meta: {},
    degradations: degradations.toRecord(),
    ...described,
  });
  store.snapshots.writeDescriptor(descriptor);
  if (store.layout.plane.isOpenToOthers && privilegedIn(table).length > 0) claim(change, descriptor);
  return { descriptor, table, seen };
}

/** Says who makes a snapshot that gives rights. If another user prevents it, all else is saved. */
function claim({ reporter, store }: WorktreeContext, descriptor: Descriptor): void {
  try {
    store.snapshots.claim(descriptor);
  } catch (error) {
    if (!(error instanceof RefusedPath)) throw error;
    reporter.warn(
      `${error.message}. So a restore of this snapshot will leave out its set-id bits, capabilities and devices.`,
    );
  }
}

/** The worktree is saved even if its head is missing. */
function warnOfMissingHead({ reporter, store: { snapshots }, worktree }: WorktreeContext): void {
  const { head_snapshot_id: head, name } = worktree;
  if (head === null || snapshots.isKnown(head)) return;
  reporter.warn(
    `The snapshot that worktree "${name}" stands on, ${head}, is missing; what is here now is saved behind it all the ` +
      "same. See what is left of it with `jvs doctor`.",
  );
}

/** How a new snapshot moves its worktree; its intent holds this. */
type Advance =
  & Required<Omit<DetailsOf<typeof snapshotSaving>, "parent">>
  & Record<"snapshot_id" | "actor", string>;

/** Moves head and latest of a worktree to its new snapshot. Repeatable. */
export function advanceHead(store: Store, worktree: WorktreeConfig, advance: Advance): void {
  const { snapshot_id, keep_line_as } = advance;
  if (!advance.moves_head) return;
  if (
    keep_line_as !== null && worktree.latest_snapshot_id !== null &&
    store.refs.find(keep_line_as) === undefined
  ) {
    store.refs.create({
      ref_name: keep_line_as,
      snapshot_id: worktree.latest_snapshot_id,
      created_at: nowIso(),
      created_by: advance.actor,
      note: `the line of ${worktree.name} before it branched`,
      keeps_line: true,
    });
  }
  store.worktrees.update(worktree.name, {
    base_snapshot_id: worktree.base_snapshot_id ?? snapshot_id,
    head_snapshot_id: snapshot_id,
    latest_snapshot_id: snapshot_id,
  });
}

const ALL_OF_IT = new Uint8Array();
const WHY = "nothing can see them without the C library (--allow-ffi)";

/** Adds, once for the whole tree, the aspects that this platform cannot see and so does not keep. SPEC 13. */
function addUnseenAspects(
  degradations: DegradationList,
  { exactStat, holes, xattrs }: PlatformAbilities,
  { keepsHoles }: EngineAbilities,
): void {
  if (!xattrs) {
    degradations.add("xattr", ALL_OF_IT, `extended attributes: ${WHY}`);
    degradations.add("acl", ALL_OF_IT, `access control lists: ${WHY}`);
  }
  if (!holes && !keepsHoles) degradations.add("holes", ALL_OF_IT, `holes are filled: ${WHY}`);
  if (!exactStat) degradations.add("times", ALL_OF_IT, `times finer than a millisecond: ${WHY}`);
}

/** Whether it lost its READY, which doctor reports. The audit log is read only if the last steps were begun. */
function wasPublished({ layout }: Store, id: string): boolean {
  if (!layout.payload(id).isThere() && !layout.descriptor(id).isThere()) return false;
  return snapshotsMentioned(layout, [id]).has(id);
}
