import { type BytePath, exactTextOf } from "../model/bytes.ts";
import { displayPath } from "../model/path_text.ts";
import { byteNameRefused, callDeno } from "./deno_call.ts";
import { DenoHost } from "./host_names.ts";
import { rightsOf } from "./linux_rights.ts";
import { ours, PortableFolder, Unsynced } from "./portable_folder.ts";
import type { Folder, Host, LentFolder, Platform, PlatformAbilities, Rights } from "./platform.ts";
import type { FileSystem } from "./file_system.ts";
import { SystemError } from "./system_error.ts";

const UNKNOWN_NS = 2_000_000_000;

/** A platform with Deno's own calls only. The abilities say what they cannot do. */
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
    const real = callDeno("open", text, () => Deno.realPathSync(text));
    const info = callDeno("open", text, () => Deno.lstatSync(real));
    if (!info.isDirectory) throw new SystemError("open", text, "ENOTDIR");
    return new PortableFolder(real, text, this.#unsynced);
  }

  borrow({ path }: LentFolder): Folder {
    throw new SystemError("use", path, "EINVAL");
  }

  whereIs(folder: Folder): string {
    return ours(folder).real;
  }

  /** Nothing is known, so there may be. */
  hasMountsBelow(): boolean {
    return true;
  }

  servedMount(): undefined {}

  servedMountsBelow(): [] {
    return [];
  }

  /** Nothing is known: the device number is no id, because it changes with each mount. */
  fileSystem(_folder: Folder): FileSystem {
    return {
      kind: "unknown",
      id: "unknown",
      readOnly: false,
      freeBytes: Number.MAX_SAFE_INTEGER,
      metadataCopies: 1,
      freeInodes: Number.MAX_SAFE_INTEGER,
      granularityNs: UNKNOWN_NS,
      changeTimes: true,
    };
  }

  /** Makes durable what was changed through this platform. Changes by other programs are not known here. */
  syncFileSystem(_folder: Folder): void {
    this.#unsynced.sync();
  }

  syncFileSystemAside(_folder: Folder): Promise<void> {
    return Promise.try(() => this.#unsynced.sync());
  }

  /** Without FFI other processes cannot be seen. */
  usersOf(_paths: readonly string[]): [] {
    return [];
  }

  placesInUse(_folder: Folder): undefined {
    return undefined;
  }
}

/** This machine and user as far as Deno tells without the C library. */
class PortableHost extends DenoHost implements Host {
  /** Without /proc this identifies the process only to itself. */
  readonly startTime = `t${Math.round(performance.timeOrigin)}`;
  readonly bootId = "unknown";

  /** /proc is closed. */
  get rights(): Rights {
    return rightsOf(undefined, this.uid, this.gid);
  }

  /** True for every other process: it cannot be checked, and to take a living process for dead would do harm. */
  get isInForeground(): boolean {
    return Deno.stdin.isTerminal();
  }

  isAlive(pid: number, startTime: string): boolean {
    return pid !== this.pid || startTime === this.startTime;
  }
}
