import { bytesOf } from "../../model/bytes.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { nowMs } from "../../platform/clock.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { Store } from "../../repo/store.ts";
import { removeTree } from "../../tree/remove_tree.ts";
import { keepingRoot, putRootBack, RootState, rootState } from "./root_access.ts";

const ITSELF = bytesOf(".");
const FRESH = bytesOf("new");
const OLD = bytesOf("old");
/** The step of an intent from which on staging in the payload root is being removed. */
const RETIRING = "retiring";

/** The folder that a restore works in: on the worktree's own file system, as renames must reach it. SPEC 2. */
export class Staging implements Disposable {
  /** What is staged, by its path; after an exchange what was there; after an undo again what was staged. */
  readonly fresh: Folder;
  /** What was taken out of the worktree, by its path. */
  readonly old: Folder;

  private constructor(
    readonly home: Folder,
    private readonly parent: Folder,
    private readonly name: Uint8Array,
    private readonly inRoot: boolean,
  ) {
    this.fresh = home.openFolder(FRESH);
    this.old = home.openFolder(OLD);
  }

  /** Makes the folder where a rename into the payload root works; the intent knows before anything is made there. */
  static async make(store: Store, root: Folder, intent: OpenIntent): Promise<Staging> {
    const shared = store.layout.staging.open();
    const name = bytesOf(intent.id);
    shared.makeFolder(name, 0o700);
    // Should the probe be killed, the intent says that this name in the payload root is ours.
    const inRoot = `.jvs-staging-${crypto.randomUUID()}`;
    const before = rootState(root);
    intent.step("staging", { staging_in_root: inRoot, root_before: before });
    if (await keepingRoot(root, before, () => canRename(shared, name, root, bytesOf(inRoot)))) {
      for (const part of [FRESH, OLD]) makePart(shared, name, part);
      return Staging.at(shared, name, false);
    }
    shared.removeFolder(name);
    shared[Symbol.dispose]();
    const parent = root.openFolder(ITSELF);
    await keepingRoot(root, before, () => parent.makeFolder(bytesOf(inRoot), 0o700));
    for (const part of [FRESH, OLD]) makePart(parent, bytesOf(inRoot), part);
    return Staging.at(parent, bytesOf(inRoot), true);
  }

  /**
   * The tree of this number, from 0, for what others wrote, by its path; made if need be. There are several where an undo
   * was killed and then somebody wrote to the same path again.
   */
  openStrangers(number: number): Folder {
    const name = strangersName(number);
    makeUnlessThere(this.home, name);
    return this.home.openFolder(name);
  }

  /** All of those trees that there are; the caller closes them. */
  allStrangers(): Folder[] {
    const there = new Stat();
    const found: Folder[] = [];
    while (this.home.stat(strangersName(found.length), there)) {
      found.push(this.home.openFolder(strangersName(found.length)));
    }
    return found;
  }

  /** Opens what an interrupted restore left, if it came that far. */
  static find(store: Store, root: Folder, intent: OpenIntent): Staging | undefined {
    const inRoot = intent.intent.details["staging_in_root"];
    const places: [Folder, Uint8Array][] = [[
      store.layout.staging.open(),
      bytesOf(intent.id),
    ]];
    if (typeof inRoot === "string") places.push([root.openFolder(ITSELF), bytesOf(inRoot)]);
    let found: Staging | undefined;
    for (const [index, [parent, name]] of places.entries()) {
      const staging = found === undefined ? Staging.openWhole(parent, name, index === 1) : undefined;
      found ??= staging;
      if (staging === undefined) parent[Symbol.dispose]();
    }
    return found;
  }

  /** Removes whatever an interrupted restore left of its staging; repeatable. No root: it did not come that far. */
  static async discard(store: Store, root: Folder | undefined, intent: OpenIntent): Promise<void> {
    using shared = store.layout.staging.open();
    await removeTree(shared, bytesOf(intent.id));
    const inRoot = intent.intent.details["staging_in_root"];
    if (root === undefined || typeof inRoot !== "string") return;
    await keepingRoot(root, stateToKeep(root, intent), () => removeTree(root, bytesOf(inRoot)));
  }

  /** Undoes what trying a rename did to the root, if the restore was killed just then. */
  static putRootBack(root: Folder, intent: OpenIntent): void {
    const before = intent.intent.details["root_before"];
    if (before !== undefined) putRootBack(root, RootState.check(before));
  }

  private static at(parent: Folder, name: Uint8Array, inRoot: boolean): Staging {
    return new Staging(parent.openFolder(name), parent, name, inRoot);
  }

  /** Nothing where it is missing or was killed before all of it was made: then nothing was staged either. */
  private static openWhole(parent: Folder, name: Uint8Array, inRoot: boolean): Staging | undefined {
    try {
      return Staging.at(parent, name, inRoot);
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

  /** It is in the payload root, where nothing of ours may stay. */
  get isInRoot(): boolean {
    return this.inRoot;
  }

  /**
   * Done, or undone: what others may still have open is kept for a while (SPEC 7). Where staging had to be in the payload
   * root it goes at once: what is there can be renamed nowhere else.
   */
  async retire(store: Store, intent: OpenIntent): Promise<void> {
    if (this.inRoot) {
      const before = stateToKeep(this.parent, intent);
      // Should the removal be killed, its last step has moved the root's time, and nothing else tells the old one.
      if (!isRetiring(intent)) intent.step(RETIRING, { root_before: before });
      await keepingRoot(this.parent, before, () => removeTree(this.parent, this.name));
      return;
    }
    using replaced = store.layout.replaced.open();
    this.parent.rename(this.name, replaced, this.name, "fresh");
  }

  [Symbol.dispose](): void {
    for (const folder of [this.fresh, this.old, this.home, this.parent]) folder[Symbol.dispose]();
  }
}

/** How the root was when staging was about to go; as it is now, when that was not begun. */
function stateToKeep(root: Folder, intent: OpenIntent): RootState {
  return isRetiring(intent) ? RootState.check(intent.intent.details["root_before"]) : rootState(root);
}

function isRetiring({ intent }: OpenIntent): boolean {
  return intent.steps.includes(RETIRING);
}

function strangersName(number: number): Uint8Array {
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
    if (nowMs() - (stat.ctimeSec * 1000 + stat.ctimeNsec / 1e6) > keepMs) await removeTree(replaced, name);
  }
}
