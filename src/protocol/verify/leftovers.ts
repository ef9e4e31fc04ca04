import { removeClone } from "../../engine/engines.ts";
import { isProbeName } from "../../engine/probe_name.ts";
import { bytesOf, textOf } from "../../model/bytes.ts";
import { isSnapshotId } from "../../model/ids.ts";
import type { Descriptor, Finding } from "../../model/records.ts";
import { isTemporaryName } from "../../platform/temporary_file.ts";
import { hasBegunAgain, snapshotsMentioned, snapshotsRecorded } from "../../repo/audit_mentions.ts";
import { lostRecords } from "../../repo/lost_records.ts";
import { UNFINISHED } from "../../repo/new_repository_place.ts";
import type { Store } from "../../repo/store.ts";
import { removeTree } from "../../tree/remove_tree.ts";
import type { RepositoryContext } from "../context.ts";
import { listedName } from "../kept_lists.ts";
import { deleteNamed } from "../gc/sweep.ts";
import { underCollection } from "../gc/under_way.ts";
import { deleteUntold, untoldOf } from "./collected.ts";
import { finding } from "./finding.ts";
import { FROM_COPY } from "./ways_out.ts";
import { leasesWithoutWorktree } from "./leases.ts";
import { namedSnapshots } from "./named_snapshots.ts";

/** How long the id is with which the name of a payload begins that is being made. */
const ID_LENGTH = 22;

/** Something that a crash left and no open intent knows of. It does no harm, and is safe to remove. */
export interface Leftover {
  readonly what: string;
  readonly path: string;
  readonly snapshotId?: string;
  clean(): void | Promise<void>;
}

/** Finds all leftovers. Unless the caller holds every lock, they may include what another process is making just now. */
export async function leftoversOf(store: Store): Promise<Leftover[]> {
  return [
    ...await unfinishedSnapshots(store),
    ...strayProbes(store),
    ...strayStaging(store),
    ...temporaryFiles(store),
    ...emptyRecords(store),
    ...unfinishedRepositories(store),
    ...uncollected(store),
    ...await untoldCollected(store),
    ...strayLeases(store),
  ];
}

async function unfinishedSnapshots(store: Store): Promise<Leftover[]> {
  const { layout, unfinished } = store;
  return (await snapshotsWithoutMarker(store)).unfinished.map((id) => ({
    what: `the unfinished snapshot ${id}`,
    path: (unfinished.parts(id)[0] ?? layout.unfinishedPayload(id)).path,
    snapshotId: id,
    clean: () => unfinished.discard(id),
  }));
}

/** What an engine made to find out whether it works. */
function strayProbes({ layout, platform }: Store): Leftover[] {
  // Where others may write, anything may have got that name: what JVS makes there lies in the user's own folder.
  const places = layout.plane.isOpenToOthers ? [layout.staging] : [layout.control, layout.staging];
  return places.flatMap((folder) =>
    folder.names().filter(isProbeName).map((name) => ({
      what: "trying out an engine",
      path: folder.at(name).path,
      async clean() {
        using opened = folder.open();
        await removeClone(platform, opened, bytesOf(name));
      },
    }))
  );
}

/** Staging of restores. To clean it moves it to `replaced`, where it is kept for a while. SPEC 7. */
function strayStaging({ intents, layout }: Store): Leftover[] {
  // Names of intents, damaged ones too: what such an intent staged may be the only copy.
  const busy = new Set(intents.names());
  const isStray = (name: string) =>
    !busy.has(listedName(name) ?? name) && !isProbeName(name) && !isSnapshotId(name.slice(0, ID_LENGTH));
  return layout.staging.names().filter(isStray).map((name) => ({
    what: "an interrupted restore",
    path: layout.staging.at(name).path,
    clean() {
      using staging = layout.staging.open();
      using replaced = layout.replaced.open();
      staging.rename(bytesOf(name), replaced, bytesOf(name), "fresh");
    },
  }));
}

/** Folders for the record of a worktree, without that record; temporary files in them come before. */
function emptyRecords(store: Store): Leftover[] {
  return lostRecords(store).empty.map((name) => ({
    what: `a worktree "${name}" that was being made or removed`,
    path: store.layout.worktree(name).path,
    clean: () => void store.worktrees.remove(name),
  }));
}

/** Control planes that did not become a repository. */
function unfinishedRepositories({ layout, platform }: Store): Leftover[] {
  if (layout.plane.isOpenToOthers) return []; // another member may have given this name to anything
  using root = platform.openFolder(layout.root);
  const listing = root.list();
  const names = Array.from({ length: listing.count }, (_, i) => textOf(listing.name(i)));
  return names.filter((name) => name.startsWith(UNFINISHED)).map((name) => ({
    what: "an init that was interrupted",
    path: `${layout.root}/${name}`,
    async clean() {
      using root = platform.openFolder(layout.root);
      await removeTree(root, bytesOf(name));
    },
  }));
}

/** What garbage collections took out of the history and have not deleted whole. */
function uncollected(store: Store): Leftover[] {
  return store.tombstones.readable().tombstones.map((tombstone) => ({
    what: "a garbage collection that did not delete all",
    path: store.layout.tombstone(tombstone.id).path,
    clean: async () => void await deleteNamed({ store }, tombstone),
  }));
}

/** What garbage collections left whose tombstones are lost, where it is certain that they took it. */
async function untoldCollected(store: Store): Promise<Leftover[]> {
  return (await untoldOf(store)).filter(({ kept }) => kept === undefined).map((untold) => ({
    what: "a garbage collection that did not delete all",
    path: untold.paths[0]?.path ?? "",
    snapshotId: untold.id,
    clean: () => deleteUntold(store, untold),
  }));
}

function strayLeases(store: Store): Leftover[] {
  return leasesWithoutWorktree(store).map((id) => {
    const file = store.layout.lease(id);
    return {
      what: "the lease of a worktree that is gone",
      path: file.path,
      clean: () => void file.remove(),
    };
  });
}

/** Temporary files, from which control files are renamed. */
function temporaryFiles({ layout, worktrees }: Store): Leftover[] {
  const records = worktrees.names().map((name) => layout.worktree(name));
  const files = [...layout.folders, ...layout.ownFolders, ...records].flatMap((folder) =>
    folder.names().filter(isTemporaryName).map((name) => folder.at(name))
  );
  return files.map((file) => ({
    what: "a file that was being written",
    path: file.path,
    clean: () => void file.remove(),
  }));
}

/** The snapshots without a marker that no open intent knows of. */
interface WithoutMarker {
  /** They were never published, and are safe to remove. */
  readonly unfinished: string[];
  /** They were never published, and where others may write, any of them may have put there what lies in the place of the payload. */
  readonly unknown: string[];
  /**
   * They were published. The disk or a copy lost the marker, because no step of JVS removes it alone. It can be rebuilt from
   * `descriptor`, which is undefined if descriptor or payload is missing or damaged.
   */
  readonly lost: { readonly id: string; readonly descriptor: Descriptor | undefined }[];
}

/** Finds snapshots without a marker. Only those that were never published may be removed. SPEC 6. */
export async function snapshotsWithoutMarker(store: Store): Promise<WithoutMarker> {
  const ids = withoutIntent(store);
  const found: WithoutMarker = { unfinished: [], unknown: [], lost: [] };
  if (ids.length === 0) return found;
  const mentions = snapshotsMentioned(store.layout, ids);
  const { asParents, byRecords } = await namedSnapshots(store);
  const isTold = await knowsAll(store);
  for (const id of ids) {
    const whole = await store.snapshots.unmarkedDescriptor(id);
    const hasPayload = store.layout.payload(id).isThere();
    const descriptor = hasPayload && isRecorded(whole, mentions.get(id)) ? whole : undefined;
    // Steps 9 and 10 of SPEC 6 were done, and an intent that was not finished would still be there.
    const isPublished = byRecords.has(id) || asParents.has(id) || mentions.has(id) ||
      hasPayload && whole !== undefined;
    // With an audit trail that is broken, or that was, it is not certain that this one was never published.
    if (isPublished || hasPayload && !isTold) found.lost.push({ id, descriptor });
    else if (hasPayload && store.layout.plane.isOpenToOthers) found.unknown.push(id);
    else found.unfinished.push(id);
  }
  // A snapshot that another process was making at the first look has its intent or its marker by now.
  const still = new Set(withoutIntent(store));
  return {
    unfinished: found.unfinished.filter((id) => still.has(id)),
    unknown: found.unknown.filter((id) => still.has(id)),
    lost: found.lost.filter(({ id }) => still.has(id)),
  };
}

/** Reports each published snapshot without a marker, and each of which nothing is left. */
export async function checkMarkers({ store }: RepositoryContext): Promise<Finding[]> {
  const { made, madeSinceRepair, deleted } = snapshotsRecorded(store.layout); // first: what is made meanwhile is among those there are
  const kept = new Set([...store.snapshots.listKnown(), ...store.unfinished.leftovers()]);
  const gone = [...made].filter((id) => !kept.has(id) && !deleted.has(id));
  const isWhole = gone.length === 0 || (await store.audit.check()).broken === undefined;
  const { lost } = await snapshotsWithoutMarker(store);
  const unmarked = lost.map(({ id, descriptor }) => {
    const { path } = store.layout.ready(id);
    const told = `Snapshot ${id} was published, but its commit marker is missing: "${path}". `;
    const where = { path, snapshot_id: id };
    return descriptor === undefined
      ? finding("critical", "READY_MISSING", `${told}${wayBack(store, id)}`, where)
      : finding("critical", "READY_MISSING", `${told}Its descriptor and its payload are here.`, {
        ...where,
        repair: "rebuild_ready",
      });
  });
  return [...gone.map((id) => missing(id, isWhole && madeSinceRepair.has(id))), ...unmarked];
}

/** With an audit trail that is broken, or that was after the snapshot was made, the record of a garbage collection may be lost. */
function missing(id: string, isTold: boolean): Finding {
  const told = `Snapshot ${id} was made, as the audit trail says, and nothing of it is left. `;
  const unsure =
    "The trail is broken, or was since then, so a garbage collection may have deleted it. If not: ";
  return finding(
    isTold ? "critical" : "warning",
    "SNAPSHOT_MISSING",
    told + (isTold ? "" : unsure) + FROM_COPY,
    {
      snapshot_id: id,
    },
  );
}

/** Whether the audit trail knows all that happened: it is whole, and was never repaired. */
async function knowsAll({ audit, layout }: Store): Promise<boolean> {
  return !hasBegunAgain(layout) && (await audit.check()).broken === undefined;
}

function wayBack({ unfinished }: Store, id: string): string {
  const left = unfinished.parts(id).map((path) => `"${path}"`).join(", ");
  return "Its descriptor or its payload is missing too, or is not the one that was saved: bring all of it back from a " +
    `copy of the repository. What is left of it is kept: ${left}.`;
}

/**
 * Those that no open change makes and no garbage collection deletes. A pack of manifest blocks outlives its snapshot as long as
 * others use it. In this order, because a snapshot that is finished meanwhile has its marker at the last look.
 */
function withoutIntent(store: Store): string[] {
  const { intents, layout, snapshots, unfinished } = store;
  const ids = unfinished.leftovers();
  if (ids.length === 0) return ids;
  const busy = underCollection(store).union(snapshotsRecorded(layout).deleted);
  for (const { claims } of intents.list()) if (claims.snapshot_id !== undefined) busy.add(claims.snapshot_id);
  return ids.filter((id) => !busy.has(id) && !snapshots.exists(id));
}

/** Whether the audit trail has this descriptor's checksum: a changed descriptor must not get a marker. */
function isRecorded(descriptor: Descriptor | undefined, recorded: string | null = null): boolean {
  return recorded === null || recorded === descriptor?.descriptor_checksum.value;
}
