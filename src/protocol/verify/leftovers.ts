import { bytesOf, textOf } from "../../model/bytes.ts";
import { isTemporaryName } from "../../platform/temporary_file.ts";
import { UNFINISHED } from "../../repo/new_repository_place.ts";
import type { Store } from "../../repo/store.ts";
import { removeTree } from "../../tree/remove_tree.ts";
import { lostRecords } from "./lost_records.ts";
import { snapshotsWithoutMarker } from "./lost_markers.ts";

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
    ...strayStaging(store),
    ...temporaryFiles(store),
    ...emptyRecords(store),
    ...unfinishedRepositories(store),
  ];
}

async function unfinishedSnapshots(store: Store): Promise<Leftover[]> {
  const { snapshots, layout } = store;
  const { unfinished } = await snapshotsWithoutMarker(store);
  return unfinished.map((id) => ({
    what: `the unfinished snapshot ${id}`,
    path: (snapshots.parts(id)[0] ?? layout.unfinishedPayload(id)).path,
    snapshotId: id,
    clean: () => snapshots.discardUnfinished(id),
  }));
}

/** Staging of restores. To clean it moves it to `replaced`, where it is kept for a while. SPEC 7. */
function strayStaging({ layout }: Store): Leftover[] {
  // Names of intents, damaged ones too: what such an intent staged may be the only copy.
  const busy = new Set(layout.intents.names().map((name) => name.replace(/\.json$/, "")));
  return layout.staging.names().filter((name) => !busy.has(name)).map((name) => ({
    what: "an interrupted restore",
    path: layout.staging.at(name).path,
    clean() {
      using staging = layout.staging.open();
      using replaced = layout.replaced.open();
      staging.rename(bytesOf(name), replaced, bytesOf(name), "fresh");
    },
  }));
}

/** Folders for the record of a worktree, without that record. */
function emptyRecords(store: Store): Leftover[] {
  return lostRecords(store).empty.map((name) => ({
    what: `a worktree "${name}" that was being made or removed`,
    path: store.layout.worktree(name).path,
    clean: () => void store.worktrees.remove(name),
  }));
}

/** Control planes that did not become a repository. */
function unfinishedRepositories({ layout, platform }: Store): Leftover[] {
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

/** Temporary files, from which control files are renamed. */
function temporaryFiles({ layout, worktrees }: Store): Leftover[] {
  const records = worktrees.names().map((name) => layout.worktree(name));
  const files = [...layout.folders, ...records].flatMap((folder) =>
    folder.names().filter(isTemporaryName).map((name) => folder.at(name))
  );
  return files.map((file) => ({
    what: "a file that was being written",
    path: file.path,
    clean: () => void file.remove(),
  }));
}
