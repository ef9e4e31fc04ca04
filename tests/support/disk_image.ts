import { mustRun, run } from "./run.ts";
import { makeVolume, metadataOf, mountVolume } from "./juicefs.ts";
import { atEndOfFile, tempDir } from "./temp_dir.ts";

/** A kind of file system that a test can make. */
export type DiskKind = "xfs" | "btrfs" | "ext4" | "tmpfs" | "overlay" | "juicefs" | PoorKind;

/** A file system that keeps little of what SPEC 4 lists, by a program (FUSE): the kernel's own is often not there. */
export type PoorKind = "ntfs" | "exfat";

/** How to make a disk. */
export interface DiskOptions {
  /** The size; 320 by default, and at least the minimum of its kind. The image file is sparse. */
  sizeMb?: number;
  /** As small as its kind allows, for tests that fill the disk; false by default. */
  small?: boolean;
  /** How many inodes an ext4 gets; as many as mkfs thinks right by default. */
  inodes?: number;
  /** Mounted read-only after `fill`; false by default. */
  readOnly?: boolean;
  /** Puts content on the disk before the test; for an overlay into its lower layer. */
  fill?: (path: string) => void | Promise<void>;
}

/** A mounted disk, for `await using`. */
export interface Disk extends AsyncDisposable, Disposable {
  readonly kind: DiskKind;
  /** The mount point. */
  readonly path: string;
  /** Makes the disk writable or read-only. */
  remount(mode: "ro" | "rw"): void;
}

/** The smallest that mkfs accepts, in MB. */
const SMALLEST: Record<DiskKind, number> = {
  xfs: 300,
  btrfs: 114,
  ext4: 8,
  tmpfs: 4,
  overlay: 0,
  juicefs: 0,
  ntfs: 8,
  exfat: 8,
};

/** What mount calls the programs. */
const PROGRAMS: Record<PoorKind, string> = { ntfs: "ntfs-3g", exfat: "exfat-fuse" };

/** Makes and mounts a disk (of JuiceFS, one host's mount of a volume); it is unmounted and deleted when the block ends, busy or not. */
export async function diskImage(kind: DiskKind, options: DiskOptions = {}): Promise<Disk> {
  const disk = new MountedDisk(kind);
  try {
    makeDisk(kind, disk.folder.path, options);
    if (kind === "overlay") await options.fill?.(`${disk.folder.path}/lower`);
    mountDisk(kind, disk.folder.path);
    if (kind !== "overlay") await options.fill?.(disk.path);
    if (options.readOnly) disk.remount("ro");
  } catch (error) {
    disk[Symbol.dispose]();
    throw error;
  }
  return disk;
}

/** Whether a disk of this kind can be made and mounted: throws with the reason if not. */
export function tryDisk(kind: DiskKind): void {
  using disk = new MountedDisk(kind);
  makeDisk(kind, disk.folder.path, { small: true });
  mountDisk(kind, disk.folder.path);
}

class MountedDisk implements Disk {
  readonly folder = tempDir();
  readonly path = `${this.folder.path}/disk`;

  constructor(readonly kind: DiskKind) {}

  remount(mode: "ro" | "rw"): void {
    mustRun("mount", "-i", "-o", `remount,${mode}`, this.path); // -i: no helper of its own, which FUSE has
  }

  [Symbol.dispose](): void {
    unmount(this.path);
    this.folder[Symbol.dispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    return Promise.resolve();
  }
}

const shared = new Map<DiskKind, Promise<Disk>>();

/** A new folder on a disk that all tests of one file share. A test that fills or remounts the disk needs its own disk. */
export async function sharedDisk(kind: DiskKind): Promise<Disposable & { readonly path: string }> {
  let disk = shared.get(kind);
  if (disk === undefined) {
    disk = diskImage(kind, { sizeMb: 2048 });
    shared.set(kind, disk);
    const made = await disk;
    atEndOfFile(() => made[Symbol.dispose]());
  }
  return tempDir({ parent: (await disk).path });
}

/** Unmounts a disk. A process that uses it loses only the name; the loop device goes with the last use. */
export function unmount(path: string): void {
  for (const how of [[], ["--lazy"]]) if (run("umount", ...how, path).code === 0) return;
  if (run("mountpoint", "-q", path).code === 0) throw new Error(`${path} cannot be unmounted`);
}

/** Makes the image of the disk in a folder. */
function makeDisk(kind: DiskKind, folder: string, options: DiskOptions): void {
  if (kind === "juicefs") return makeVolume(folder);
  const smallest = SMALLEST[kind];
  const size = options.small ? smallest : Math.max(options.sizeMb ?? 320, smallest);
  for (const layer of ["disk", "lower", "upper", "work"]) Deno.mkdirSync(`${folder}/${layer}`);
  const image = `${folder}/image`;
  Deno.writeFileSync(image, new Uint8Array());
  Deno.truncateSync(image, size * 1024 * 1024);
  if (kind === "xfs") mustRun("mkfs.xfs", "-q", "-m", "reflink=1", image);
  if (kind === "btrfs") mustRun("mkfs.btrfs", "-q", image);
  if (kind === "ntfs") mustRun("mkfs.ntfs", "-q", "-F", "-Q", image); // -F: it is no device, -Q: does not write all of it
  if (kind === "exfat") mustRun("mkfs.exfat", image);
  // The inode size of a disk of usual size; mkfs gives small disks less room for attributes.
  if (kind === "ext4") {
    const inodes = options.inodes === undefined ? [] : ["-N", String(options.inodes)];
    mustRun("mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096", "-I", "256", ...inodes, image);
  }
}

/** Mounts the image that `makeDisk` made. */
function mountDisk(kind: DiskKind, folder: string): void {
  const path = `${folder}/disk`;
  if (kind === "juicefs") return mountVolume(metadataOf(folder), path, { cache: `${folder}/cache` });
  if (kind === "tmpfs") {
    const { size } = Deno.statSync(`${folder}/image`);
    mustRun("mount", "-t", "tmpfs", "-o", `size=${size},mode=0755`, "jvs-test", path);
  } else if (kind === "overlay") {
    const layers = `lowerdir=${folder}/lower,upperdir=${folder}/upper,workdir=${folder}/work`;
    mustRun("mount", "-t", "overlay", "-o", layers, "jvs-test", path);
  } else {
    const program = kind === "ntfs" || kind === "exfat" ? ["-t", PROGRAMS[kind]] : [];
    mustRun("mount", ...program, "-o", "loop", `${folder}/image`, path);
  }
}
