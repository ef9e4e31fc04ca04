import { bytesOf, textOf } from "../model/bytes.ts";
import {
  createDurable,
  makeFolderDurable,
  readFresh,
  removeDurable,
  writeDurable,
} from "../platform/durable.ts";
import { type Folder, type OpenFile, type OpenHow, Stat } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { RefusedPath } from "./control_errors.ts";
import type { ControlPlane, Place } from "./control_plane.ts";

const ITSELF = bytesOf(".");

/**
 * Where a file or folder of ours is, and all that may be done there. It is no text, so that nothing else can open it; the
 * text is for messages.
 */
export class ControlPath implements Place {
  constructor(
    private readonly plane: ControlPlane,
    readonly parts: readonly string[],
    readonly isPayload = false,
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
    return new ControlPath(this.plane, this.parts.slice(0, -1));
  }

  /** What has this name in it. */
  at(name: string): ControlPath {
    return new ControlPath(this.plane, [...this.parts, name]);
  }

  /** The same, of something that belongs to the owner of a user's tree. */
  payload(name: string): ControlPath {
    return new ControlPath(this.plane, [...this.parts, name], true);
  }

  /** Opens the folder. */
  open(): Folder {
    return this.plane.openFolder(this);
  }

  /** The names in the folder; none where it is not there, as copiers may leave empty folders out. */
  names(): string[] {
    const listing = ifThere(() => this.plane.within(this, (folder) => folder.list()));
    if (listing === undefined) return [];
    return Array.from({ length: listing.count }, (_, i) => textOf(listing.name(i)));
  }

  /** What in the folder could not be used, and why; also the folder itself. */
  refusals(): RefusedPath[] {
    try {
      return this.plane.within(this, (folder) => {
        const listing = folder.list();
        const names = Array.from({ length: listing.count }, (_, i) => textOf(listing.name(i)));
        return names.flatMap((name) => this.plane.refusalIn(folder, this.at(name)) ?? []);
      });
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return [];
      if (error instanceof RefusedPath) return [error];
      throw error;
    }
  }

  /** Makes the folder, durably; false when it was there. */
  make(): boolean {
    return this.#inParent((folder) => makeFolderDurable(folder, this.name));
  }

  /** Makes the folder where it is missing. Finding it there is cheap: nothing is made durable then. */
  ensure(): void {
    if (!this.isThere()) this.make();
  }

  /** Fills `into` with what is of this name, whatever it is; false when there is nothing. */
  stat(into: Stat): boolean {
    const look = this.parts.length === 0
      ? () => this.plane.within(this, (folder) => folder.stat(ITSELF, into))
      : () => this.#inParent((folder) => folder.stat(bytesOf(this.name), into));
    return ifThere(look) ?? false;
  }

  /** Whether there is something of this name, whatever it is. */
  isThere(): boolean {
    return this.stat(new Stat());
  }

  /** Opens the file; `write` is for what is written into in place. */
  openFile(how: OpenHow): OpenFile {
    return this.#inParent((folder) => this.plane.openFileIn(folder, this, how));
  }

  /** The text of a file that others may replace. SPEC 2. */
  readFresh(): string | undefined {
    const read = (folder: Folder) => this.plane.readFileIn(folder, this);
    return ifThere(() => this.#inParent((folder) => readFresh(folder, this.name, read)));
  }

  /** The same, with the user who wrote it. */
  readFreshOwned(): { text: string; uid: number } | undefined {
    let uid = 0;
    const read = (folder: Folder) => {
      const owned = this.plane.readOwnedIn(folder, this);
      uid = owned.uid;
      return owned.content;
    };
    const text = ifThere(() => this.#inParent((folder) => readFresh(folder, this.name, read)));
    return text === undefined ? undefined : { text, uid };
  }

  /** The text of a file that is written once and never changed; nothing when it is not there. */
  readOnce(): string | undefined {
    return ifThere(() => textOf(this.#inParent((folder) => this.plane.readFileIn(folder, this))));
  }

  /** Writes the file whole and durably. */
  write(content: string | Uint8Array): void {
    this.#inParent((folder) => writeDurable(folder, this.name, content));
  }

  /** The same for one that must not be there: `E_ALREADY_EXISTS`. */
  create(content: string | Uint8Array): void {
    this.#inParent((folder) => createDurable(folder, this.name, content));
  }

  /** Removes the file, durably; whether it was there. */
  remove(): boolean {
    return ifThere(() => this.#inParent((folder) => removeDurable(folder, this.name))) ?? false;
  }

  /** Removes the folder, which must be empty, durably. */
  removeFolder(): void {
    this.#inParent((folder) => {
      folder.removeFolder(bytesOf(this.name));
      folder.sync();
    });
  }

  /** Gives it another name in the same folder, durably, over a file or an empty folder that has it. */
  rename(name: string): void {
    this.#inParent((folder) => {
      folder.rename(bytesOf(this.name), folder, bytesOf(name), "replace");
      folder.sync();
    });
  }

  #inParent<T>(work: (folder: Folder) => T): T {
    return this.plane.within(this.parent, work);
  }
}

/** Nothing where there is nothing of the name. */
function ifThere<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}
