import { DegradationList } from "../../model/degradations.ts";
import { FILE } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import type { Folder } from "../../platform/platform.ts";
import { selectEntries } from "../../tree/select_entries.ts";
import { at, type TreeTable } from "../../tree/table.ts";
import { isLeftOut } from "../snapshot/capture.ts";
import { damagedPayload, differingFiles } from "../snapshot/check_clone.ts";
import type { RepositoryContext } from "../context.ts";
import { engineFor } from "../repository/engine_for.ts";

/** A payload root that was filled. */
export interface Filled {
  readonly degradations: DegradationList;
  /** Whether its content was hashed. */
  readonly verified: boolean;
  /** What it holds, where each file's hash is known to be right. */
  readonly table?: TreeTable;
}

/** Refuses a snapshot that no worktree can begin with: one whose content was pruned, or that holds only some paths. */
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

/** Makes in an empty payload root what a snapshot holds, as its manifest says. */
export async function fillFromSnapshot(
  context: RepositoryContext,
  root: Folder,
  id: string,
  verify: boolean | undefined,
): Promise<Filled> {
  const { reporter, signal, store } = context;
  const manifest = await store.snapshots.manifest(id, { verify: true });
  const { table, degradations } = withoutUnread(manifest);
  const verified = verify ?? bytesIn(table) <= store.config.get("restore.verify_limit");
  using payload = store.snapshots.openPayload(id);
  const engine = await engineFor(context, store, payload);
  const result = await engine.clone({
    source: payload,
    table,
    destination: root,
    as: "worktree",
    reporter,
    signal,
  });
  const damaged = [...result.changed, ...result.unreadable].map((index) => table.path(index));
  if (verified && damaged.length === 0) damaged.push(...await differingFiles(context, root, table));
  if (damaged.length > 0) throw damagedPayload("fork", id, damaged);
  degradations.addAll(result.degradations);
  return { degradations, verified, ...(verified ? { table } : {}) };
}

/** Files that could not be read when the snapshot was made are in its manifest only. */
function withoutUnread(manifest: TreeTable): { table: TreeTable; degradations: DegradationList } {
  const degradations = new DegradationList();
  const isUnread = (index: number) => at(manifest.type, index) === FILE && isLeftOut(manifest, index);
  for (let i = 1; i < manifest.count; i++) {
    if (isUnread(i)) degradations.add("unreadable", manifest.path(i), "the snapshot does not hold it");
  }
  if (degradations.total === 0) return { table: manifest, degradations };
  return { table: selectEntries(manifest, (index) => !isUnread(index)).table, degradations };
}

function bytesIn(table: TreeTable): number {
  let bytes = 0;
  for (let i = 0; i < table.count; i++) if (at(table.type, i) === FILE) bytes += at(table.size, i);
  return bytes;
}
