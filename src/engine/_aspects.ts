import { grantAclOwner, payloadMode, stripAclWrite } from "../model/acl.ts";
import { bytesOf } from "../model/bytes.ts";
import { DIR, entryTypeName, FILE, SYMLINK, type Xattr } from "../model/entry.ts";
import { type Folder, type Platform, Stat } from "../platform/platform.ts";
import { isSystemError, type SystemError } from "../platform/system_error.ts";
import { at, type TreeTable } from "../tree/table.ts";
import type { Losses } from "./_losses.ts";
import { attempt, REFUSALS } from "./_refusals.ts";

/** The name a folder has for itself. */
export const ITSELF = bytesOf(".");

const ACCESS_ACL = "system.posix_acl_access";
const DEFAULT_ACL = "system.posix_acl_default";
const SET_IDS = 0o6000;
const XATTR_REFUSALS = [...REFUSALS, "E2BIG", "ERANGE", "ENAMETOOLONG"];
const ROOM_ENOUGH = 1024 * 1024;

/** Gives the entries of a clone the owner, attributes, mode and time that the table has of them. SPEC 4. */
export class AspectSetter {
  private readonly found = new Stat();

  constructor(
    private readonly platform: Platform,
    private readonly table: TreeTable,
    private readonly losses: Losses,
    private readonly payload: boolean,
  ) {}

  /** Sets all aspects of an entry that was just made (`.` for the root), and notes what did not come out as asked. */
  set(folder: Folder, name: Uint8Array, index: number): void {
    const { found, table } = this;
    folder.stat(name, found);
    // Owner first: changing it clears set-id bits and capabilities. Attributes need a writable file. Times last.
    const notOwned = this.setOwner(folder, name, index);
    const xattrs = table.xattrs.get(index) ?? [];
    for (const xattr of xattrs) this.setXattr(folder, name, index, xattr);
    const mode = this.modeOf(index, notOwned === undefined);
    let refused: SystemError | undefined;
    if (at(table.type, index) !== SYMLINK && (xattrs.length > 0 || found.mode !== mode)) {
      refused = attempt(() => folder.setMode(name, mode));
    }
    const [sec, nsec] = [at(table.mtimeSec, index), at(table.mtimeNsec, index)];
    const timeless = attempt(() => folder.setTimes(name, sec, nsec));
    folder.stat(name, found);
    this.compare(index, mode, { owner: notOwned, mode: refused, times: timeless });
  }

  private setOwner(folder: Folder, name: Uint8Array, index: number): SystemError | undefined {
    const [uid, gid] = [at(this.table.uid, index), at(this.table.gid, index)];
    if (this.found.uid === uid && this.found.gid === gid) return undefined;
    return attempt(() => folder.setOwner(name, uid, gid));
  }

  private modeOf(index: number, owned: boolean): number {
    const type = at(this.table.type, index);
    const mode = at(this.table.mode, index);
    if (this.payload) return payloadMode(entryTypeName(type), mode);
    // A program must not run as whoever happened to make the copy.
    return owned || type !== FILE ? mode : mode & ~SET_IDS;
  }

  private setXattr(folder: Folder, name: Uint8Array, index: number, xattr: Xattr): void {
    const isAcl = xattr.name === ACCESS_ACL || xattr.name === DEFAULT_ACL;
    const value = this.payload && xattr.name === ACCESS_ACL
      ? this.payloadAcl(index, xattr.value)
      : xattr.value;
    let why: string | undefined;
    try {
      why = attempt(() => folder.setXattr(name, { name: xattr.name, value }), XATTR_REFUSALS)?.reason;
    } catch (error) {
      // ext4 and btrfs say so too when attributes outgrow the block that an inode has for them.
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

  /** What the system says afterwards is what counts: some file systems take anything and keep less. */
  private compare(
    index: number,
    mode: number,
    refused: { [A in "owner" | "mode" | "times"]: SystemError | undefined },
  ) {
    const { found, losses, table } = this;
    const forgotten = "the file system did not keep it";
    if (found.uid !== at(table.uid, index) || found.gid !== at(table.gid, index)) {
      losses.add("owner", index, refused.owner?.reason ?? forgotten);
    }
    const wanted = this.modeOf(index, true);
    if (at(table.type, index) !== SYMLINK && found.mode !== wanted) {
      const dropped = mode !== wanted ? "set-id bits need the owner, which could not be set" : undefined;
      losses.add("mode", index, refused.mode?.reason ?? dropped ?? forgotten);
    }
    if (found.mtimeSec !== at(table.mtimeSec, index) || found.mtimeNsec !== at(table.mtimeNsec, index)) {
      losses.add("times", index, refused.times?.reason ?? forgotten);
    }
  }
}

/** Takes away the ACLs that an empty folder was born with, so that nothing made in it inherits them. */
export function clearInheritedAcls(folder: Folder): void {
  for (const { name } of folder.xattrs(ITSELF)) {
    if (name === ACCESS_ACL || name === DEFAULT_ACL) folder.removeXattr(ITSELF, name);
  }
}
