import { DegradationList } from "../../model/degradations.ts";
import { JvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import type { Folder } from "../../platform/platform.ts";
import type { TreeTable } from "../../tree/table.ts";
import type { RepositoryContext } from "../context.ts";
import { asAllowed, isDevice } from "../payload/as_allowed.ts";
import { bringOut, willVerify } from "../payload/bring_out.ts";
import { isUnread } from "../payload/left_out.ts";

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
  /** What it holds, if the content was hashed. */
  readonly table?: TreeTable;
}

/** Refuses a snapshot that no worktree can begin with: its content was pruned, or it holds only some paths. */
export async function checkForkable({ store }: RepositoryContext, id: string): Promise<void> {
  const { kind } = await store.snapshots.descriptor(id);
  if (!store.snapshots.exists(id)) {
    throw new JvsError(
      "E_NOT_FOUND",
      `Cannot fork ${shortId(id)}: its content was pruned; only its place in the history was kept`,
      {
        hint: "Fork another snapshot; `jvs history` marks those that were pruned.",
        details: { snapshot_id: id },
      },
    );
  }
  if (kind !== "partial") return;
  throw new JvsError(
    "E_PARTIAL_SNAPSHOT",
    `Cannot fork ${shortId(id)}: it holds only some paths of a worktree`,
    {
      hint: "Fork another snapshot and restore this one's paths in that worktree.",
      details: { snapshot_id: id },
    },
  );
}

/** Makes a payload root from a snapshot, as its manifest says. */
export async function fillFromSnapshot(
  context: RepositoryContext,
  { into, name }: NewRoot,
  id: string,
  asked: boolean | undefined,
): Promise<Filled> {
  const { store } = context;
  const manifest = asAllowed(context, id, await context.store.snapshots.manifest(id, { verify: true }));
  const degradations = new DegradationList();
  const mayMakeDevices = store.snapshots.isByTrustedMaker(id);
  const wanted = (index: number) =>
    !isUnread(manifest, index) && (mayMakeDevices || !isDevice(manifest, index));
  for (let i = 1; i < manifest.count; i++) {
    if (!wanted(i)) degradations.add("unreadable", manifest.path(i), "the snapshot does not hold it");
  }
  const verify = willVerify(store, asked, manifest, wanted);
  const made = await bringOut(context, {
    snapshotId: id,
    manifest,
    wanted,
    into,
    name,
    movesOut: false,
    verify,
    action: "fork",
  });
  degradations.addAll(made.degradations);
  return { degradations, verified: verify, ...(verify ? { table: made.table } : {}) };
}
