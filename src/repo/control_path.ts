import { bytesOf, ITSELF, textOf } from "../model/bytes.ts";
import {
  createDurable,
  makeFolderDurable,
  readFresh,
  removeDurable,
  writeDurable,
} from "../platform/durable.ts";
import { type Folder, type OpenFile, type OpenHow, Stat } from "../platform/platform.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { RefusedPath } from "./control_errors.ts";
import type { ControlPlane, Place } from "./control_plane.ts";

/** The same as text. */
export interface OwnedText extends Pick<Stat, "uid" | "mode"> {
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

  /** The file or folder of this name in it. */
  at(name: string): ControlPath {
    return new ControlPath(this.plane, [...this.parts, name]);
  }

  /** The payload of this name in it, which belongs to the owner of the user's tree. */
  payload(name: string): ControlPath {
    return new ControlPath(this.plane, [...this.parts, name], true);
  }

  /** Opens the folder. */
  open(): Folder {
    return this.plane.openFolder(this);
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

  /** The same, with its owner and mode. */
  readFreshOwned(): OwnedText | undefined {
    let [uid, mode] = [0, 0];
    const read = (folder: Folder) => {
      const owned = this.plane.readFileIn(folder, this);
      ({ uid, mode } = owned);
      return owned.content;
    };
    const text = ifThere(() => this.#inParent((folder) => readFresh(folder, this.name, read)));
    return text === undefined ? undefined : { text, uid, mode };
  }

  /** The text of a file that is never changed; nothing when it does not exist. */
  readOnce(): string | undefined {
    return this.readOnceOwned()?.text;
  }

  /** The same, with its owner and mode. */
  readOnceOwned(): OwnedText | undefined {
    return ifThere(() => {
      const { content, uid, mode } = this.#inParent((folder) => this.plane.readFileIn(folder, this));
      return { text: textOf(content), uid, mode };
    });
  }

  /** Writes the whole file, durably. */
  write(content: string | Uint8Array): void {
    this.#inParent((folder) => writeDurable(folder, this.name, content));
  }

  /** Creates the file the same way: `E_ALREADY_EXISTS` when it exists. */
  create(content: string | Uint8Array): void {
    this.#inParent((folder) => createDurable(folder, this.name, content));
  }

  /** Removes the file, durably; false if it did not exist. */
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

  /** Renames it in the same folder, durably; replaces a file or an empty folder with that name. */
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

function namesIn(folder: Folder): string[] {
  const listing = folder.list();
  return Array.from({ length: listing.count }, (_, i) => textOf(listing.name(i)));
}

/** The result of a call; nothing when the file or folder does not exist. */
function ifThere<T>(call: () => T): T | undefined {
  return unlessFailed(["ENOENT"], call);
}
