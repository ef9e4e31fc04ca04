import { bytesOf, ITSELF } from "../../model/bytes.ts";
import { openMade, putByAnother } from "../../platform/open_made.ts";
import type { Folder } from "../../platform/platform.ts";
import { birthText, inodeText, Stat } from "../../platform/stat.ts";
import { isSystemError, unlessFailed } from "../../platform/system_error.ts";
import type { Store } from "../../repo/store.ts";
import { closeFolders } from "../../tree/close_folders.ts";
import { type OnlyThese, removeTree, type RemoveTreeOptions } from "../../tree/remove_tree.ts";
import { newStagingName, stagingInRoot } from "../staging_name.ts";
import { keepList } from "../kept_lists.ts";
import type { RestoreIntent, RootState } from "./intent.ts";
import { JOURNAL } from "./journal.ts";

/** The name of what is staged. */
export const FRESH = bytesOf("new");
const OLD = bytesOf("old");
const OWNER_MAY_CHANGE = 0o300;
/** Only the owner of a folder may set its mode and time; another user can put nothing back. */
const REFUSALS = ["EPERM", "EACCES", "EROFS"];

interface StagingPlace {
  readonly parent: Folder;
  readonly name: Uint8Array;
  readonly isInRoot: boolean;
}

/**
 * The folder that a restore works in. It must be on the worktree's file system, because entries are renamed between the two:
 * so it is in the control plane if a rename from there works, else in the payload root. SPEC 2.
 *
 * It holds `new` (what was staged, and after an exchange what it replaced), `old` (what was taken out), `strangers` (what
 * other processes wrote) and the journal.
 */
export class Staging implements Disposable {
  #fresh: Folder | undefined;
  /** The folders in it that were closed; undefined where no other user may write. */
  #closed: OnlyThese | undefined;

  private constructor(
    readonly home: Folder,
    /** What was taken out of the worktree, by its path. */
    readonly old: Folder,
    private readonly parent: Folder,
    private readonly name: Uint8Array,
    /** Whether it is in the payload root, where nothing of ours may stay. */
    readonly isInRoot: boolean,
  ) {}

  /** Makes the folder. The intent names it before it exists, so that recovery finds it. */
  static async make(store: Store, root: Folder, intent: RestoreIntent): Promise<Staging> {
    using shared = store.layout.staging.open();
    const name = bytesOf(intent.id);
    // After a kill in the probe, the intent says that this name in the payload root is ours.
    const inRoot = newStagingName();
    const before = rootState(root);
    intent.step("staging", { root_before: before }, { staging_in_root: inRoot });
    const rootName = bytesOf(inRoot);
    const isInRoot = !await keepingRoot(root, before, () => canRename(shared, name, root, rootName));
    const [parent, own] = isInRoot ? [root, rootName] : [shared, name];
    await keepingRoot(root, before, () => parent.makeFolder(own, 0o700));
    using opened = new DisposableStack();
    const home = opened.use(openMade(parent, own));
    if (isInRoot) intent.step("in root", { staging_inode: inodeOf(home), staging_born: bornOf(home) });
    home.makeFolder(OLD, 0o700);
    const staging = Staging.of(home, { parent, name: own, isInRoot });
    opened.move();
    return staging;
  }

  /** Opens the tree of this number, from 0, for what other processes wrote; makes it if it does not exist. See `PutAside`. */
  openAside(number: number): Folder {
    const name = asideName(number);
    if (!this.home.stat(name, new Stat())) this.home.makeFolder(name, 0o700);
    return this.home.openFolder(name);
  }

  /** How many of those trees there are. */
  countAside(): number {
    const there = new Stat();
    let count = 0;
    while (this.home.stat(asideName(count), there)) count++;
    return count;
  }

  /** Opens the staging of an interrupted restore; undefined if any part is missing: then nothing was staged. */
  static find(store: Store, root: Folder, intent: RestoreIntent): Staging | undefined {
    const openWhole = (parent: Folder, name: string, inRoot: boolean) =>
      unlessFailed(["ENOENT"], () => {
        using opened = new DisposableStack();
        const staging = opened.use(Staging.at(parent, bytesOf(name), inRoot));
        void staging.fresh; // throws ENOENT if it is missing
        requireOwn(store, staging, intent);
        opened.move();
        return staging;
      });
    using shared = store.layout.staging.open();
    const inRoot = stagingInRoot(intent.claims);
    // Without the inode nothing was put into it yet, and it may be any folder.
    const isKnown = intent.details.staging_inode !== undefined;
    return openWhole(shared, intent.id, false) ??
      (inRoot === undefined || !isKnown ? undefined : openWhole(root, inRoot, true));
  }

  /** Removes what an interrupted restore left of its staging. Repeatable. Without a root only in the control plane. */
  static async discard(store: Store, root: Folder | undefined, intent: RestoreIntent): Promise<void> {
    using shared = store.layout.staging.open();
    await removeTree(shared, bytesOf(intent.id));
    const inRoot = stagingInRoot(intent.claims);
    if (root === undefined || inRoot === undefined) return;
    const name = bytesOf(inRoot);
    const remove = async () => {
      using home = unlessFailed(["ENOENT", "ENOTDIR", "ELOOP"], () => root.openFolder(name));
      if (home === undefined) return;
      if (isMadeByUs(home, intent)) await removeContent(home);
      unlessFailed(["ENOENT", "ENOTEMPTY", "EEXIST"], () => root.removeFolder(name)); // what is left is not ours
    };
    await keepingRoot(root, stateToKeep(root, intent), remove);
  }

  private static at(parent: Folder, name: Uint8Array, isInRoot: boolean): Staging {
    using opened = new DisposableStack();
    const staging = Staging.of(opened.use(parent.openFolder(name)), { parent, name, isInRoot });
    opened.move();
    return staging;
  }

  private static of(home: Folder, { parent, name, isInRoot }: StagingPlace): Staging {
    using opened = new DisposableStack();
    const old = opened.use(home.openFolder(OLD));
    const staging = new Staging(home, old, opened.use(parent.openFolder(ITSELF)), name, isInRoot);
    opened.move();
    return staging;
  }

  /** Whether a folder can be moved here, by the error of a rename onto staging, which never succeeds: it is not empty. */
  canTake(parent: Folder, name: Uint8Array): boolean {
    try {
      parent.rename(name, this.parent, this.name, "replace");
    } catch (error) {
      // Any other error is the expected one, or will come again when it matters.
      if (isSystemError(error)) return error.errno !== "EXDEV";
      throw error;
    }
    return true;
  }

  /** What is staged, by its path; after an exchange what the worktree had; after an undo again what was staged. */
  get fresh(): Folder {
    return this.#fresh ??= this.home.openFolder(FRESH);
  }

  /** Whether it must be deleted, and nothing of it was deleted yet. */
  isToBeDeleted(intent: RestoreIntent): boolean {
    return this.isInRoot && !intent.has("retiring");
  }

  /**
   * Where others may write, closes every folder in it: they may hold descriptors of what the restore took out, or stand in it, and could move
   * somebody's folder there. Only these folders are deleted later. Who looks at it now sees all that came. Nothing where there is no need.
   */
  async close({ layout: { plane } }: Store): Promise<void> {
    if (!plane.isOpenToOthers) return;
    const caller = plane.owners.caller.uid;
    this.#closed = { caller, folders: await closeFolders(this.home, caller) };
  }

  /** Whether it was closed, and must be looked at again. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Ends the use of staging. It is kept for a while, because other processes may still have files of it open (SPEC 7). In
   * the payload root it is deleted at once, because nothing of ours may stay there and a rename to elsewhere fails.
   */
  async retire(store: Store, intent: RestoreIntent): Promise<void> {
    if (this.isInRoot) {
      const before = stateToKeep(this.parent, intent);
      // The last step of the removal changes the root's time: after a kill only the intent has the old time.
      if (!intent.has("retiring")) intent.step("retiring", { root_before: before });
      await keepingRoot(this.parent, before, async () => {
        await removeContent(this.home, { only: this.#closed });
        this.parent.removeFolder(this.name);
      });
      return;
    }
    if (this.#closed !== undefined) keepList(store.layout.replaced, intent.id, this.#closed.folders);
    using replaced = store.layout.replaced.open();
    this.parent.rename(this.name, replaced, this.name, "fresh");
  }

  [Symbol.dispose](): void {
    for (const folder of [this.#fresh, this.old, this.home, this.parent]) folder?.[Symbol.dispose]();
  }
}

/** The journal in it decides what happens to the caller's files, and another user may have put it there. */
function requireOwn(store: Store, { home, isInRoot }: Staging, intent: RestoreIntent): void {
  const { plane } = store.layout;
  const journal = new Stat();
  const isOwn = isInRoot ? isMadeByUs(home, intent) : plane.isOpenToOthers || // it lies in the caller's own folder
    (plane.owners.may(Stat.ofFolder(home)) && (!home.stat(JOURNAL, journal) || plane.owners.may(journal)));
  if (!isOwn) throw putByAnother(home);
}

/**
 * Whether staging in the payload root is the folder that the intent's own restore made. Who may write in the payload root may
 * give any folder in it the name of staging, and nobody but its owner can write in staging: so its inode tells. Before it has content, and when
 * it is gone, another folder can get that number, but no earlier birth time.
 */
function isMadeByUs(home: Folder, { details: { staging_born, staging_inode } }: RestoreIntent): boolean {
  return staging_inode === inodeOf(home) && (staging_born === undefined || staging_born === bornOf(home));
}

function bornOf(folder: Folder): string {
  return birthText(Stat.ofFolder(folder));
}

function inodeOf(folder: Folder): string {
  const { inoHi, inoLo } = Stat.ofFolder(folder);
  return inodeText(inoHi, inoLo);
}

/** Removes what is in an open folder, whatever its name leads to by now. */
async function removeContent(folder: Folder, options: RemoveTreeOptions = {}): Promise<void> {
  const names = folder.list();
  const all = Array.from({ length: names.count }, (_, i) => names.name(i).slice());
  for (const name of all) await removeTree(folder, name, options);
}

/** The mode and time that the root had before staging was removed. */
function stateToKeep(root: Folder, intent: RestoreIntent): RootState {
  const { root_before: before } = intent.details;
  return intent.has("retiring") && before !== undefined ? before : rootState(root);
}

function asideName(number: number): Uint8Array {
  return bytesOf(number === 0 ? "strangers" : `strangers-${number + 1}`);
}

/**
 * Tries to rename a folder: on a subvolume, a bind mount or overlayfs only that shows whether it works. It is not moved back:
 * another user could have put something else in its place.
 */
function canRename(shared: Folder, name: Uint8Array, root: Folder, probe: Uint8Array): boolean {
  shared.makeFolder(name, 0o700);
  const isMoved = unlessFailed(["EXDEV"], () => {
    shared.rename(name, root, probe, "fresh");
    return true;
  });
  if (isMoved) root.removeFolder(probe);
  else shared.removeFolder(name);
  return isMoved === true;
}

/** The state of this folder now. */
function rootState(folder: Folder): RootState {
  const stat = new Stat();
  folder.stat(ITSELF, stat);
  return { mode: stat.mode, mtime: [stat.mtimeSec, stat.mtimeNsec] };
}

/** Runs a change in a folder, even if its owner has no right to write in it, and puts its mode and time back. */
async function keepingRoot<T>(
  folder: Folder,
  before: RootState,
  change: () => T | Promise<T>,
): Promise<T> {
  if ((before.mode & OWNER_MAY_CHANGE) !== OWNER_MAY_CHANGE) {
    unlessFailed(REFUSALS, () => folder.setMode(ITSELF, before.mode | OWNER_MAY_CHANGE));
  }
  try {
    return await change();
  } finally {
    putRootBack(folder, before);
  }
}

/** Puts mode and time back if they differ. */
export function putRootBack(folder: Folder, before: RootState): void {
  const now = rootState(folder);
  if (now.mode !== before.mode) unlessFailed(REFUSALS, () => folder.setMode(ITSELF, before.mode));
  const [sec = 0, nsec = 0] = before.mtime;
  if (String(now.mtime) !== String(before.mtime)) {
    unlessFailed(REFUSALS, () => folder.setTimes(ITSELF, sec, nsec));
  }
}
