import { grantAclOwner, payloadMode, stripAclWrite } from "../model/acl.ts";
import { ITSELF } from "../model/bytes.ts";
import { DegradationList } from "../model/degradations.ts";
import {
  DIR,
  entryTypeName,
  FILE,
  LOST,
  type LostAspect,
  lostAspects,
  SYMLINK,
  withoutSetIds,
  type Xattr,
} from "../model/entry.ts";
import type { Folder, Platform } from "../platform/platform.ts";
import { setOwner } from "../platform/set_owner.ts";
import { Stat } from "../platform/stat.ts";
import { isSystemError, type SystemError } from "../platform/system_error.ts";
import { NONE, type TreeTable } from "../tree/table.ts";
import { at } from "../tree/columns.ts";

const ACCESS_ACL = "system.posix_acl_access";
const DEFAULT_ACL = "system.posix_acl_default";
/** Errors that mean: this user or file system cannot do it. That is a loss. A full or broken disk is an error. */
const REFUSALS = ["EPERM", "EACCES", "EOPNOTSUPP", "EINVAL", "ENOSYS", "ENOTTY", "EOVERFLOW"] as const;
const XATTR_REFUSALS = [...REFUSALS, "E2BIG", "ERANGE", "ENAMETOOLONG"];
const ROOM_ENOUGH = 1024 * 1024;

/** Does something; returns the error if the system refused it for one of these reasons. */
export function refusalOf(
  action: () => void,
  reasons: readonly string[] = REFUSALS,
): SystemError | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (isSystemError(error, ...reasons)) return error;
    throw error;
  }
}

/** Notes what a clone cannot keep: as degradations, and for payloads also in the table, for the manifest. */
export class Losses {
  readonly degradations = new DegradationList();
  /** The file system takes no mode but its own. */
  private modesStay = false;
  /** What files with several names lost in a worktree; its table says what the payload lost that it comes from. */
  private readonly ofLinks = new Map<number, number>();

  constructor(private readonly table: TreeTable, private readonly payload: boolean) {}

  /** Notes that an entry lost an aspect. The reason is the end of a sentence. */
  add(aspect: LostAspect, index: number, reason: string): void {
    if (this.payload) this.table.lost[index] = at(this.table.lost, index) | LOST[aspect];
    else if (this.table.linkGroup[index] !== NONE) this.ofLinks.set(index, this.of(index) | LOST[aspect]);
    this.degradations.add(aspect, this.table.path(index), reason);
  }

  /** What an entry lost in this clone, as far as its further names need it. */
  of(index: number): number {
    return this.payload ? at(this.table.lost, index) : this.ofLinks.get(index) ?? 0;
  }

  /**
   * Notes that an entry of a payload has the mode of its source, write rights and all, because the file system takes no
   * other (NTFS, exFAT). Nothing of the tree is lost, so it is no degradation; verify must only not expect the mode of a payload.
   */
  keptMode(index: number): void {
    this.table.lost[index] = at(this.table.lost, index) | LOST.mode;
    this.modesStay = true;
  }

  /** Notes the losses of an entry that shares its inode with an entry that lost these aspects. */
  inherit(index: number, lost: number, reason: string): void {
    const ofInode = lost & ~(LOST.hardlink | LOST.type); // these two belong to a name, not to the inode
    if (ofInode === 0) return;
    for (const aspect of lostAspects(ofInode)) {
      if (aspect === "mode" && this.modesStay) this.keptMode(index);
      else this.add(aspect, index, reason);
    }
  }
}

/** The errors of calls that the system refused. */
type Refused = { readonly [A in "owner" | "mode" | "times"]?: SystemError | undefined };

/** Sets the owner, attributes, mode and time of cloned entries as in the table. SPEC 4. */
export class AspectSetter {
  private readonly found = new Stat();

  constructor(
    private readonly platform: Platform,
    private readonly table: TreeTable,
    private readonly losses: Losses,
    /** Whether entries get the modes of a payload, which nobody may write. */
    private readonly payload: boolean,
  ) {}

  /** The mode for a new file: its final mode, unless attributes must still be set. */
  createMode(index: number): number {
    return this.table.xattrs.has(index) ? 0o600 : this.modeOf(index, true) & 0o777;
  }

  /** Sets all aspects of an entry that was just made (`.` for the root), and notes each loss. */
  set(folder: Folder, name: Uint8Array, index: number): void {
    const xattrs = this.table.xattrs.get(index);
    // Most files belong to the caller and were created with their mode. Then only the time is missing.
    let refused: Refused = xattrs ? {} : { times: this.setTimes(folder, name, index) };
    folder.stat(name, this.found);
    if (xattrs || !this.hasOwner(index) || !this.hasMode(index)) {
      refused = this.setOneByOne(folder, name, index, xattrs ?? []);
      folder.stat(name, this.found);
    }
    this.compare(index, refused);
  }

  /** Owner first, because it clears set-id bits and capabilities. Then attributes, which need a writable file. Times last. */
  private setOneByOne(folder: Folder, name: Uint8Array, index: number, xattrs: readonly Xattr[]): Refused {
    const { found, table } = this;
    const [uid, gid] = [at(table.uid, index), at(table.gid, index)];
    // The mark of the one who had it must not become the new owner's.
    if (found.marked) refusalOf(() => folder.setMode(name, found.mode));
    const owner = this.hasOwner(index) ? undefined : refusalOf(() => setOwner(folder, name, uid, gid));
    // The access ACL comes last: it sets the mode, and a read-only file of an ordinary user takes no more attributes.
    const isAccess = (xattr: Xattr) => xattr.name === ACCESS_ACL;
    for (const xattr of xattrs) if (!isAccess(xattr)) this.setXattr(folder, name, index, xattr);
    for (const xattr of xattrs) if (isAccess(xattr)) this.setXattr(folder, name, index, xattr);
    const wanted = this.modeOf(index, owner === undefined);
    const isDone = at(table.type, index) === SYMLINK || (xattrs.length === 0 && found.mode === wanted);
    const mode = isDone ? undefined : refusalOf(() => folder.setMode(name, wanted));
    return { owner, mode, times: this.setTimes(folder, name, index) };
  }

  private setTimes(folder: Folder, name: Uint8Array, index: number): SystemError | undefined {
    const { table } = this;
    return refusalOf(() => folder.setTimes(name, at(table.mtimeSec, index), at(table.mtimeNsec, index)));
  }

  private hasOwner(index: number): boolean {
    return this.found.uid === at(this.table.uid, index) && this.found.gid === at(this.table.gid, index);
  }

  private hasMode(index: number): boolean {
    if (at(this.table.type, index) === SYMLINK) return true;
    return this.found.mode === this.modeOf(index, true) && !this.found.marked;
  }

  private modeOf(index: number, owned: boolean): number {
    const type = at(this.table.type, index);
    const mode = at(this.table.mode, index);
    if (this.payload) return payloadMode(entryTypeName(type), mode);
    // Without its owner, a set-id program would run as the user who made the copy.
    return owned ? mode : withoutSetIds(type, mode);
  }

  private setXattr(folder: Folder, name: Uint8Array, index: number, xattr: Xattr): void {
    const isAcl = xattr.name === ACCESS_ACL || xattr.name === DEFAULT_ACL;
    const value = this.payload && xattr.name === ACCESS_ACL
      ? this.payloadAcl(index, xattr.value)
      : xattr.value;
    let why: string | undefined;
    try {
      why = refusalOf(() => folder.setXattr(name, { name: xattr.name, value }), XATTR_REFUSALS)?.reason;
    } catch (error) {
      // ext4 and btrfs also report ENOSPC when the attributes do not fit into the block of the inode.
      if (!isSystemError(error, "ENOSPC") || this.platform.fileSystem(folder).freeBytes < ROOM_ENOUGH) {
        throw error;
      }
      why = "the file system takes no more attributes on one file";
    }
    if (why !== undefined) this.losses.add(isAcl ? "acl" : "xattr", index, `${xattr.name}: ${why}`);
  }

  private payloadAcl(index: number, acl: Uint8Array): Uint8Array {
    const type = at(this.table.type, index);
    if (type === DIR) return grantAclOwner(acl);
    return type === FILE ? stripAclWrite(acl) : acl;
  }

  /** Compares the entry with the table, because some file systems accept a value and do not keep it. */
  private compare(index: number, refused: Refused): void {
    const { found, losses, table } = this;
    const forgotten = "the file system did not keep it";
    if (!this.hasOwner(index)) losses.add("owner", index, refused.owner?.reason ?? forgotten);
    if (!this.hasMode(index) && this.payload && found.mode === at(table.mode, index)) losses.keptMode(index);
    else if (!this.hasMode(index)) {
      const withheld = refused.owner && found.mode === this.modeOf(index, false);
      const why = withheld ? "set-id bits need the owner, which could not be set" : refused.mode?.reason;
      losses.add("mode", index, why ?? forgotten);
    }
    if (found.mtimeSec !== at(table.mtimeSec, index) || found.mtimeNsec !== at(table.mtimeNsec, index)) {
      losses.add("times", index, refused.times?.reason ?? forgotten);
    }
  }
}

/** Removes the inherited ACLs of a new, empty folder, so that its entries do not inherit them. */
export function clearInheritedAcls(folder: Folder): void {
  for (const { name } of folder.xattrs(ITSELF)) {
    if (name === ACCESS_ACL || name === DEFAULT_ACL) folder.removeXattr(ITSELF, name);
  }
}
