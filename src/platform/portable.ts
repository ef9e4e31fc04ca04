import { type BytePath, exactTextOf } from "../model/bytes.ts";
import { displayPath } from "../model/path_text.ts";
import { attempt, byteNameRefused } from "./deno_call.ts";
import { PortableFolder } from "./portable_folder.ts";
import { PortableHost } from "./portable_host.ts";
import { Unsynced } from "./portable_unsynced.ts";
import type { FileSystem, Folder, Host, Platform, PlatformAbilities } from "./platform.ts";
import { SystemError } from "./system_error.ts";

const UNKNOWN_NS = 2_000_000_000;

/** Deno's own calls alone: what they cannot do, the abilities say. Paths are put together from names. */
export class PortablePlatform implements Platform {
  readonly host: Host = new PortableHost();
  readonly abilities: PlatformAbilities = {
    byteNames: false,
    exactStat: false,
    xattrs: false,
    holes: false,
    cloneFile: false,
    exchange: false,
    specialFiles: false,
    mountRoots: false,
  };
  readonly #unsynced = new Unsynced();

  openFolder(path: string | BytePath): Folder {
    const text = typeof path === "string" ? path : exactTextOf(path);
    if (text === undefined) throw byteNameRefused("open", displayPath(path as BytePath));
    const real = attempt("open", text, () => Deno.realPathSync(text));
    const info = attempt("open", text, () => Deno.lstatSync(real));
    if (!info.isDirectory) throw new SystemError("open", text, "ENOTDIR");
    return new PortableFolder(real, text, this.#unsynced);
  }

  /** Only a device number is known, which is no id as it does not outlive mounting; and nothing of space. */
  fileSystem(_folder: Folder): FileSystem {
    return {
      kind: "unknown",
      id: "unknown",
      readOnly: false,
      freeBytes: Number.MAX_SAFE_INTEGER,
      freeInodes: Number.MAX_SAFE_INTEGER,
      granularityNs: UNKNOWN_NS,
    };
  }

  /** Every file and folder that was changed through this platform since; what others wrote is not known here. */
  syncFileSystem(_folder: Folder): void {
    this.#unsynced.sync();
  }

  /** The system tells of no other process without FFI. */
  usersOf(_path: string): [] {
    return [];
  }
}
