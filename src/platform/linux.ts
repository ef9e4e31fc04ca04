import { type BytePath, bytesOf } from "../model/bytes.ts";
import { displayPath } from "../model/path_text.ts";
import type { Libc } from "./libc.ts";
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_RDONLY } from "./linux_constants.ts";
import { fileSystemOf } from "./linux_file_system.ts";
import { descriptorOf, LinuxFolder } from "./linux_folder.ts";
import { LinuxHost } from "./linux_host.ts";
import { terminated } from "./linux_name.ts";
import { tellsMountRoots } from "./linux_stat.ts";
import { usersOf } from "./linux_users_of.ts";
import type { FileSystem, Folder, Host, Platform, PlatformAbilities, UserOfFolder } from "./platform.ts";
import { SystemError } from "./system_error.ts";

const SLASH = 0x2f;
// The kernel takes 4,095 bytes of a path at a time.
const PATH_AT_ONCE = 4095;

/** Linux through its C library: reads and writes everything that SPEC 4 keeps. */
export class LinuxPlatform implements Platform {
  readonly host: Host;
  readonly #libc: Libc;
  #abilities: PlatformAbilities | undefined;

  constructor(libc: Libc) {
    this.#libc = libc;
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
      mountRoots: tellsMountRoots(this.#libc, AT_FDCWD),
    };
  }

  openFolder(path: string | BytePath): Folder {
    const bytes = typeof path === "string" ? bytesOf(path) : path;
    const shown = displayPath(bytes);
    if (bytes.length === 0 || bytes.includes(0)) throw new SystemError("open", shown, "EINVAL");
    let folder = new LinuxFolder(this.#libc, AT_FDCWD, { path: shown });
    for (const piece of pieces(bytes, shown)) {
      const name = terminated(piece);
      const { descriptor } = folder;
      using _done = folder;
      const opened = this.#libc.must(
        "open",
        shown,
        () => this.#libc.call.openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0),
      );
      folder = new LinuxFolder(this.#libc, opened, { path: shown });
    }
    return folder;
  }

  fileSystem(folder: Folder): FileSystem {
    return fileSystemOf(this.#libc, { descriptor: descriptorOf(folder), path: folder.path });
  }

  syncFileSystem(folder: Folder): void {
    const descriptor = descriptorOf(folder);
    this.#libc.must("make durable what was written to", folder, () => this.#libc.call.syncfs(descriptor));
  }

  usersOf(path: string): UserOfFolder[] {
    return usersOf(this, path, this.host.pid);
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
