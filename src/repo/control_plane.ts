import { bytesOf } from "../model/bytes.ts";
import { DIR, FILE } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { isOpenToOthers, isShared } from "../platform/folder_rights.ts";
import { type KeptModes, keptModes } from "../platform/kept_modes.ts";
import { makeForCallerAlone, makeOwnFile } from "../platform/make_own.ts";
import { type Folder, type OpenFile, type OpenHow, type Platform, readWhole } from "../platform/platform.ts";
import { inodeText, isSameInode, Stat } from "../platform/stat.ts";
import { isSystemError, type SystemError, unlessFailed } from "../platform/system_error.ts";
import {
  closedControl,
  exchanged,
  hardLinked,
  notForOneAlone,
  notMadeHere,
  openToWrite,
  type RefusedPath,
  sharedOnce,
  tooLarge,
  wrongKind,
  wrongOwner,
} from "./control_errors.ts";
import { hasMembers, hasOrigin, makeOrigin, removeOrigin } from "./origin.ts";
import { type OwnerOptions, Owners } from "./owners.ts";

const CONTROL = ".jvs";
const OTHERS_MAY_ENTER = 0o011;
const OTHERS_MAY_READ = 0o055;
const CONTROL_PLACE: Place = { parts: [], isPayload: false };

/** No record of JVS is nearly as large. A sparse file of any size costs its maker nothing. */
const MOST_BYTES = 64 * 1024 * 1024;

/** What a file holds, and who owns it. */
export interface OwnedContent extends Pick<Stat, "uid"> {
  readonly content: Uint8Array<ArrayBuffer>;
}

/** A folder that only one user may write, so that all in it is that user's word. */
export interface OwnFolder {
  readonly user: number;
  /** How many names lead to it from `.jvs`. */
  readonly depth: number;
}

/** An entry of the control plane. */
export interface Place {
  /** The names from `.jvs` down; empty for `.jvs` itself. */
  readonly parts: readonly string[];
  /** It holds the tree of a user and belongs to the owner of that tree. */
  readonly isPayload: boolean;
  /** The folder of one user that it is or lies in. */
  readonly own?: OwnFolder | undefined;
}

/**
 * The only access to what is in `.jvs`. Each call starts at the root of the repository and opens folder after folder
 * without following a link. Before a folder or file is used, its kind and owner are checked through the descriptor; a
 * file that is changed in place must also have no other name. Anything else is a `RefusedPath`. SPEC 2.
 */
export class ControlPlane {
  readonly owners: Owners;
  #keptModes: KeptModes | undefined;
  /** The closed `.jvs` that was found to be of JVS. */
  #believed: string | undefined;
  #made: Stat | undefined;
  readonly #held = new Map<string, { readonly folder: Folder; uses: number }>();

  /** `root` is the absolute path of the folder that holds `.jvs`. */
  constructor(
    readonly root: string,
    readonly platform: Platform,
    { made, ...options }: OwnerOptions & { readonly made?: Stat | undefined } = {},
  ) {
    this.owners = new Owners(root, platform.host, options);
    this.#made = made;
  }

  /**
   * The `.jvs` that was made just now, of which all is then that is done here: who may write above it could give its path to another
   * repository of the caller.
   */
  get made(): Stat | undefined {
    return this.#made;
  }

  /** The absolute path, for messages. */
  pathOf({ parts }: Place): string {
    return [this.root === "/" ? "" : this.root, CONTROL, ...parts].join("/");
  }

  /** Makes `.jvs` in its open root, with exactly this mode. */
  make(root: Folder, mode: number): void {
    root.makeFolder(bytesOf(CONTROL), mode);
    using control = root.openFolder(bytesOf(CONTROL));
    // Who may rename the root may have put another one there.
    if (control.list().count > 0) throw notMadeHere(this.root);
    makeOrigin(control, this.owners.caller.uid);
    this.#made = Stat.ofFolder(control);
  }

  /**
   * Puts into the caller's own closed `.jvs` what shows that JVS made it; returns whether that was missing. `E_UNTRUSTED` for what a
   * group shared once. Nothing where the file system, or what surrounds the process, does not allow the mark.
   */
  mark(): boolean {
    using root = this.platform.openFolder(this.root);
    using control = root.openFolder(bytesOf(CONTROL));
    const { caller } = this.owners;
    const stat = Stat.ofFolder(control);
    if (isOpenToOthers(stat.mode) || hasOrigin(control, caller.uid) || this.owners.isListed(stat)) {
      return false;
    }
    if (hasMembers(control)) throw sharedOnce(this.root);
    return makeOrigin(control, caller.uid);
  }

  /** Owner and mode of the `.jvs` in a folder: nothing of it is opened. */
  static at(root: string, platform: Platform): Stat {
    using folder = platform.openFolder(root);
    const stat = new Stat();
    folder.stat(bytesOf(CONTROL), stat);
    return stat;
  }

  /** The error for one that may not be entered. */
  closed(cause: SystemError): JvsError {
    return closedControl(this.root, ControlPlane.at(this.root, this.platform), this.owners.caller, cause);
  }

  /** Moves `.jvs` out of one open folder into another on the same file system, durably; fails when there is a control plane. */
  static move(from: Folder, to: Folder): void {
    from.rename(bytesOf(CONTROL), to, bytesOf(CONTROL), "replace");
    to.sync();
  }

  /** Opens a folder; the caller closes it. */
  openFolder({ parts, isPayload, own }: Place): Folder {
    let folder = this.platform.openFolder(this.root);
    for (let depth = 0; depth <= parts.length; depth++) {
      using outer = folder;
      const place = { parts: parts.slice(0, depth), isPayload: isPayload && depth === parts.length };
      folder = this.#open(outer, place, DIR, (name) => outer.openFolder(name), (opened) => {
        const stat = Stat.ofFolder(opened);
        if (depth === 0) this.#checkControl(opened, stat);
        else if (!place.isPayload) this.#checkOwner(stat, place);
        if (own !== undefined && depth >= own.depth && !place.isPayload) {
          this.#checkOwn(stat, place, own, depth);
        }
      });
    }
    return folder;
  }

  /**
   * Whether others than the caller and root may write into `.jvs`: see `Owners`. Not where the file system has no modes: everything is
   * open to all there, and nothing can be anybody's own.
   */
  get isOpenToOthers(): boolean {
    if (this.owners.controlMode === 0) this.openFolder(CONTROL_PLACE)[Symbol.dispose]();
    return this.owners.isOpenToOthers && this.#hasModes;
  }

  /**
   * Whether what lies at a place may decide what happens to the caller's own files. Where others may write, only what lies in the
   * caller's own folder may; else all that `Owners.may` lets be there.
   */
  mayDecide({ own }: Place): boolean {
    return own === undefined ? !this.isOpenToOthers : own.user === this.owners.caller.uid;
  }

  /** Makes the caller's own folder in its open parent, if it is missing. */
  makeOwn(parent: Folder, place: Place): void {
    const { caller, controlMode, isOfAnotherAlone } = this.owners;
    // What is begun in a user's own repository, that user must see.
    const like = isOfAnotherAlone ? controlMode | OTHERS_MAY_READ : controlMode;
    // It may be a link or a file.
    const isMade = unlessFailed(
      ["ELOOP", "ENOTDIR"],
      () => makeForCallerAlone(parent, nameOf(place), caller.uid, like),
    );
    if (isMade !== true) throw notForOneAlone(this.pathOf(place), caller.uid);
  }

  /** Does work in a folder, which is open during the work. */
  within<T>(place: Place, work: (folder: Folder) => T): T {
    const held = this.#held.get(place.parts.join("/"));
    if (held !== undefined) return work(held.folder);
    using folder = this.openFolder(place);
    return work(folder);
  }

  /** Keeps folders open until the result is disposed, so that reading many files in them does not open the way each time. */
  hold(places: readonly Place[]): Disposable {
    const holding = new DisposableStack();
    for (const place of places) this.#hold(place, holding);
    return holding;
  }

  /** Opens a file in its open folder and fills `stat`; `write` is for files that are changed in place. */
  openFileIn(folder: Folder, place: Place, how: OpenHow, stat = new Stat()): OpenFile {
    if (how === "create") return makeOwnFile(folder, nameOf(place), true);
    return this.#open(folder, place, FILE, (name) => folder.openFile(name, how), (file) => {
      file.stat(stat);
      this.#checkOwner(stat, place);
      if (place.own !== undefined && stat.uid !== place.own.user) throw wrongOwner(this.pathOf(place), stat);
      if (how === "write" && stat.nlink > 1) throw hardLinked(this.pathOf(place), stat);
    });
  }

  /** The content of a file in its open folder, and whose it is. */
  readFileIn(folder: Folder, place: Place, mostBytes = MOST_BYTES): OwnedContent {
    const stat = new Stat();
    using file = this.openFileIn(folder, place, "read", stat);
    if (stat.size > mostBytes) throw tooLarge(this.pathOf(place), stat.size);
    return { content: readWhole(file, stat), uid: stat.uid };
  }

  /** Why an entry of an open folder cannot be used, or nothing. */
  refusalIn(folder: Folder, place: Place): RefusedPath | undefined {
    const stat = new Stat();
    if (!folder.stat(nameOf(place), stat) || stat.type === DIR) return undefined; // a folder is checked when it is opened
    if (stat.type !== FILE) return wrongKind(this.pathOf(place), stat.type, FILE);
    return this.owners.may(stat) ? undefined : wrongOwner(this.pathOf(place), stat);
  }

  /** `E_UNTRUSTED` unless `.jvs` belongs to somebody who may have one here, and is what JVS made. */
  #checkControl(control: Folder, stat: Stat): void {
    if (this.#made !== undefined && !isSameInode(this.#made, stat)) throw exchanged(this.root);
    this.owners.check(stat);
    const { mode, uid } = stat;
    const what = `${inodeText(stat.inoHi, stat.inoLo)} ${uid} ${mode}`;
    if (this.#believed === what) return;
    // Whoever closes it later must not find that it was closed all the time.
    if (isOpenToOthers(mode)) removeOrigin(control);
    else if (this.owners.mustBeOfJvs(stat) && !hasOrigin(control, uid) && this.#asks(control).marks) {
      throw notMadeHere(this.root);
    }
    this.#believed = what;
  }

  #asks(control: Folder): KeptModes {
    return this.#keptModes ??= keptModes(control, this.platform.fileSystem(control).kind);
  }

  get #hasModes(): boolean {
    if (isShared(this.owners.controlMode)) return true;
    using control = this.openFolder(CONTROL_PLACE);
    return this.#asks(control).modes;
  }

  /** A user's own folder is marked; all below it belongs to that user, and no other may write there. */
  #checkOwn(stat: Stat, place: Place, { user, depth: marked }: OwnFolder, depth: number): void {
    const isAlone = depth === marked ? this.owners.isOwnFolderOf(user, stat) : !isOpenToOthers(stat.mode);
    if (!isAlone || stat.uid !== user) throw notForOneAlone(this.pathOf(place), user);
  }

  /** In a `.jvs` that only its owner may write, but others may enter, the same must hold for what is in it. */
  #checkOwner(stat: Stat, place: Place): void {
    if (!this.owners.may(stat)) throw wrongOwner(this.pathOf(place), stat);
    const { controlMode } = this.owners;
    const mayBeAnyones = isOpenToOthers(stat.mode) && !isOpenToOthers(controlMode) &&
      (controlMode & OTHERS_MAY_ENTER) !== 0;
    if (mayBeAnyones && this.#hasModes) throw openToWrite(this.pathOf(place), stat);
  }

  /** Opens an entry, and closes it when the check fails. For an entry of another kind, the error says of which. */
  #open<T extends Disposable>(
    folder: Folder,
    place: Place,
    kind: typeof FILE | typeof DIR,
    open: (name: Uint8Array) => T,
    check: (opened: T) => void,
  ): T {
    const name = nameOf(place);
    let opened: T | undefined;
    try {
      opened = open(name);
      check(opened);
      return opened;
    } catch (error) {
      opened?.[Symbol.dispose]();
      if (opened !== undefined || !isSystemError(error) || error.errno === "ENOENT") throw error;
      const stat = new Stat();
      if (folder.stat(name, stat) && stat.type !== kind) throw wrongKind(this.pathOf(place), stat.type, kind);
      throw error;
    }
  }

  /** Nothing is held when the folder cannot be opened: the next access to it says why. */
  #hold(place: Place, until: DisposableStack): void {
    try {
      const key = place.parts.join("/");
      const held = this.#held.get(key) ?? { folder: this.openFolder(place), uses: 0 };
      held.uses++;
      this.#held.set(key, held);
      until.defer(() => {
        if (--held.uses > 0) return;
        this.#held.delete(key);
        held.folder[Symbol.dispose]();
      });
    } catch (error) {
      if (!(error instanceof JvsError)) throw error;
    }
  }
}

function nameOf({ parts }: Place): Uint8Array {
  return bytesOf(parts.at(-1) ?? CONTROL);
}
