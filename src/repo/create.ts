import { bytesOf, hexOf, ITSELF } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import type { WorktreeConfig } from "../model/records.ts";
import { FORMAT_VERSION } from "../model/version.ts";
import { randomBytes } from "../platform/clock.ts";
import { callDeno } from "../platform/deno_call.ts";
import { makeOwnFolder } from "../platform/make_own.ts";
import { openPlatform } from "../platform/open_platform.ts";
import type { Folder, Platform } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { isSystemError, unlessFailed } from "../platform/system_error.ts";
import { initialConfig } from "./config.ts";
import { ControlPlane } from "./control_plane.ts";
import { repositoryAt } from "./discover.ts";
import { Layout } from "./layout.ts";
import { writeRecord } from "./record_file.ts";
import { setRoomAside } from "./reserve.ts";
import { isUnused, isUnusedFolder, UNFINISHED } from "./new_repository_place.ts";
import { openStore, type Store } from "./store.ts";
import { newWorktreeConfig, Worktrees } from "./worktrees.ts";

/** How to make a repository. */
export interface CreateOptions {
  readonly main: {
    /** `main`, a new folder, or `../X`, the folder that `X.jvs` adopts. */
    readonly path: string;
    /** Share the repository with the group of its folder; false by default. */
    readonly shared?: boolean;
  };
  /** Makes the folder `main`, with a mode as in `Folder.makeFolder`; by default a plain folder. */
  readonly makeMain?: (folder: Folder, name: Uint8Array, mode: number | undefined) => void;
  /** Adds to the control plane before it becomes visible; nothing by default. */
  readonly fill?: (control: Layout) => void;
  /** The system's by default. */
  readonly platform?: Platform;
}

const MAIN = bytesOf("main");
const WORKTREES = bytesOf("worktrees");
const PRIVATE = 0o700;
const SHARED = 0o2770;

/**
 * Makes a repository at an absolute root, which is new or empty. The control plane appears whole, by one rename. On
 * failure everything that was made is removed. When two processes do this at once, one gets `E_ALREADY_EXISTS`.
 */
export function createRepository(root: string, options: CreateOptions): Store {
  const { fill, main, makeMain = makePlain, platform = openPlatform() } = options;
  if (!isUnused(root)) throw inTheWay(root);
  const mode = main.shared ? SHARED : undefined;
  const cut = root.lastIndexOf("/");
  using above = platform.openFolder(root.slice(0, cut) || "/");
  using made = new NewFolders();
  try {
    const open = made.ensure(above, bytesOf(root.slice(cut + 1)), (...at) => makePlain(...at, mode));
    if (!isUnusedFolder(open)) throw inTheWay(root); // another one got the name meanwhile, or another process makes a repository here
    const layout = new Layout(pathIn(root.slice(0, cut), root.slice(cut + 1)), { platform });
    const inside = made.count;
    if (main.path === "main") made.ensure(open, MAIN, (...at) => makeMain(...at, mode));
    // Members who may not write in the root make worktrees too.
    if (main.shared) made.ensure(open, WORKTREES, (...at) => makePlain(...at, mode));
    const config = mainConfig(layout, open, main.path);
    const group = main.shared ? Stat.ofFolder(open).gid : undefined; // whatever group its maker is in first
    if (group !== undefined) made.giveTo(group, inside);
    const control = publish(layout, platform, open, (unfinished, folder) => {
      fillControlPlane(unfinished, folder, config, group);
      fill?.(unfinished);
    });
    return openStore(layout.root, { platform, made: control });
  } catch (error) {
    if (repositoryAt(root, { platform }) !== root) made.remove(); // else another process made its repository here
    throw withExplanation(error, root, main.path);
  }
}

/** The path of an entry: without links, but for the entry itself. */
function pathIn(folder: string, name: string): string {
  const real = callDeno("find", folder || "/", () => Deno.realPathSync(folder || "/"));
  return `${real === "/" ? "" : real}/${name}`;
}

/**
 * Folders that are opened where they are, and made if they are missing. Who may write in the folder above may exchange a new one with a link:
 * it is opened once, never through a link, and all that follows is done in the open folder.
 */
class NewFolders implements Disposable {
  private readonly all: { readonly parent: Folder; readonly name: Uint8Array; readonly folder: Folder }[] =
    [];
  private readonly opened = new DisposableStack();

  /** How many were made. */
  get count(): number {
    return this.all.length;
  }

  /** Opens a folder. If it existed, it was empty before, or another process makes a repository here now. */
  ensure(parent: Folder, name: Uint8Array, make: (folder: Folder, name: Uint8Array) => void): Folder {
    const isMade = unlessFailed(["EEXIST"], () => {
      make(parent, name);
      return true;
    });
    const folder = this.opened.use(parent.openFolder(name));
    // Who may write there may have given the name to another folder since.
    if (isMade && folder.list().count > 0) throw inTheWay(folder.path);
    if (isMade) this.all.push({ parent, name, folder });
    return folder;
  }

  /** Gives those that were made, from this number on, to a group. */
  giveTo(group: number, from: number): void {
    for (const { folder } of this.all.slice(from)) giveToGroup(folder, group, SHARED);
  }

  /** Removes those that were made, as far as they are empty. */
  remove(): void {
    for (const { parent, name } of this.all.toReversed()) {
      try {
        parent.removeFolder(name);
      } catch {
        // The folder is no longer empty, or this fails for the same reason as before: the first error is the one to report.
      }
    }
  }

  [Symbol.dispose](): void {
    this.opened[Symbol.dispose]();
  }
}

/** `group` is the one that the repository is shared with. */
function fillControlPlane(
  layout: Layout,
  root: Folder,
  main: WorktreeConfig,
  group: number | undefined,
): void {
  // Mode and group of `.jvs` come first, because those of what is made in it follow from them.
  layout.plane.make(root, group === undefined ? PRIVATE : SHARED);
  if (group !== undefined) {
    using control = layout.control.open();
    giveToGroup(control, group, SHARED);
  }
  for (const folder of [...layout.folders.slice(1), layout.worktree("main")]) {
    using parent = folder.parent.open();
    makeOwnFolder(parent, bytesOf(folder.name));
  }
  layout.formatVersion.write(`${FORMAT_VERSION}\n`);
  layout.repoId.write(`${crypto.randomUUID()}\n`);
  layout.config.write(initialConfig());
  writeRecord(layout.worktreeConfig("main"), main);
  setRoomAside(layout);
}

/** Makes the control plane in a temporary folder and moves it to its place when it is whole and durable. Gives the one that was made. */
function publish(
  layout: Layout,
  platform: Platform,
  root: Folder,
  fill: (unfinished: Layout, folder: Folder) => void,
): Stat | undefined {
  const name = `${UNFINISHED}${hexOf(randomBytes(8))}`;
  root.makeFolder(bytesOf(name), PRIVATE);
  // Who may write in the root may give its name, and that of the root, to another folder. So only what is open is changed.
  using unfinished = root.openFolder(bytesOf(name));
  if (unfinished.list().count > 0) throw inTheWay(layout.root);
  try {
    const made = new Layout(`${layout.root}/${name}`, { platform });
    fill(made, unfinished);
    platform.syncFileSystem(root); // for the folders; the files are durable already
    ControlPlane.move(unfinished, root);
    return made.plane.made;
  } finally {
    removeContent(unfinished);
    unlessFailed(["ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR"], () => root.removeFolder(bytesOf(name)));
  }
}

/** Removes the few things that are in a folder of ours. */
function removeContent(folder: Folder): void {
  const [names, stat] = [folder.list(), new Stat()];
  const all = Array.from({ length: names.count }, (_, i) => names.name(i).slice());
  for (const name of all) {
    if (!folder.stat(name, stat)) continue;
    if (stat.type !== DIR) {
      folder.removeFile(name);
      continue;
    }
    using inner = folder.openFolder(name);
    removeContent(inner);
    folder.removeFolder(name);
  }
}

function giveToGroup(folder: Folder, group: number, mode: number): void {
  const { uid, gid } = Stat.ofFolder(folder);
  if (gid === group) return;
  folder.setOwner(ITSELF, uid, group);
  folder.setMode(ITSELF, mode);
}

function mainConfig(layout: Layout, root: Folder, path: string): WorktreeConfig {
  const worktrees = new Worktrees(layout);
  const identity = { file_system: "", inode: "0" }; // until the folder is open
  const config = newWorktreeConfig({ name: "main", path, identity, snapshotId: null });
  using folder = path === "main" ? root.openFolder(MAIN) : worktrees.openRoot(config);
  return { ...config, identity: worktrees.identify(folder) };
}

function makePlain(folder: Folder, name: Uint8Array, mode: number | undefined): void {
  folder.makeFolder(name, mode);
}

function withExplanation(error: unknown, root: string, mainPath: string): unknown {
  if (isSystemError(error, "EEXIST", "ENOTEMPTY", "ELOOP", "ENOTDIR")) return inTheWay(root, error);
  if (mainPath === "main" || !isSystemError(error, "EACCES", "EPERM", "EROFS")) return error;
  const folder = quoted(root.replace(/\.jvs$/, ""));
  const why = "the folder it is in, where its history would be, cannot be written";
  return new JvsError("E_PERMISSION", `Cannot adopt ${folder}: ${why}`, {
    hint: "Adopt a folder inside it, or get the right to write beside it.",
    details: { root },
    cause: error,
  });
}

function inTheWay(root: string, cause?: unknown): JvsError {
  const message = `Cannot make a repository in ${quoted(root)}: something is there already`;
  return new JvsError("E_ALREADY_EXISTS", message, {
    hint: "Choose another name; to put a folder under version control where it is, use `jvs adopt`.",
    details: { root },
    cause,
  });
}
