import { isDot, joinPath } from "./lazy_path.ts";
import type { Libc } from "./libc.ts";
import { fileSystemOf } from "./linux_file_system.ts";
import { linuxFolder } from "./linux_folder.ts";
import { NameBuffer } from "./linux_name.ts";
import { type Folder, Stat, SUBVOLUME_INODE } from "./platform.ts";
import type { Subvolumes } from "./subvolumes.ts";
import { SystemError } from "./system_error.ts";

const SNAP_DESTROY = 0x5000940fn;
const SNAP_CREATE_V2 = 0x50009417n;
const SUBVOL_CREATE_V2 = 0x50009418n;
const SUBVOL_GETFLAGS = 0x80089419n;
const SUBVOL_SETFLAGS = 0x4008941an;
const READ_ONLY = 2n;

// struct btrfs_ioctl_vol_args: a descriptor, then the name. The second form has 56 bytes before the name.
const ARGS_BYTES = 4096;
const NAME_AT = 8;
const NAME_AT_V2 = 56;

/** The subvolumes of btrfs, by the calls of its own. */
export class LinuxSubvolumes implements Subvolumes {
  readonly #name = new NameBuffer();

  constructor(private readonly libc: Libc) {}

  isRoot(folder: Folder): boolean {
    const { inoHi, inoLo } = Stat.ofFolder(folder);
    if (inoLo !== SUBVOLUME_INODE || inoHi !== 0) return false;
    return fileSystemOf(this.libc, linuxFolder(folder)).kind === "btrfs";
  }

  make(folder: Folder, name: Uint8Array): void {
    this.#call("create", SUBVOL_CREATE_V2, folder, name, new Uint8Array(ARGS_BYTES), NAME_AT_V2);
  }

  snapshot(
    source: Folder,
    folder: Folder,
    name: Uint8Array,
    { readOnly }: { readonly readOnly: boolean },
  ): void {
    const args = new Uint8Array(ARGS_BYTES);
    const fields = new DataView(args.buffer);
    fields.setBigInt64(0, BigInt(linuxFolder(source).descriptor), true);
    fields.setBigUint64(16, readOnly ? READ_ONLY : 0n, true);
    this.#call("create", SNAP_CREATE_V2, folder, name, args, NAME_AT_V2);
  }

  setReadOnly(root: Folder, isReadOnly: boolean): void {
    const { descriptor } = linuxFolder(root);
    const flags = new BigUint64Array(1);
    const bytes = new Uint8Array(flags.buffer);
    this.libc.must(
      "look at",
      root,
      (call) => call.ioctlBuffer(descriptor, SUBVOL_GETFLAGS, bytes),
    );
    const before = flags[0] as bigint;
    flags[0] = isReadOnly ? before | READ_ONLY : before & ~READ_ONLY;
    const action = isReadOnly ? "make read-only" : "make writable";
    this.libc.must(action, root, (call) => call.ioctlBuffer(descriptor, SUBVOL_SETFLAGS, bytes));
  }

  remove(folder: Folder, name: Uint8Array): void {
    this.#call("remove", SNAP_DESTROY, folder, name, new Uint8Array(ARGS_BYTES), NAME_AT);
  }

  #call(
    action: string,
    request: bigint,
    folder: Folder,
    name: Uint8Array,
    args: Uint8Array<ArrayBuffer>,
    nameAt: number,
  ): void {
    const { descriptor } = linuxFolder(folder);
    this.#name.put(name, action, folder); // a name from a damaged record must not lead elsewhere
    args.set(name, nameAt);
    const where = { path: joinPath(folder.path, name) };
    // `.` is the folder itself, which is never meant here.
    if (isDot(name)) throw new SystemError(action, where.path, "EINVAL");
    this.libc.must(action, where, (call) => call.ioctlBuffer(descriptor, request, args));
  }
}
