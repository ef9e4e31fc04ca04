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
  const folder = tempDir();
  const path = `${folder.path}/disk`;
  Deno.mkdirSync(path);
  const remount = (mode: "ro" | "rw") => void mustRun("mount", "-o", `remount,${mode}`, path);
  const end = () => {
    unmount(path);
    folder[Symbol.dispose]();
  };
  try {
    if (kind === "overlay") await mountOverlay(folder.path, options);
    else mountDevice(kind, folder.path, options);
    if (kind !== "overlay") await options.fill?.(path);
    if (options.readOnly) remount("ro");
  } catch (error) {
    end();
    throw error;
  }
  // deno-lint-ignore require-await -- the interface of `await using`
  return { kind, path, remount, [Symbol.dispose]: end, [Symbol.asyncDispose]: async () => end() };
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

function mountDevice(kind: Exclude<DiskKind, "overlay">, folder: string, options: DiskOptions): void {
  const smallest = SMALLEST[kind];
  const size = options.small ? smallest : Math.max(options.sizeMb ?? 320, smallest);
  if (kind === "tmpfs") {
    mustRun("mount", "-t", "tmpfs", "-o", `size=${size}m,mode=0755`, "jvs-test", `${folder}/disk`);
    return;
  }
  const image = `${folder}/image`;
  Deno.writeFileSync(image, new Uint8Array());
  Deno.truncateSync(image, size * 1024 * 1024);
  if (kind === "xfs") mustRun("mkfs.xfs", "-q", "-m", "reflink=1", image);
  else if (kind === "btrfs") mustRun("mkfs.btrfs", "-q", image);
  else mustRun("mkfs.ext4", "-q", "-F", "-m", "0", image);
  mustRun("mount", "-o", "loop", image, `${folder}/disk`);
}

async function mountOverlay(folder: string, options: DiskOptions): Promise<void> {
  for (const layer of ["lower", "upper", "work"]) Deno.mkdirSync(`${folder}/${layer}`);
  await options.fill?.(`${folder}/lower`);
  const layers = `lowerdir=${folder}/lower,upperdir=${folder}/upper,workdir=${folder}/work`;
  mustRun("mount", "-t", "overlay", "-o", layers, "jvs-test", `${folder}/disk`);
}
