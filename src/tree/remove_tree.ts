import { ITSELF } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { displayPath } from "../model/path_text.ts";
import { phase, type Reporter, silentReporter } from "../model/progress.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import type { Folder } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { closeFolder } from "./close_folders.ts";
import { type FolderList, folderMark } from "./folder_list.ts";
import { boundaryOf, isPlaceholder } from "./boundaries.ts";
import { OpenFolders } from "./open_folders.ts";
import { TreeTable } from "./table.ts";
import { at } from "./columns.ts";

/** How a tree is removed. */
export interface RemoveTreeOptions {
  /** Stops between two entries. Another call can remove the rest. */
  readonly signal?: AbortSignal;
  /** Gets the progress; silent by default. */
  readonly reporter?: Reporter;
  /** Where others may have put something into the tree; by default all of it is removed. */
  readonly only?: OnlyThese | undefined;
  /** Gets every entry once before anything is removed. */
  readonly seen?: ((folder: Folder, name: Uint8Array, stat: Stat) => void) | undefined;
}

/**
 * Removes nothing that the user could not have removed who put it there. A folder is closed before it is listed, and emptied only
 * if it is among `folders`: else `E_PERMISSION` names it, and nothing is removed.
 */
export interface OnlyThese {
  /** The number of the user who removes it. */
  readonly caller: number;
  readonly folders: FolderList;
}

const OWNER_RIGHTS = 0o700;

/**
 * Removes the entry `name` of a folder with everything below it; it need not exist. Links are removed, never followed.
 * Folders that are not writable for their owner are made writable. If there is a mount point or a nested subvolume
 * inside, nothing is removed and `E_PERMISSION` names it. Not atomic; repeatable.
 */
export async function removeTree(
  folder: Folder,
  name: Uint8Array,
  options: RemoveTreeOptions = {},
): Promise<void> {
  const top = new Stat();
  if (!folder.stat(name, top)) return;
  refuseMountPoint(folder, name, top, top);
  options.seen?.(folder, name, top);
  if (top.type !== DIR) return removeIfThere(() => folder.removeFile(name));
  makeUsable(folder, name, top);
  {
    using root = folder.openFolder(name);
    using removal = new Removal(root, top, options);
    await removal.findFolders();
    await removal.empty();
  }
  removeIfThere(() => folder.removeFolder(name));
}

/** The folders of one tree in a table, so that a deep tree needs neither recursion nor many open folders. */
class Removal implements Disposable {
  private readonly table = new TreeTable();
  private readonly found = new Stat();
  /** What stands for subvolumes in a btrfs snapshot, by the index of the folder that it is in. */
  private readonly placeholders: { readonly index: number; readonly name: Uint8Array }[] = [];
  /** What was found, by the index of the folder, where others may have put something into the tree. */
  private readonly marks: string[] = [];
  private readonly folders: OpenFolders;
  private readonly slice: TimeSlice;
  private readonly reporter: Reporter;
  private readonly phase: Disposable;

  private readonly only: OnlyThese | undefined;
  private readonly seen: RemoveTreeOptions["seen"];

  constructor(root: Folder, private readonly top: Stat, options: RemoveTreeOptions) {
    this.only = options.only;
    this.seen = options.seen;
    this.table.add(0, new Uint8Array(), DIR);
    this.folders = new OpenFolders(root, this.table);
    this.slice = new TimeSlice(options.signal);
    this.reporter = options.reporter ?? silentReporter;
    this.phase = phase(this.reporter, "removing");
  }

  /** Looks at everything once, to find mount points before anything is removed. */
  async findFolders(): Promise<void> {
    const { folders, table } = this;
    const waiting = [0];
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      const first = table.count;
      await this.lookInto(index, folders.get(index));
      for (let child = first; child < table.count; child++) waiting.push(child);
    }
  }

  private async lookInto(index: number, folder: Folder): Promise<void> {
    const { found, slice, table, top } = this;
    if (this.only !== undefined) {
      folder.stat(ITSELF, found);
      if (!this.only.folders.has(found)) throw notOurs(folder);
      closeFolder(folder, this.only.caller);
      folder.stat(ITSELF, found); // closing it may have given it another owner
      this.marks[index] = folderMark(found);
    }
    const names = folder.list();
    for (let i = 0; i < names.count; i++) {
      if (slice.isOver()) await slice.yield();
      const name = names.name(i);
      if (!folder.stat(name, found)) continue;
      if (isPlaceholder(found, top.devMajor, top.devMinor)) {
        this.placeholders.push({ index, name: name.slice() });
        continue;
      }
      refuseMountPoint(folder, name, found, top);
      this.seen?.(folder, name, found);
      if (found.type !== DIR) continue;
      makeUsable(folder, name, found);
      table.add(index, name, DIR);
    }
  }

  /** Removes everything but the root. It begins with the last folder, because the content of a folder was found later. */
  async empty(): Promise<void> {
    const { folders, slice, table } = this;
    // First, because one that is a mount point after all is refused: then nothing was removed.
    for (const { index, name } of this.placeholders) {
      removeIfThere(() => folders.get(index).removeFolder(name));
    }
    for (let index = table.count - 1; index >= 0; index--) {
      if (slice.isOver()) await slice.yield();
      const folder = folders.get(index);
      // A name in a folder that another user owns may lead to another folder by now.
      if (this.only !== undefined && !this.isAsFound(index, folder)) throw notOurs(folder);
      await this.removeFiles(folder);
      if (index === 0) return;
      const parent = folders.get(at(table.parent, index));
      removeIfThere(() => parent.removeFolder(table.name(index)));
    }
  }

  private isAsFound(index: number, folder: Folder): boolean {
    folder.stat(ITSELF, this.found);
    return folderMark(this.found) === this.marks[index];
  }

  private async removeFiles(folder: Folder): Promise<void> {
    const names = folder.list();
    for (let i = 0; i < names.count; i++) {
      if (this.slice.isOver()) await this.slice.yield();
      removeIfThere(() => folder.removeFile(names.name(i)));
    }
    this.reporter.advance(names.count + 1, 0);
  }

  [Symbol.dispose](): void {
    this.phase[Symbol.dispose]();
    this.folders[Symbol.dispose]();
  }
}

function refuseMountPoint(folder: Folder, name: Uint8Array, found: Stat, top: Stat): void {
  const boundary = boundaryOf(found, top.devMajor, top.devMinor);
  if (boundary === undefined) return;
  const path = `${folder.path}/${displayPath(name)}`;
  throw new JvsError("E_PERMISSION", `Cannot remove "${path}": it is a ${boundary.replace("_", " ")}`, {
    hint: "Unmount or delete it and try again: nothing was removed.",
    details: { path, boundary },
  });
}

function notOurs({ path }: Folder): JvsError {
  return new JvsError("E_PERMISSION", `Cannot remove "${path}": somebody moved it there`, {
    hint: "It may be somebody's work. Look at it, and move it away.",
    details: { path },
  });
}

function makeUsable(folder: Folder, name: Uint8Array, found: Stat): void {
  if ((found.mode & OWNER_RIGHTS) === OWNER_RIGHTS) return;
  // EPERM: the folder has another owner. Its group may still allow access; if not, opening it fails.
  unlessFailed(["EPERM"], () => folder.setMode(name, found.mode | OWNER_RIGHTS));
}

/** Removes something, unless another process has removed it already. */
function removeIfThere(remove: () => void): void {
  unlessFailed(["ENOENT"], remove);
}
