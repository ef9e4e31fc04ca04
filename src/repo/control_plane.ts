import { bytesOf } from "../model/bytes.ts";
import { DIR, FILE } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { makeOwnFile } from "../platform/make_own.ts";
import { type Folder, type OpenFile, type OpenHow, type Platform, Stat } from "../platform/platform.ts";
import { readWhole } from "../platform/read_whole.ts";
import { isSystemError } from "../platform/system_error.ts";
import {
  hardLinked,
  type Kind,
  type RefusedPath,
  tooLarge,
  wrongKind,
  wrongOwner,
} from "./control_errors.ts";
import { type OwnerOptions, Owners } from "./owners.ts";

const CONTROL = ".jvs";
/** No record of JVS is nearly as large. A sparse file of any size costs its maker nothing. */
const MOST_BYTES = 64 * 1024 * 1024;

/** An entry of the control plane. */
export interface Place {
  /** The names from `.jvs` down; empty for `.jvs` itself. */
  readonly parts: readonly string[];
  /** It holds the tree of a user and belongs to the owner of that tree. */
  readonly isPayload: boolean;
}

/**
 * The only access to what is in `.jvs`. Each call starts at the root of the repository and opens folder after folder
 * without following a link. Before a folder or file is used, its kind and owner are checked through the descriptor; a
 * file that is changed in place must also have no other name. Anything else is a `RefusedPath`. SPEC 2.
 */
export class ControlPlane {
  readonly #owners: Owners;
  readonly #held = new Map<string, { readonly folder: Folder; uses: number }>();

  /** `root` is the absolute path of the folder that holds `.jvs`. */
  constructor(readonly root: string, readonly platform: Platform, options: OwnerOptions = {}) {
    this.#owners = new Owners(root, platform.host, options);
  }

  /** The absolute path, for messages. */
  pathOf({ parts }: Place): string {
    return [this.root === "/" ? "" : this.root, CONTROL, ...parts].join("/");
  }

  /** Makes `.jvs`, with exactly this mode. */
  make(mode: number): void {
    using root = this.platform.openFolder(this.root);
    root.makeFolder(bytesOf(CONTROL), mode);
  }

  /** Moves `.jvs` to another root on the same file system, durably; fails when that root has a control plane. */
  moveTo(root: Folder): void {
    using from = this.platform.openFolder(this.root);
    from.rename(bytesOf(CONTROL), root, bytesOf(CONTROL), "replace");
    root.sync();
  }

  /** Opens a folder; the caller closes it. */
  openFolder({ parts, isPayload }: Place): Folder {
    let folder = this.#openControl();
    for (const [i, part] of parts.entries()) {
      using outer = folder;
      const place = { parts: parts.slice(0, i + 1), isPayload: isPayload && i === parts.length - 1 };
      folder = this.#openFolderIn(outer, part, place);
    }
    return folder;
  }

  /** Does work in a folder, which is open during the work. */
  within<T>(place: Place, work: (folder: Folder) => T): T {
    const held = this.#held.get(place.parts.join("/"));
    if (held !== undefined) return work(held.folder);
    using folder = this.openFolder(place);
    return work(folder);
  }

  /**
   * Keeps folders open until the result is disposed, so that reading many files in them does not open the way each
   * time.
   */
  hold(places: readonly Place[]): Disposable {
    const keys = places.flatMap((place) => this.#hold(place) ?? []);
    return { [Symbol.dispose]: () => keys.forEach((key) => this.#release(key)) };
  }

  /** Opens a file in its open folder; `write` is for files that are changed in place. */
  openFileIn(folder: Folder, place: Place, how: OpenHow): OpenFile {
    const name = nameOf(place);
    if (how === "create") return makeOwnFile(folder, name, true);
    const file = this.#explained(folder, name, { place, kind: FILE }, () => folder.openFile(name, how));
    return this.#checked(file, () => {
      const stat = this.#checkFile(file, place);
      if (how === "write" && stat.nlink > 1) throw hardLinked(this.pathOf(place), stat);
    });
  }

  /** The whole content of a file in its open folder. */
  readFileIn(folder: Folder, place: Place): Uint8Array<ArrayBuffer> {
    return this.readOwnedIn(folder, place).content;
  }

  /** The same, with the user whose file it is: in a shared control plane that is who wrote it. */
  readOwnedIn(folder: Folder, place: Place): { content: Uint8Array<ArrayBuffer>; uid: number } {
    const name = nameOf(place);
    using file = this.#explained(folder, name, { place, kind: FILE }, () => folder.openFile(name, "read"));
    const stat = this.#checkFile(file, place);
    if (stat.size > MOST_BYTES) throw tooLarge(this.pathOf(place), stat.size);
    return { content: readWhole(file, stat), uid: stat.uid };
  }

  /** Whether something of this user's may decide what happens to the caller's own files. */
  isTrustedMaker(uid: number): boolean {
    return this.#owners.isTrustedMaker(uid);
  }

  /** Why an entry of an open folder cannot be used, or nothing. */
  refusalIn(folder: Folder, place: Place): RefusedPath | undefined {
    const stat = new Stat();
    if (!folder.stat(nameOf(place), stat) || stat.type === DIR) return undefined; // a folder is checked when it is opened
    if (stat.type !== FILE) return wrongKind(this.pathOf(place), stat.type, FILE);
    return this.#owners.may(stat) ? undefined : wrongOwner(this.pathOf(place), stat);
  }

  #checkFile(file: OpenFile, place: Place): Stat {
    const stat = Stat.ofFile(file);
    if (!this.#owners.may(stat)) throw wrongOwner(this.pathOf(place), stat);
    return stat;
  }

  #openControl(): Folder {
    using root = this.platform.openFolder(this.root);
    const control = this.#explained(
      root,
      bytesOf(CONTROL),
      { place: { parts: [], isPayload: false }, kind: DIR },
      () => root.openFolder(bytesOf(CONTROL)),
    );
    return this.#checked(control, () => this.#owners.check(Stat.ofFolder(control)));
  }

  #openFolderIn(outer: Folder, name: string, place: Place): Folder {
    const bytes = bytesOf(name);
    const folder = this.#explained(outer, bytes, { place, kind: DIR }, () => outer.openFolder(bytes));
    return this.#checked(folder, () => {
      const stat = Stat.ofFolder(folder);
      if (!place.isPayload && !this.#owners.may(stat)) throw wrongOwner(this.pathOf(place), stat);
    });
  }

  /** Opens an entry; when that fails because it is of another kind, the error says of which. */
  #explained<T>(
    folder: Folder,
    name: Uint8Array,
    { place, kind }: { place: Place; kind: Kind },
    open: () => T,
  ): T {
    try {
      return open();
    } catch (error) {
      if (!isSystemError(error) || error.errno === "ENOENT") throw error;
      const stat = new Stat();
      if (folder.stat(name, stat) && stat.type !== kind) throw wrongKind(this.pathOf(place), stat.type, kind);
      throw error;
    }
  }

  /** Returns what was opened when the check passes; otherwise closes it. */
  #checked<T extends Disposable>(opened: T, check: () => void): T {
    try {
      check();
      return opened;
    } catch (error) {
      opened[Symbol.dispose]();
      throw error;
    }
  }

  /** Nothing when the folder cannot be opened: the next access to it says why. */
  #hold(place: Place): string | undefined {
    const key = place.parts.join("/");
    try {
      const held = this.#held.get(key) ?? { folder: this.openFolder(place), uses: 0 };
      held.uses++;
      this.#held.set(key, held);
      return key;
    } catch (error) {
      if (error instanceof JvsError) return undefined;
      throw error;
    }
  }

  #release(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined || --held.uses > 0) return;
    this.#held.delete(key);
    held.folder[Symbol.dispose]();
  }
}

function nameOf({ parts }: Place): Uint8Array {
  return bytesOf(parts.at(-1) ?? "");
}
