import { bytesOf, hexOf } from "../model/bytes.ts";
import { randomBytes } from "./clock.ts";
import { makeOwnFile } from "./make_own.ts";
import { joinPath } from "./lazy_path.ts";
import type { Folder, OpenFile } from "./platform.ts";
import { isSystemError, SystemError } from "./system_error.ts";

const TEMPORARY = /^\..+\.[0-9a-f]{16}\.tmp$/;

/** Whether a name is that of a `TemporaryFile` that a crash left behind. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name);
}

/** The same of one that was to have the name `of`. */
export function isTemporaryOf(of: string, name: string): boolean {
  return isTemporaryName(name) && name.startsWith(`.${of}.`);
}

/** A file that is written under a temporary name and then gets its own. The end of `using` removes what is left. */
export class TemporaryFile implements Disposable {
  readonly #place: Uint8Array;
  readonly #name: Uint8Array;
  readonly #file: OpenFile;

  /** `name` is its final name in the folder, which must stay open. */
  constructor(private readonly folder: Folder, name: string) {
    this.#place = bytesOf(name);
    this.#name = bytesOf(`.${name}.${hexOf(randomBytes(8))}.tmp`);
    this.#file = this.#reporting("write", () => makeOwnFile(folder, this.#name));
  }

  /** Appends all of the bytes. */
  write(bytes: Uint8Array): void {
    this.#reporting("write", () => this.#file.write(bytes));
  }

  /** Writes all of the bytes at this position; what lies between is a hole where the file system has them. */
  writeAt(bytes: Uint8Array, position: number): void {
    this.#reporting("write", () => this.#file.writeAt(bytes, position));
  }

  /** Gives it this size. */
  truncate(size: number): void {
    this.#reporting("write", () => this.#file.truncate(size));
  }

  /** Gives it exactly this mode. */
  setMode(mode: number): void {
    this.#reporting("change", () => this.#file.setMode(mode));
  }

  /** Its size without holes. */
  dataBytes(): number {
    return this.#reporting("look at", () => this.#file.dataBytes());
  }

  /** Makes what was written durable. */
  sync(): void {
    this.#reporting("write", () => this.#file.sync());
  }

  /** Gives it its final name and replaces a file with that name; the folder is not durable yet. */
  replace(): void {
    this.#reporting("replace", () => this.folder.rename(this.#name, this.folder, this.#place, "replace"));
  }

  /** Gives it its final name, which must be free: EEXIST. */
  take(): void {
    const { folder } = this;
    this.#reporting("create", () => {
      try {
        folder.linkFrom(this.#place, folder, this.#name);
      } catch (error) {
        if (!isSystemError(error, "EPERM", "EOPNOTSUPP", "ENOSYS", "EMLINK")) throw error;
        // No hard links here: an empty file takes the name first, so that only one of two processes succeeds.
        folder.openFile(this.#place, "create")[Symbol.dispose]();
        folder.rename(this.#name, folder, this.#place, "replace");
      }
    });
  }

  [Symbol.dispose](): void {
    try {
      this.#file[Symbol.dispose]();
    } finally {
      this.#removeName();
    }
  }

  #removeName(): void {
    try {
      this.folder.removeFile(this.#name);
    } catch {
      // It has its final name already, or it cannot be removed: `isTemporaryName` finds it later.
    }
  }

  /** Errors name the final file: the temporary name means nothing to a person. */
  #reporting<T>(action: string, call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw new SystemError(action, joinPath(this.folder.path, this.#place), error.errno, error);
    }
  }
}
