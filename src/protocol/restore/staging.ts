import { bytesOf } from "../../model/bytes.ts";
import { JvsError } from "../../model/errors.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { nowMs } from "../../platform/clock.ts";
import type { Store } from "../../repo/store.ts";
import { removeTree } from "../../tree/remove_tree.ts";
import type { RestoreIntent } from "./intent.ts";
import { keepingRoot, putRootBack, type RootState, rootState } from "./root_access.ts";

const ITSELF = bytesOf(".");
/** The name of what is staged. */
export const FRESH = bytesOf("new");
const OLD = bytesOf("old");

/** The folder that a restore works in: on the worktree's own file system, as renames must reach it. SPEC 2. */
export class Staging implements Disposable {
  #fresh: Folder | undefined;

  private constructor(
    readonly home: Folder,
    /** What was taken out of the worktree, by its path. */
    readonly old: Folder,
    private readonly parent: Folder,
    private readonly name: Uint8Array,
    private readonly inRoot: boolean,
  ) {}

  /** Makes the folder where a rename into the payload root works; the intent knows before anything is made there. */
  static async make(store: Store, root: Folder, intent: RestoreIntent): Promise<Staging> {
    using shared = store.layout.staging.open();
    const name = bytesOf(intent.id);
    shared.makeFolder(name, 0o700);
    // Should the probe be killed, the intent says that this name in the payload root is ours.
    const inRoot = `.jvs-staging-${crypto.randomUUID()}`;
    const before = rootState(root);
    intent.step("staging", { root_before: before }, { staging_in_root: inRoot });
    if (await keepingRoot(root, before, () => canRename(shared, name, root, bytesOf(inRoot)))) {
      makePart(shared, name, OLD);
      return Staging.at(shared, name, false);
    }
    shared.removeFolder(name);
    await keepingRoot(root, before, () => root.makeFolder(bytesOf(inRoot), 0o700));
    makePart(root, bytesOf(inRoot), OLD);
    return Staging.at(root, bytesOf(inRoot), true);
  }

  /**
   * The tree of this number, from 0, for what others wrote, by its path; made if need be. There are several where an undo
   * was killed and then somebody wrote to the same path again.
   */
  openAside(number: number): Folder {
    const name = asideName(number);
    makeUnlessThere(this.home, name);
    return this.home.openFolder(name);
  }

  /** How many of those trees there are. */
  countAside(): number {
    const there = new Stat();
    let count = 0;
    while (this.home.stat(asideName(count), there)) count++;
    return count;
  }

  /** Opens what an interrupted restore left, if it came that far. */
  static find(store: Store, root: Folder, intent: RestoreIntent): Staging | undefined {
    using shared = store.layout.staging.open();
    const found = Staging.openWhole(store, shared, bytesOf(intent.id), false);
    const inRoot = intent.claims.staging_in_root;
    if (found !== undefined || inRoot === undefined) return found;
    return Staging.openWhole(store, root, bytesOf(inRoot), true);
  }

  /** Removes whatever an interrupted restore left of its staging; repeatable. No root: it did not come that far. */
  static async discard(store: Store, root: Folder | undefined, intent: RestoreIntent): Promise<void> {
    using shared = store.layout.staging.open();
    await removeTree(shared, bytesOf(intent.id));
    const inRoot = intent.claims.staging_in_root;
    if (root === undefined || inRoot === undefined) return;
    await keepingRoot(root, stateToKeep(root, intent), () => removeTree(root, bytesOf(inRoot)));
  }

  /** Undoes what trying a rename did to the root, if the restore was killed just then. */
  static putRootBack(root: Folder, intent: RestoreIntent): void {
    const { root_before: before } = intent.details;
    if (before !== undefined) putRootBack(root, before);
  }

  private static at(parent: Folder, name: Uint8Array, inRoot: boolean): Staging {
    using opened = new DisposableStack();
    const open = (folder: Folder, part: Uint8Array) => opened.use(folder.openFolder(part));
    const home = open(parent, name);
    const staging = new Staging(
      home,
      open(home, OLD),
      open(parent, ITSELF),
      name,
      inRoot,
    );
    opened.move();
    return staging;
  }

  /** Nothing where it is missing or was killed before all of it was made: then nothing was staged either. */
  private static openWhole(
    store: Store,
    parent: Folder,
    name: Uint8Array,
    inRoot: boolean,
  ): Staging | undefined {
    try {
      using opened = new DisposableStack();
      const staging = opened.use(Staging.at(parent, name, inRoot));
      void staging.fresh; // not there: nothing was staged
      requireOwn(store, staging.home);
      opened.move();
      return staging;
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  /**
   * Whether a folder could be moved here; nothing is moved. A plain rename onto a folder that is not empty, as this one,
   * never succeeds, and which error it gives tells.
   */
  canTake(parent: Folder, name: Uint8Array): boolean {
    try {
      parent.rename(name, this.parent, this.name, "replace");
    } catch (error) {
      // Any other is the expected one, or is met again when it matters.
      if (isSystemError(error)) return error.errno !== "EXDEV";
      throw error;
    }
    return true;
  }

  /** What is staged, by its path; after an exchange what was there; after an undo again what was staged. */
  get fresh(): Folder {
    return this.#fresh ??= this.home.openFolder(FRESH);
  }

  /** It is in the payload root, where nothing of ours may stay. */
  get isInRoot(): boolean {
    return this.inRoot;
  }

  /** It is about to be deleted, and that was not begun yet. */
  isToBeDeleted(intent: RestoreIntent): boolean {
    return this.inRoot && !intent.has("retiring");
  }

  /**
   * Done, or undone: what others may still have open is kept for a while (SPEC 7). Where staging had to be in the payload
   * root it goes at once: what is there can be renamed nowhere else.
   */
  async retire(store: Store, intent: RestoreIntent): Promise<void> {
    if (this.inRoot) {
      const before = stateToKeep(this.parent, intent);
      // Should the removal be killed, its last step has moved the root's time, and nothing else tells the old one.
      if (!intent.has("retiring")) intent.step("retiring", { root_before: before });
      await keepingRoot(this.parent, before, () => removeTree(this.parent, this.name));
      return;
    }
    using replaced = store.layout.replaced.open();
    this.parent.rename(this.name, replaced, this.name, "fresh");
  }

  [Symbol.dispose](): void {
    for (const folder of [this.#fresh, this.old, this.home, this.parent]) folder?.[Symbol.dispose]();
  }
}

/** What a journal says is done to the caller's files: another member may have put this folder in the place of theirs. */
function requireOwn({ layout }: Store, home: Folder): void {
  const stat = new Stat();
  home.stat(ITSELF, stat);
  if (layout.plane.isTrustedMaker(stat.uid)) return;
  throw new JvsError("E_PERMISSION", `Cannot use "${home.path}": another user put it there`, {
    hint: "Ask its owner what it is; JVS did not make it for you. Nothing was changed.",
    details: { path: home.path, owner: stat.uid },
  });
}

/** How the root was when staging was about to go; as it is now, when that was not begun. */
function stateToKeep(root: Folder, intent: RestoreIntent): RootState {
  const { root_before: before } = intent.details;
  return intent.has("retiring") && before !== undefined ? before : rootState(root);
}

function asideName(number: number): Uint8Array {
  return bytesOf(number === 0 ? "strangers" : `strangers-${number + 1}`);
}

function makeUnlessThere(home: Folder, name: Uint8Array): void {
  const there = new Stat();
  if (!home.stat(name, there)) home.makeFolder(name, 0o700);
}

function makePart(parent: Folder, name: Uint8Array, part: Uint8Array): void {
  using home = parent.openFolder(name);
  home.makeFolder(part, 0o700);
}

/** Tries it with the real folder: on a subvolume, a bind mount or overlayfs only the attempt tells. */
function canRename(shared: Folder, name: Uint8Array, root: Folder, probe: Uint8Array): boolean {
  try {
    shared.rename(name, root, probe, "fresh");
  } catch (error) {
    if (isSystemError(error, "EXDEV")) return false;
    throw error;
  }
  root.rename(probe, shared, name, "fresh");
  return true;
}

/** Deletes what earlier restores replaced and nobody needs any more. */
export async function removeOldReplaced(store: Store, keepMs: number): Promise<void> {
  using replaced = store.layout.replaced.open();
  const names = replaced.list();
  const stat = new Stat();
  for (let i = 0; i < names.count; i++) {
    const name = names.name(i);
    if (!replaced.stat(name, stat)) continue; // another restore removes it at this moment
    if (nowMs() - (stat.ctimeSec * 1000 + stat.ctimeNsec / 1e6) <= keepMs) continue;
    try {
      await removeTree(replaced, name);
    } catch (error) {
      // Another member's: a restore of theirs removes it.
      if (!isSystemError(error, "EACCES", "EPERM")) throw error;
    }
  }
}
