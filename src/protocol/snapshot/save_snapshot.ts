import { catchUp, keepUnknown } from "./catch_up.ts";
import { phase } from "../../model/progress.ts";
import type { Engine, EngineAbilities } from "../../engine/contract.ts";
import type { DegradationList } from "../../model/degradations.ts";
import { HooksRun } from "../../model/hooks.ts";
import { type Descriptor, snapshotId, type WorktreeConfig } from "../../model/records.ts";
import { boolean, list, nullable, oneOf, record, text } from "../../model/schema.ts";
import { nowIso } from "../../platform/clock.ts";
import type { PlatformAbilities } from "../../platform/platform.ts";
import { snapshotsMentioned } from "../../repo/audit_mentions.ts";
import { RefusedPath } from "../../repo/control_errors.ts";
import { KeptLine } from "../../repo/recorded_keepers.ts";
import type { Store } from "../../repo/store.ts";
import type { SigningKey } from "../../repo/signing_key.ts";
import { signDescriptor, signerOf } from "../signing/sign_snapshot.ts";
import { commitChange, finishDecided } from "../change/commit.ts";
import { defineChange, type DetailsOf, type WorktreeChange, type WorktreeContext } from "../change/kind.ts";
import { hooksOf } from "../hooks/hooks_for.ts";
import type { Look } from "../look/look.ts";
import { makeDurable } from "../make_durable.ts";
import { privilegedIn } from "../payload/as_allowed.ts";
import type { CaptureOptions } from "./attempts.ts";
import { type Capture, capture, type NewPayload } from "./capture.ts";
import { describeTree } from "./describe_tree.ts";
import { engineToSave } from "./engine_to_save.ts";
import { noteKeptLine, stillKept } from "./kept_line.ts";
import { keepLine } from "./left_line.ts";
import { useNewest } from "./share.ts";

/** Saves a snapshot. Recovery finishes a snapshot that has READY, and removes one that has not. SPEC 6. */
export const snapshotSaving = defineChange({
  operation: "snapshot",
  prepare: catchUp,
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
    kept_line: KeptLine.about("The ref that keeps the line which the worktree left.").optional(),
    hooks: HooksRun.optional(),
  }),
  async recover(context, intent): Promise<void> {
    const { actor, store } = context;
    const { snapshot_id } = intent.claims;
    if (snapshot_id === undefined) return intent.complete();
    if (!store.snapshots.exists(snapshot_id)) {
      if (!wasPublished(store, snapshot_id)) await store.unfinished.discard(snapshot_id);
      return intent.complete();
    }
    const { parent, moves_head = false, keep_line_as = null } = intent.details;
    const worktree = store.worktrees.current({ name: intent.target, worktree_id: intent.worktreeId ?? "" });
    // If the worktree is gone or has another head by now, the snapshot stays where it is.
    if (worktree !== undefined && worktree.head_snapshot_id === parent) {
      if (moves_head) await keepUnknown(context, worktree, snapshot_id);
      noteKeptLine(intent, advanceHead(store, worktree, { snapshot_id, moves_head, keep_line_as, actor }));
    } else if (keep_line_as !== null) noteKeptLine(intent, stillKept(store, intent));
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

type Made = Pick<Capture, "table" | "seen"> & { readonly descriptor: Descriptor };

/** A snapshot that was saved; the ref that keeps the line which the worktree left by it, null if there is none. */
export type Saved = Made & { readonly keptLineAs: string | null };

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
  const signer = await signerOf(change);
  const engine = await engineToSave(change, look, options);

  // 2. The intent names the snapshot, so that recovery finds all of it.
  const id = await store.unfinished.newId();
  const advance = { moves_head: options.kind === "manual", keep_line_as: options.keepLineAs };
  intent.step("began", { ...advance, parent: worktree.head_snapshot_id }, { snapshot_id: id });

  // 3. to 7. Make all of it, under names that no other process reads. What it shares must stay until it is published.
  using newest = await useNewest(change, look);
  const made = { id, newest: newest?.id };
  const { descriptor, table, seen } = await makeSnapshot(change, look, made, { ...options, engine, signer });

  // 8. No other change can have the worktree: we hold its lock until the end.
  const { kind, note, tags, descriptor_checksum: { value } } = descriptor;
  const keptLine = lineToKeep(worktree, advance);
  const ran = kind === "manual" ? hooksOf(change) : {};
  const details = {
    worktree: worktree.name,
    snapshot_id: id,
    kind,
    note,
    tags,
    descriptor_checksum: value,
    ...keptLine === null ? {} : { kept_line: keptLine },
    ...ran,
  };
  let keptLineAs: string | null = null;
  await commitChange(change, { target: id, details }, {
    // 9. to 11. Publish payload, descriptor, READY: with READY the snapshot exists. Then move head and latest.
    commit: () => {
      using _phase = phase(change.reporter, "publishing");
      store.unfinished.publishPayload(id);
      store.unfinished.publishDescriptor(id);
      store.unfinished.writeReady(descriptor);
      const kept = advanceHead(store, worktree, { ...advance, snapshot_id: id, actor });
      noteKeptLine(intent, kept);
      keptLineAs = kept?.ref_name ?? null;
    },
  }); // 12. The audit record is written, the intent is removed.

  return { descriptor, keptLineAs, table, seen };
}

async function makeSnapshot(
  change: WorktreeContext,
  look: Look,
  made: NewPayload,
  options: SaveOptions & CaptureOptions & { readonly signer: SigningKey | undefined },
): Promise<Made> {
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
    await makeDurable(change, payload);
  }

  // 6. and 7. Write the descriptor, and its signature.
  const descriptor = await store.unfinished.sealDescriptor({
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
    fencing_token: change.guard?.fencingToken ?? null,
    environment: null,
    meta: {},
    degradations: degradations.toRecord(),
    ...described,
  });
  store.unfinished.writeDescriptor(descriptor);
  if (options.signer !== undefined) await signDescriptor(change, descriptor, options.signer);
  if (store.layout.plane.isOpenToOthers && privilegedIn(table).length > 0) claim(change, descriptor);
  return { descriptor, table, seen };
}

/** Says who makes a snapshot that gives rights. If another user prevents it, all else is saved. */
function claim({ reporter, store }: WorktreeContext, descriptor: Descriptor): void {
  try {
    store.unfinished.claim(descriptor);
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

/** The line that the worktree leaves by the snapshot, and the ref that will keep it; null if it leaves none. */
function lineToKeep(
  { latest_snapshot_id: latest }: WorktreeConfig,
  { keep_line_as: ref_name }: Pick<Advance, "keep_line_as">,
): KeptLine | null {
  return ref_name === null || latest === null ? null : { ref_name, snapshot_id: latest };
}

/** Moves head and latest of a worktree to its new snapshot. Returns the ref that keeps the line which it left, if it did. Repeatable. */
function advanceHead(store: Store, worktree: WorktreeConfig, advance: Advance): KeptLine | null {
  const { actor, snapshot_id } = advance;
  if (!advance.moves_head) return null;
  const wanted = lineToKeep(worktree, advance);
  const line = wanted && { worktree: worktree.name, newest: wanted.snapshot_id };
  const kept = line && { ...wanted, ref_name: keepLine(store, line, wanted.ref_name, actor) };
  store.worktrees.update(worktree.name, {
    base_snapshot_id: worktree.base_snapshot_id ?? snapshot_id,
    head_snapshot_id: snapshot_id,
    latest_snapshot_id: snapshot_id,
  });
  return kept;
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
