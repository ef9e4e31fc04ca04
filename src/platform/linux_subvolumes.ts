import { hexOf } from "../model/bytes.ts";
import { isDot, joinPath } from "./lazy_path.ts";
import type { Libc, LibcSymbols } from "./libc.ts";
import { fileSystemOf } from "./linux_file_system.ts";
import { linuxFolder } from "./linux_folder.ts";
import { NameBuffer } from "./linux_name.ts";
import { type Folder } from "./platform.ts";
import { SUBVOLUME_INODE } from "./file_system.ts";
import { Stat } from "./stat.ts";
import type { Subvolumes, SubvolumeState } from "./subvolumes.ts";
import { SystemError, unlessFailed } from "./system_error.ts";

const SNAP_DESTROY = 0x5000940fn;
const SNAP_CREATE_V2 = 0x50009417n;
const SUBVOL_CREATE_V2 = 0x50009418n;
const SUBVOL_GETFLAGS = 0x80089419n;
const SUBVOL_SETFLAGS = 0x4008941an;
const GET_SUBVOL_INFO = 0x81f8943cn;
const TREE_SEARCH_V2 = 0xc0709411n;
const READ_ONLY = 2n;

// struct btrfs_ioctl_vol_args: a descriptor, then the name. The second form has 56 bytes before the name.
const ARGS_BYTES = 4096;
const NAME_AT = 8;
const NAME_AT_V2 = 56;

// struct btrfs_ioctl_get_subvol_info_args.
const INFO_BYTES = 504;
const INFO_GENERATION_AT = 280;
const INFO_UUID_AT = 296;

// struct btrfs_ioctl_search_args_v2: the question in numbers of 64 bits, the room for answers, the answers.
const QUESTION = {
  firstInode: 1,
  lastInode: 2,
  lastOffset: 4,
  fromTransaction: 5,
  toTransaction: 6,
  room: 13,
};
const TYPES_AT = 56;
const COUNT_AT = 64;
const ANSWERS_AT = 112;
const ROOM = 256 * 1024;
const ALL = 2n ** 64n - 1n;
const MOST_AT_ONCE = 2 ** 32 - 1;
// struct btrfs_ioctl_search_header: transaction of the block, inode, offset, type, length. Then struct btrfs_inode_item.
const HEADER_BYTES = 32;
const INODE_ITEM = 1;
const ITEM_TRANSACTION_AT = 8;
const ITEM_LINKS_AT = 40;

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

  state(root: Folder): SubvolumeState | undefined {
    const { descriptor } = linuxFolder(root);
    const info = new Uint8Array(INFO_BYTES);
    return unlessFailed([], () => {
      this.libc.must("look at", root, (call) => call.ioctlBuffer(descriptor, GET_SUBVOL_INFO, info));
      const uuid = hexOf(info.subarray(INFO_UUID_AT, INFO_UUID_AT + 16));
      const generation = Number(new DataView(info.buffer).getBigUint64(INFO_GENERATION_AT, true));
      return /^0*$/.test(uuid) ? undefined : { uuid, generation };
    });
  }

  changedSince(root: Folder, generation: number, most: number): ReadonlySet<number> | undefined {
    const found = new Set<number>();
    const { descriptor } = linuxFolder(root);
    const answer = new DataView(new ArrayBuffer(ANSWERS_AT + ROOM));
    const bytes = new Uint8Array(answer.buffer);
    const ask = (call: LibcSymbols) => call.ioctlBuffer(descriptor, TREE_SEARCH_V2, bytes);
    for (let first = 0; found.size <= most;) {
      fillQuestion(answer, first, generation + 1);
      if (unlessFailed([], () => this.libc.must("look at", root, ask)) === undefined) return undefined;
      const last = takeInodes(answer, generation, found);
      if (last === undefined) return found;
      first = last + 1;
    }
    return undefined;
  }

  waitingBytes(folder: Folder): number | undefined {
    const [, uuid] = fileSystemOf(this.libc, linuxFolder(folder)).id.split(":");
    const reserved = this.libc.readText(`/sys/fs/btrfs/${uuid}/allocation/data/bytes_may_use`);
    return reserved === undefined ? undefined : Number(reserved);
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

/** Asks for the inodes from the given one on, in the blocks that were written in this transaction or later. */
function fillQuestion(into: DataView, firstInode: number, fromTransaction: number): void {
  const set = (word: number, value: bigint) => into.setBigUint64(word * 8, value, true);
  for (let word = 0; word < QUESTION.room; word++) set(word, 0n);
  set(QUESTION.firstInode, BigInt(firstInode));
  set(QUESTION.lastInode, ALL);
  set(QUESTION.lastOffset, ALL);
  set(QUESTION.fromTransaction, BigInt(fromTransaction));
  set(QUESTION.toTransaction, ALL);
  set(QUESTION.room, BigInt(ROOM));
  into.setUint32(TYPES_AT, INODE_ITEM, true);
  into.setUint32(TYPES_AT + 4, INODE_ITEM, true);
  into.setUint32(COUNT_AT, MOST_AT_ONCE, true);
}

/** Adds the inodes that changed after a generation, but those that have no name. Returns the last of all; undefined if there is none. */
function takeInodes(answer: DataView, generation: number, found: Set<number>): number | undefined {
  const count = answer.getUint32(COUNT_AT, true);
  let last: number | undefined;
  for (let i = 0, at = ANSWERS_AT; i < count; i++) {
    const item = at + HEADER_BYTES;
    last = Number(answer.getBigUint64(at + 8, true));
    // The answer has whole blocks: inodes that did not change too, and what is between them, which is of other types.
    const isChanged = answer.getUint32(at + 24, true) === INODE_ITEM &&
      Number(answer.getBigUint64(item + ITEM_TRANSACTION_AT, true)) > generation;
    if (isChanged && answer.getUint32(item + ITEM_LINKS_AT, true) > 0) found.add(last);
    at = item + answer.getUint32(at + 28, true);
  }
  return last;
}
