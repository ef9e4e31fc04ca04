import { hexOf } from "../model/bytes.ts";
import type { Libc } from "./libc.ts";
import { mountIdOf, type Opened, statOpen } from "./linux_stat.ts";
import type { FileSystem } from "./file_system.ts";
import { Stat } from "./stat.ts";

const MAGIC: Record<number, string> = {
  0xef53: "ext4",
  0x58465342: "xfs",
  0x9123683e: "btrfs",
  0x01021994: "tmpfs",
  0x794c7630: "overlay",
  0x65735546: "fuse",
};
const READ_ONLY = 1n;

const FS_IOC_GETFSUUID = 0x80111500n;
const XFS_IOC_FSGEOMETRY_V1 = 0x80705864n;
const BTRFS_IOC_FS_INFO = 0x8400941fn;
const BTRFS_IOC_INO_LOOKUP = 0xd0009412n;
const BTRFS_IOC_SPACE_INFO = 0xc0109414n;
const BTRFS_FIRST_FREE_OBJECTID = 256n;

// struct btrfs_ioctl_space_args: the room for spaces, their count; of each its kind, its size and what is used of it.
const SPACES = 32;
const SPACE_KINDS = { data: 1n, metadata: 4n };
/** How many copies each profile has: RAID1, DUP, RAID10, RAID1C3, RAID1C4. Other profiles have one. */
const COPIES: readonly (readonly [profile: bigint, copies: number])[] = [
  [0x10n, 2],
  [0x20n, 2],
  [0x40n, 2],
  [0x200n, 3],
  [0x400n, 4],
];

// These take times from the kernel's clock, which ticks at least 100 times a second. An overlay shows the times of a
// lower file system, and that is one of these kinds. JuiceFS takes them, finer, from the clock of each mount's host.
const TICKING = ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuse.juicefs"];
// The disk has no room for a change time, so the kernel gives the modification time once an inode was forgotten.
const WITHOUT_CHANGE_TIMES = ["vfat", "msdos", "exfat"];
const TICK_NS = 10_000_000;
const UNKNOWN_NS = 2_000_000_000;

/** Whether something open is on a file system of the kernel that we know, not on one that a program or another machine serves. */
export function isOfKernel(libc: Libc, descriptor: number): boolean {
  const bytes = new Uint8Array(256);
  if (libc.repeat((call) => call.fstatfs(descriptor, bytes)) < 0) return false;
  const kind = MAGIC[new Uint32Array(bytes.buffer)[0] as number];
  return kind !== undefined && kind !== "fuse";
}

/** The file system that an open file or folder is on. */
export function fileSystemOf(libc: Libc, open: Opened): FileSystem {
  const bytes = new Uint8Array(256);
  libc.must("ask for the file system of", open, (call) => call.fstatfs(open.descriptor, bytes));
  // struct statfs: type, block size, blocks, free, available, files, free files, id, longest name, fragment size, flags.
  const fields = new BigInt64Array(bytes.buffer);
  const field = (index: number) => fields[index] as bigint;
  const mount = mountOf(libc, open.descriptor);
  const kind = MAGIC[Number(BigInt.asUintN(32, field(0)))] ?? "";
  const blockSize = field(9) > 0n ? field(9) : field(1);
  const exact = kind === "" || kind === "fuse" ? mount.type ?? (kind || "unknown") : kind;
  return {
    kind: exact,
    id: idOf(libc, open, exact, field(7), mount.source),
    readOnly: (field(10) & READ_ONLY) !== 0n,
    freeBytes: Number(field(4) * blockSize),
    metadataCopies: exact === "btrfs" ? metadataCopiesOf(libc, open.descriptor) : 1,
    // The kernel says 0 of 0 when the file system makes inodes on demand.
    freeInodes: field(5) === 0n ? Number.MAX_SAFE_INTEGER : Number(field(6)),
    granularityNs: TICKING.includes(exact) ? TICK_NS : UNKNOWN_NS,
    changeTimes: !WITHOUT_CHANGE_TIMES.includes(exact),
  };
}

/**
 * An id that is the same for every kernel version and every user: otherwise an upgrade would look like another disk.
 * So the file system's own, older call comes first.
 */
function idOf(libc: Libc, open: Opened, kind: string, fsid: bigint, source: string): string {
  if (kind === "fuse.juicefs" && source !== "") return `juicefs:${source.replace(/^JuiceFS:/, "")}`;
  if (kind === "xfs") {
    const geometry = ioctlAnswer(libc, open.descriptor, XFS_IOC_FSGEOMETRY_V1, new Uint8Array(112));
    if (geometry) return `xfs:${uuid(geometry.subarray(64, 80))}`;
  }
  if (kind === "btrfs") {
    const info = ioctlAnswer(libc, open.descriptor, BTRFS_IOC_FS_INFO, new Uint8Array(1024));
    const subvolume = info && subvolumeOf(libc, open.descriptor);
    if (info && subvolume !== undefined) return `btrfs:${uuid(info.subarray(16, 32))}:${subvolume}`;
  }
  const short = BigInt.asUintN(64, fsid).toString(16).padStart(16, "0");
  // ext4 and btrfs compute this number from the UUID (and the subvolume).
  if (kind === "ext4" || kind === "btrfs") return `${kind}:${short}`;
  const uuidAnswer = ioctlAnswer(libc, open.descriptor, FS_IOC_GETFSUUID, new Uint8Array(17));
  if (uuidAnswer?.[0] === 16) return `${kind}:${uuid(uuidAnswer.subarray(1))}`;
  if (fsid !== 0n) return `${kind}:${short}`;
  const stat = new Stat();
  libc.must("look at", open, () => statOpen(libc, open.descriptor, stat));
  // No id outlives the mount (`outlivesMount`). This one is unique at least until the machine restarts.
  return `${kind}:${source}:${stat.devMajor}:${stat.devMinor}:${bootIdOf(libc)}`;
}

/** The btrfs subvolume that something open is in; every user may ask this about the first inode. */
function subvolumeOf(libc: Libc, descriptor: number): bigint | undefined {
  const question = new Uint8Array(4096);
  const fields = new BigUint64Array(question.buffer);
  fields[1] = BTRFS_FIRST_FREE_OBJECTID;
  return ioctlAnswer(libc, descriptor, BTRFS_IOC_INO_LOOKUP, question) && fields[0];
}

/** How many copies btrfs makes of metadata, for one of data. `df` counts the space of all copies, in units of a copy of data. */
function metadataCopiesOf(libc: Libc, descriptor: number): number {
  const fields = new BigUint64Array(2 + 3 * SPACES);
  fields[0] = BigInt(SPACES);
  const answer = ioctlAnswer(libc, descriptor, BTRFS_IOC_SPACE_INFO, new Uint8Array(fields.buffer));
  if (answer === undefined) return 1;
  const copiesOf = (kind: bigint) => {
    for (let i = 0; i < Number(fields[1]); i++) {
      const profile = fields[2 + 3 * i] as bigint;
      if ((profile & kind) !== 0n) return COPIES.find(([bit]) => (profile & bit) !== 0n)?.[1] ?? 1;
    }
    return 1;
  };
  return copiesOf(SPACE_KINDS.metadata) / copiesOf(SPACE_KINDS.data);
}

function ioctlAnswer(libc: Libc, descriptor: number, request: bigint, answer: Uint8Array<ArrayBuffer>) {
  return libc.repeat((call) => call.ioctlBuffer(descriptor, request, answer)) < 0 ? undefined : answer;
}

function uuid(bytes: Uint8Array): string {
  const hex = hexOf(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** The kernel's own name for this boot. */
export function bootIdOf(libc: Libc): string {
  return libc.readText("/proc/sys/kernel/random/boot_id")?.trim() ?? "unknown";
}

/** Type and source of the mount, from a line such as `36 35 0:25 / /mnt rw - fuse.juicefs JuiceFS:name rw`. */
function mountOf(libc: Libc, descriptor: number): { type: string | undefined; source: string } {
  const id = mountIdOf(libc, descriptor);
  const lines = id === undefined ? [] : libc.readText("/proc/self/mountinfo")?.split("\n") ?? [];
  const line = lines.find((text) => text.startsWith(`${id} `));
  const [type, source = ""] = line?.split(" - ")[1]?.split(" ") ?? [];
  return { type, source };
}
