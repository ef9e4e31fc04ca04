import type { CloneRequest } from "../../engine/contract.ts";
import { DegradationList } from "../../model/degradations.ts";
import { JvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { Folder } from "../../platform/platform.ts";
import { isDevice } from "../../tree/entry_facts.ts";
import { isSameInode } from "../../tree/same_entry.ts";
import { TreeTable } from "../../tree/table.ts";
import { unreadableError } from "../../tree/unreadable.ts";
import type { RepositoryContext } from "../context.ts";
import { engineFor, makeWorktreeRoot } from "../engine_for.ts";
import { lookAt } from "../look/look.ts";
import { scanWorktree } from "../look/scan_worktree.ts";
import { Databases } from "../snapshot/databases.ts";
import { requireSignature } from "../signing/require_signature.ts";
import { asAllowed, isUnread } from "../payload/as_allowed.ts";
import { bringOut, willVerify } from "../payload/bring_out.ts";
import type { Made } from "../payload/read_facts.ts";
import { changedBetween } from "./payload_roots.ts";

/** Where to make a payload root. */
export interface NewRoot {
  readonly into: Folder;
  readonly name: Uint8Array;
}

/** A payload root that was filled. */
export interface Filled {
  readonly degradations: DegradationList;
  /** Whether its content was hashed and is right. */
  readonly verified: boolean;
  /** What it holds, as the snapshot says it, if it was made from one. */
  readonly made?: Made;
}

/** The snapshot that a new worktree begins with, and how it is brought out. */
export interface Beginning {
  readonly id: string;
  /** What the user asked for, as messages say it: `fork`. */
  readonly action: string;
  /** Whether its content is hashed before the worktree becomes visible; by default if it is not too much. SPEC 7. */
  readonly verify?: boolean | undefined;
}

/** Refuses a snapshot that no worktree can begin with: its content was pruned, or it holds only some paths. */
export async function checkForkable({ store }: RepositoryContext, { action, id }: Beginning): Promise<void> {
  const descriptor = await store.snapshots.descriptor(id);
  store.snapshots.requireContent(id, action);
  await requireSignature(store, descriptor);
  if (descriptor.kind !== "partial") return;
  const state = "it holds only some paths of a worktree";
  throw new JvsError("E_PARTIAL_SNAPSHOT", `Cannot ${action} ${shortId(id)}: ${state}`, {
    hint: "Make the worktree from another snapshot, and restore this one's paths in it.",
    details: { snapshot_id: id },
  });
}

/** Makes a payload root from a snapshot, as its manifest says. */
export async function fillFromSnapshot(
  context: RepositoryContext,
  { into, name }: NewRoot,
  { action, id, verify: asked }: Beginning,
): Promise<Filled> {
  const { store } = context;
  const descriptor = await store.snapshots.descriptor(id);
  const saved = await store.snapshots.manifestOf(descriptor, { verify: true });
  const manifest = asAllowed(context, descriptor, saved);
  const degradations = new DegradationList();
  const mayMakeDevices = store.snapshots.mayGiveRights(descriptor);
  const wanted = (index: number) =>
    !isUnread(manifest, index) && (mayMakeDevices || !isDevice(manifest, index));
  for (let i = 1; i < manifest.count; i++) {
    if (!wanted(i)) degradations.add("unreadable", manifest.path(i), "the snapshot does not hold it");
  }
  const what = { snapshotId: id, manifest, wanted, action, entriesMoveOut: false };
  const verify = await willVerify(context, { ...what, asked });
  const made = await bringOut(context, { ...what, into, name, verify });
  degradations.addAll(made.degradations);
  return { degradations, verified: verify, made };
}

const NOTHING_IS_LEFT_OUT = "Change the rights: a live fork takes everything, ignored files too.";

/** Makes a payload root from what a worktree holds now, ignored files too. The caller holds that worktree's lock. */
export async function fillFromWorktree(
  context: RepositoryContext,
  { into, name }: NewRoot,
  source: WorktreeConfig,
): Promise<Filled> {
  const { reporter, signal, workers } = context;
  using look = await lookAt(context, source, { rules: null });
  const { scan, table } = look;
  // The second scan must notice every change from now on.
  await look.settle();
  const { engine } = await engineFor(context, { source: look.root, control: into });
  const makeRoot: CloneRequest["makeRoot"] = (...root) => makeWorktreeRoot(context, ...root);
  const { gaps } = scan;
  const request = {
    source: look.root,
    table,
    gaps,
    into,
    name,
    as: "worktree",
    isLook: true,
    makeRoot,
  } as const;
  await engine.settle?.(look.root, { reporter, signal });
  // What the stat cache holds must not be changed: then no database was written since.
  const databases = new Databases(look.root, scan.isKnown ? new TreeTable(0) : table, { signal });
  const held = databases.files.size > 0 ? databases : undefined;
  const result = await engine.clone({ ...request, held, reporter, signal, workers });
  const refused = [...scan.unreadable, ...result.unreadable.map((index) => table.path(index))];
  if (refused.length > 0) throw unreadableError(refused, NOTHING_IS_LEFT_OUT);
  const degradations = new DegradationList();
  degradations.addAll(scan.degradations);
  degradations.addAll(result.degradations);
  const after = await scanWorktree(look.context, look.root, { known: table });
  const reason = "it changed while it was copied, so the copy may be of any moment";
  const isSameFolder = (i: number, j: number) => isSameInode(table, i, after.table, j);
  const isExplained = databases.explainer(table, after.table, isSameFolder);
  for (const path of await changedBetween(table, after.table, isExplained)) {
    degradations.add("changed_during_capture", path, reason);
  }
  return { degradations, verified: false };
}
