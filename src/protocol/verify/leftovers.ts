import { bytesOf } from "../../model/bytes.ts";
import { isTemporaryName, removeDurable } from "../../platform/durable.ts";
import { namesIn } from "../../repo/names_in.ts";
import { UNFINISHED } from "../../repo/refusals.ts";
import type { Store } from "../../repo/store.ts";
import { removeTree } from "../../tree/remove_tree.ts";
import { lostRecords } from "./lost_records.ts";
import { unmarkedSnapshots } from "./unmarked.ts";

/** Something that a crash left and no open intent accounts for: in nobody's way, and safe to clean. */
export interface Leftover {
  readonly what: string;
  readonly path: string;
  readonly snapshotId?: string;
  clean(): void | Promise<void>;
}

/** All there is. What somebody is just making may be among it, unless the caller holds every lock. */
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
  const { unfinished } = await unmarkedSnapshots(store);
  return unfinished.map((id) => ({
    what: `the unfinished snapshot ${id}`,
    path: snapshots.parts(id)[0] ?? layout.unfinishedPayload(id),
    snapshotId: id,
    clean: () => snapshots.discardUnfinished(id),
  }));
}

/** What a restore took out of a worktree goes where that is kept for a while, and then with it. SPEC 7. */
function strayStaging({ layout, platform }: Store): Leftover[] {
  // What a damaged intent was about nobody knows: what it staged may be all that is left of something.
  const busy = new Set(namesIn(layout.intents).map((name) => name.replace(/\.json$/, "")));
  return namesIn(layout.staging).filter((name) => !busy.has(name)).map((name) => ({
    what: "an interrupted restore",
    path: `${layout.staging}/${name}`,
    clean() {
      using staging = platform.openFolder(layout.staging);
      using replaced = platform.openFolder(layout.replaced);
      staging.rename(bytesOf(name), replaced, bytesOf(name), "fresh");
    },
  }));
}

/** The folder of a worktree's record, made before it or not removed after it. */
function emptyRecords(store: Store): Leftover[] {
  return lostRecords(store).empty.map((name) => ({
    what: `a worktree "${name}" that was being made or removed`,
    path: store.layout.worktree(name),
    clean: () => void store.worktrees.remove(name),
  }));
}

/** Control planes of which another became the repository. */
function unfinishedRepositories({ layout, platform }: Store): Leftover[] {
  return namesIn(layout.root).filter((name) => name.startsWith(UNFINISHED)).map((name) => ({
    what: "an init that was interrupted",
    path: `${layout.root}/${name}`,
    async clean() {
      using root = platform.openFolder(layout.root);
      await removeTree(root, bytesOf(name));
    },
  }));
}

/** Control files that were being written. */
function temporaryFiles({ layout }: Store): Leftover[] {
  const records = namesIn(layout.worktrees).map((name) => layout.worktree(name));
  const paths = [...layout.folders, ...records].flatMap((
    folder,
  ) => namesIn(folder).filter(isTemporaryName).map((name) => `${folder}/${name}`));
  return paths.map((path) => ({
    what: "a file that was being written",
    path,
    clean: () => void removeDurable(path),
  }));
}
