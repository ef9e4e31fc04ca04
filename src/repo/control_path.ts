import { bytesOf, ITSELF, textOf } from "../model/bytes.ts";
import { DIR, FILE } from "../model/entry.ts";
import {
  createDurable,
  makeFolderDurable,
  readFresh,
  removeDurable,
  writeDurable,
  writeWhole,
} from "../platform/durable.ts";
import { MADE_BY_JVS } from "../platform/folder_rights.ts";
import type { Folder, OpenFile, OpenHow } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { isSystemError, unlessFailed } from "../platform/system_error.ts";
import { RefusedPath, wrongKind } from "./control_errors.ts";
import type { ControlPlane, OwnFolder, Place } from "./control_plane.ts";

const STICKY = 0o1000;
const OTHERS = 0o077;

/** The same as text. */
export interface OwnedText extends Pick<Stat, "uid"> {
  readonly text: string;
}

/**
 * Where a file or folder of JVS is, and all that can be done with it. It is not a text, so no other call can open it;
 * its text is only for messages.
 */
export class ControlPath implements Place {
  constructor(
    private readonly plane: ControlPlane,
    readonly parts: readonly string[],
    readonly isPayload = false,
    readonly own?: OwnFolder,
  ) {}

  /** For messages: absolute. */
  get path(): string {
    return this.plane.pathOf(this);
  }

  toString(): string {
    return this.path;
  }

  get name(): string {
    return this.parts.at(-1) ?? "";
  }

  /** The folder it is in. */
  get parent(): ControlPath {
    const parts = this.parts.slice(0, -1);
    const { own } = this;
    return new ControlPath(this.plane, parts, false, own && parts.length >= own.depth ? own : undefined);
  }

  /** The file or folder of this name in it. */
  at(name: string): ControlPath {
    return new ControlPath(this.plane, [...this.parts, name], false, this.own);
  }

  /** The payload of this name in it, which belongs to the owner of the user's tree. */
  payload(name: string): ControlPath {
    return new ControlPath(this.plane, [...this.parts, name], true, this.own);
  }

  /** The folder in it that only this user may write, by the user's number. */
  ownedBy(user: number): ControlPath {
    const parts = [...this.parts, String(user)];
    return new ControlPath(this.plane, parts, false, { user, depth: parts.length });
  }

  /** Makes this folder of the caller's own, and the one it is in, if they are missing; a `RefusedPath` if it is not the caller's. */
  ensureOwn(): void {
    this.parent.ensure();
    using parent = this.parent.open();
    keepEntries(parent, this.plane.owners.caller.uid);
    this.plane.makeOwn(parent, this);
  }

  /** Opens the folder. */
  open(): Folder {
    return this.plane.openFolder(this);
  }

  /** Lets nobody but its owner enter the folder: what is made in it has rights of its own, and nobody else can reach it. */
  close(): void {
    this.plane.within(this, (folder) => {
      const { mode } = Stat.ofFolder(folder);
      if ((mode & OTHERS) !== 0) folder.setMode(ITSELF, MADE_BY_JVS | (mode & ~OTHERS));
    });
  }

  /** The names in the folder; none when it does not exist, because copy programs may leave out empty folders. */
  names(): string[] {
    return ifThere(() => this.plane.within(this, namesIn)) ?? [];
  }

  /** The names of the JSON files in the folder, without `.json`. */
  jsonNames(): string[] {
    return this.names().flatMap((name) => name.endsWith(".json") ? name.slice(0, -".json".length) : []);
  }

  /** Why the folder, or entries in it, cannot be used. */
  refusals(): RefusedPath[] {
    const refused = (folder: Folder) =>
      namesIn(folder).flatMap((name) => this.plane.refusalIn(folder, this.at(name)) ?? []);
    try {
      return ifThere(() => this.plane.within(this, refused)) ?? [];
    } catch (error) {
      if (error instanceof RefusedPath) return [error];
      throw error;
    }
  }

  /** Makes the folder, durably; false if it existed. */
  make(): boolean {
    return this.#inParent((folder) => makeFolderDurable(folder, this.name));
  }

  /** Makes the folder if it is missing. Cheap when it exists: nothing is made durable then. */
  ensure(): void {
    if (!this.isThere()) this.make();
  }

  /** Fills `into` from the entry of this name, of any kind; false when there is none. */
  stat(into: Stat): boolean {
    const look = this.parts.length === 0
      ? () => this.plane.within(this, (folder) => folder.stat(ITSELF, into))
      : () => this.#inParent((folder) => folder.stat(bytesOf(this.name), into));
    return ifThere(look) ?? false;
  }

  /** Whether an entry of this name exists, of any kind. */
  isThere(): boolean {
    return this.stat(new Stat());
  }

  /** Opens the file; `write` is for files that are changed in place. */
  openFile(how: OpenHow): OpenFile {
    return this.#inParent((folder) => this.plane.openFileIn(folder, this, how));
  }

  /** The text of a file that other processes may replace; nothing when it does not exist. SPEC 2. */
  readFresh(): string | undefined {
    return this.readFreshOwned()?.text;
  }

  /** The same, with its owner. A larger file than `mostBytes` is refused. */
  readFreshOwned(mostBytes?: number): OwnedText | undefined {
    let uid = 0;
    const read = (folder: Folder) => {
      const owned = this.plane.readFileIn(folder, this, mostBytes);
      ({ uid } = owned);
      return owned.content;
    };
    const text = ifThere(() => this.#inParent((folder) => readFresh(folder, this.name, read)));
    return text === undefined ? undefined : { text, uid };
  }

  /** The text of a file that is never changed; nothing when it does not exist. A larger one than `mostBytes` is refused. */
  readOnce(mostBytes?: number): string | undefined {
    const read = (folder: Folder) => this.plane.readFileIn(folder, this, mostBytes).content;
    return ifThere(() => textOf(this.#inParent(read)));
  }

  /** Writes the whole file, durably. */
  write(content: string | Uint8Array): void {
    this.#asFile((folder) => writeDurable(folder, this.name, content));
  }

  /** Writes the whole file of something that can be made again: it is not waited for until it is durable. */
  writeWhole(content: string): void {
    this.#asFile((folder) => writeWhole(folder, this.name, content));
  }

  /** Creates the file the same way: `E_ALREADY_EXISTS` when it exists. */
  create(content: string | Uint8Array): void {
    this.#inParent((folder) => createDurable(folder, this.name, content));
  }

  /** Removes the file, durably; false if it did not exist. */
  remove(): boolean {
    return ifThere(() => this.#asFile((folder) => removeDurable(folder, this.name))) ?? false;
  }

  /** Removes the folder, which must be empty, durably. */
  removeFolder(): void {
    this.#inParent((folder) => {
      folder.removeFolder(bytesOf(this.name));
      folder.sync();
    });
  }

  /** Renames it in the same folder, durably; replaces a file or an empty folder with that name. */
  rename(name: string): void {
    this.#inParent((folder) => {
      folder.rename(bytesOf(this.name), folder, bytesOf(name), "replace");
      folder.sync();
    });
  }

  /** Replaces or removes the file. Where a folder is in its place, the error says so, and what a person does. */
  #asFile<T>(work: (folder: Folder) => T): T {
    try {
      return this.#inParent(work);
    } catch (error) {
      const stat = new Stat();
      if (isSystemError(error, "EISDIR") && this.stat(stat) && stat.type === DIR) {
        throw wrongKind(this.path, DIR, FILE);
      }
      throw error;
    }
  }

  #inParent<T>(work: (folder: Folder) => T): T {
    return this.plane.within(this.parent, work);
  }
}

/** Sticky: only the owner of an entry may rename or remove it. The maker of the folder says so. */
function keepEntries(folder: Folder, caller: number): void {
  const { uid, mode } = Stat.ofFolder(folder);
  if (uid === caller && (mode & STICKY) === 0) folder.setMode(ITSELF, mode | STICKY);
}

function namesIn(folder: Folder): string[] {
  const listing = folder.list();
  return Array.from({ length: listing.count }, (_, i) => textOf(listing.name(i)));
}

/** The result of a call; nothing when the file or folder does not exist. */
function ifThere<T>(call: () => T): T | undefined {
  return unlessFailed(["ENOENT"], call);
}
