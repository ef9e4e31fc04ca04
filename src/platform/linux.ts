import { type BytePath, bytesOf, exactTextOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { displayPath, quoted } from "../model/path_text.ts";
import type { Libc } from "./libc.ts";
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_RDONLY } from "./linux_constants.ts";
import { fileSystemOf } from "./linux_file_system.ts";
import { BorrowedFolder, LinuxFolder, linuxFolder } from "./linux_folder.ts";
import { LinuxHost } from "./linux_host.ts";
import { hasMountsBelow, pathOf, servedMountOf, servedMountsBelow } from "./linux_mounts.ts";
import { terminated } from "./linux_name.ts";
import { placesBelow, usersBelow } from "./linux_processes.ts";
import { tellsMountRoots } from "./linux_stat.ts";
import type { Folder, Host, LentFolder, Platform, PlatformAbilities, ServedMount } from "./platform.ts";
import type { PlacesInUse, UserOfFolder } from "./uses_of_folder.ts";
import type { FileSystem } from "./file_system.ts";
import { Stat } from "./stat.ts";
import { SystemError } from "./system_error.ts";

const SLASH = 0x2f;
// The kernel takes 4,095 bytes of a path at a time.
const PATH_AT_ONCE = 4095;

/** Linux through its C library: reads and writes everything that SPEC 4 keeps. */
export class LinuxPlatform implements Platform {
  readonly host: Host;
  #abilities: PlatformAbilities | undefined;

  constructor(readonly libc: Libc) {
    this.host = new LinuxHost(libc);
  }

  get abilities(): PlatformAbilities {
    return this.#abilities ??= {
      byteNames: true,
      exactStat: true,
      xattrs: true,
      holes: true,
      cloneFile: true,
      exchange: true,
      specialFiles: true,
      mountRoots: tellsMountRoots(this.libc, AT_FDCWD),
    };
  }

  openFolder(path: string | BytePath): Folder {
    const bytes = typeof path === "string" ? bytesOf(path) : path;
    const shown = displayPath(bytes);
    if (bytes.length === 0 || bytes.includes(0)) throw new SystemError("open", shown, "EINVAL");
    const where = { path: shown };
    let folder = new LinuxFolder(this.libc, AT_FDCWD, where);
    for (const piece of pieces(bytes, shown)) {
      const name = terminated(piece);
      using before = folder;
      const opened = this.libc.must(
        "open",
        where,
        (call) => call.openat(before.descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0),
      );
      folder = new LinuxFolder(this.libc, opened, where);
    }
    return folder;
  }

  borrow({ descriptor, path }: LentFolder): Folder {
    return new BorrowedFolder(this.libc, descriptor, { path });
  }

  whereIs(folder: Folder): string | undefined {
    const path = pathOf(this.libc, linuxFolder(folder));
    return path && exactTextOf(path);
  }

  hasMountsBelow(folder: Folder): boolean {
    return hasMountsBelow(this.libc, linuxFolder(folder));
  }

  servedMount(path: string): ServedMount | undefined {
    return servedMountOf(this.libc, path);
  }

  servedMountsBelow(folder: Folder): readonly ServedMount[] {
    return servedMountsBelow(this.libc, linuxFolder(folder));
  }

  fileSystem(folder: Folder): FileSystem {
    return fileSystemOf(this.libc, linuxFolder(folder));
  }

  syncFileSystem(folder: Folder): void {
    const { descriptor } = linuxFolder(folder);
    this.libc.must("make durable what was written to", folder, (call) => call.syncfs(descriptor));
  }

  async syncFileSystemAside(folder: Folder): Promise<void> {
    // Another thread has another errno.
    if (await this.libc.call.syncfsAside(linuxFolder(folder).descriptor) === 0) return;
    const { path } = folder;
    throw new JvsError(
      "E_IO",
      `Cannot make durable what was written to ${quoted(path)}: the disk did not take all of it`,
      {
        hint: "It may be full, or failing: see `df`, and `dmesg`.",
        details: { path },
      },
    );
  }

  usersOf(paths: readonly string[]): UserOfFolder[] {
    using processes = this.openFolder("/proc");
    return usersBelow(processes, this.host.pid, paths);
  }

  placesInUse(folder: Folder): PlacesInUse | undefined {
    const path = pathOf(this.libc, linuxFolder(folder));
    if (path === undefined) return undefined;
    using processes = this.openFolder("/proc");
    return placesBelow(this.libc, processes, this.host.pid, path, Stat.ofFolder(folder));
  }
}

/** A path in pieces that are short enough for the kernel, cut at slashes; only the first can be absolute. */
function* pieces(path: Uint8Array, shown: string): Generator<Uint8Array> {
  let start = 0;
  while (path.length - start > PATH_AT_ONCE) {
    const cut = path.lastIndexOf(SLASH, start + PATH_AT_ONCE);
    if (cut <= start) throw new SystemError("open", shown, "ENAMETOOLONG");
    yield path.subarray(start, cut);
    start = cut;
    while (path[start] === SLASH) start++;
  }
  if (start < path.length) yield path.subarray(start);
}
