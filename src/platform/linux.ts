import { type BytePath, bytesOf, exactTextOf, textOf } from "../model/bytes.ts";
import { displayPath } from "../model/path_text.ts";
import type { Libc } from "./libc.ts";
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_RDONLY } from "./linux_constants.ts";
import { fileSystemOf } from "./linux_file_system.ts";
import { BorrowedFolder, LinuxFolder, linuxFolder } from "./linux_folder.ts";
import { LinuxHost } from "./linux_host.ts";
import { hasMountsBelow, pathOf } from "./linux_mounts.ts";
import { terminated } from "./linux_name.ts";
import { tellsMountRoots } from "./linux_stat.ts";
import type {
  FileSystem,
  Folder,
  Host,
  LentFolder,
  Platform,
  PlatformAbilities,
  UserOfFolder,
} from "./platform.ts";
import { SystemError, unlessFailed } from "./system_error.ts";

const SLASH = 0x2f;
// The kernel takes 4,095 bytes of a path at a time.
const PATH_AT_ONCE = 4095;
// Names in /proc/<pid>.
const [CWD, FD, COMM] = [bytesOf("cwd"), bytesOf("fd"), bytesOf("comm")];

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

  fileSystem(folder: Folder): FileSystem {
    return fileSystemOf(this.libc, linuxFolder(folder));
  }

  syncFileSystem(folder: Folder): void {
    const { descriptor } = linuxFolder(folder);
    this.libc.must("make durable what was written to", folder, (call) => call.syncfs(descriptor));
  }

  /** The system shows the processes of other users only to root. */
  usersOf(path: string): UserOfFolder[] {
    const found: UserOfFolder[] = [];
    using processes = this.openFolder("/proc");
    const listing = processes.list();
    for (let i = 0; i < listing.count; i++) {
      const pid = Number(textOf(listing.name(i)));
      if (!Number.isSafeInteger(pid) || pid === this.host.pid) continue;
      // A process that ends during the search, or that we may not look at, is left out.
      const uses = unlessFailed([], () => usedBy(processes, listing.name(i), path));
      if (uses !== undefined) found.push({ pid, ...uses });
    }
    return found;
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

function usedBy(processes: Folder, pid: Uint8Array, path: string): Omit<UserOfFolder, "pid"> | undefined {
  using process = processes.openFolder(pid);
  const standsIn = isBelow(textOf(process.readLink(CWD)), path);
  if (!standsIn && !hasOpenFile(process, path)) return undefined;
  using file = process.openFile(COMM, "read");
  const name = new Uint8Array(64);
  return { name: textOf(name.subarray(0, file.read(name))).trim(), uses: standsIn ? "folder" : "file" };
}

function hasOpenFile(process: Folder, path: string): boolean {
  using files = process.openFolder(FD);
  const listing = files.list();
  for (let i = 0; i < listing.count; i++) {
    const target = unlessFailed([], () => files.readLink(listing.name(i))); // it may be closed after it was listed
    if (target !== undefined && isBelow(textOf(target), path)) return true;
  }
  return false;
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
