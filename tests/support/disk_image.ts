import { mustRun, run } from "./run.ts";
import { atEndOfFile, tempDir } from "./temp_dir.ts";

/** A file system that a test can have of its own. */
export type DiskKind = "xfs" | "btrfs" | "ext4" | "tmpfs" | "overlay";

/** How a disk is made. */
export interface DiskOptions {
  /** Its size; 320 by default, and at least what its kind needs. The file behind it is sparse. */
  sizeMb?: number;
  /** As small as the kind allows, for tests that fill it; false by default. */
  small?: boolean;
  /** Mounted so that nobody can write, after `fill`; false by default. */
  readOnly?: boolean;
  /** Puts content in before the test sees it; for an overlay into its lower layer. */
  fill?: (path: string) => void | Promise<void>;
}

/** A mounted disk, for `await using`. */
export interface Disk extends AsyncDisposable, Disposable {
  readonly kind: DiskKind;
  /** Where it is mounted. */
  readonly path: string;
  /** Makes it writable or not from now on. */
  remount(mode: "ro" | "rw"): void;
}

/** The smallest that mkfs accepts, in MB. */
const SMALLEST: Record<DiskKind, number> = { xfs: 300, btrfs: 114, ext4: 8, tmpfs: 4, overlay: 0 };

/** Makes and mounts a disk; it is unmounted and deleted when the block ends, busy or not. */
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
    mustRun("mount", "-o", `remount,${mode}`, this.path);
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

/** A fresh folder on a disk that all tests of one file share; a test that fills or remounts the disk needs its own. */
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

/** Unmounts what is mounted there; what still uses it loses only the name, and the loop device goes with the last use. */
export function unmount(path: string): void {
  if (run("mountpoint", "-q", path).code !== 0) return;
  if (run("umount", path).code !== 0) mustRun("umount", "--lazy", path);
}

/** Puts what the disk consists of into a folder. */
function makeDisk(kind: DiskKind, folder: string, options: DiskOptions): void {
  const smallest = SMALLEST[kind];
  const size = options.small ? smallest : Math.max(options.sizeMb ?? 320, smallest);
  for (const layer of ["disk", "lower", "upper", "work"]) Deno.mkdirSync(`${folder}/${layer}`);
  const image = `${folder}/image`;
  Deno.writeFileSync(image, new Uint8Array());
  Deno.truncateSync(image, size * 1024 * 1024);
  if (kind === "xfs") mustRun("mkfs.xfs", "-q", "-m", "reflink=1", image);
  if (kind === "btrfs") mustRun("mkfs.btrfs", "-q", image);
  // What a disk of ordinary size gets; mkfs makes small ones poorer, with little room for attributes.
  if (kind === "ext4") mustRun("mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096", "-I", "256", image);
}

/** Mounts what `makeDisk` put there. */
function mountDisk(kind: DiskKind, folder: string): void {
  const path = `${folder}/disk`;
  if (kind === "tmpfs") {
    const { size } = Deno.statSync(`${folder}/image`);
    mustRun("mount", "-t", "tmpfs", "-o", `size=${size},mode=0755`, "jvs-test", path);
  } else if (kind === "overlay") {
    const layers = `lowerdir=${folder}/lower,upperdir=${folder}/upper,workdir=${folder}/work`;
    mustRun("mount", "-t", "overlay", "-o", layers, "jvs-test", path);
  } else {
    mustRun("mount", "-o", "loop", `${folder}/image`, path);
  }
}
