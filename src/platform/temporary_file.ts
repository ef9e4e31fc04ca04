import { bytesOf, hexOf } from "../model/bytes.ts";
import { randomBytes } from "./clock.ts";
import { makeOwnFile } from "./make_own.ts";
import { joinPath } from "./lazy_path.ts";
import type { Folder, OpenFile } from "./platform.ts";
import { isSystemError, SystemError } from "./system_error.ts";

const TEMPORARY = /^\..+\.[0-9a-f]{16}\.tmp$/;

/** Whether a name is that of a `TemporaryFile` which a crash left. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name);
}

/** A file in the making beside the place where it will stand; whatever happens, `using` leaves nothing of it. */
export class TemporaryFile implements Disposable {
  readonly #folder: Folder;
  readonly #place: Uint8Array;
  readonly #name: Uint8Array;
  readonly #file: OpenFile;

  /** `name` is what it will be called in the folder, which must stay open. */
  constructor(folder: Folder, name: string) {
    this.#folder = folder;
    this.#place = bytesOf(name);
    this.#name = bytesOf(`.${name}.${hexOf(randomBytes(8))}.tmp`);
    this.#file = this.#told("write", () => makeOwnFile(folder, this.#name));
  }

  /** Writes all of it behind what was written. */
  write(bytes: Uint8Array): void {
    this.#told("write", () => this.#file.write(bytes));
  }

  /** Makes what was written durable. */
  sync(): void {
    this.#told("write", () => this.#file.sync());
  }

  /** Puts it in its place, over what stands there; the folder is not yet durable. */
  replace(): void {
    this.#told("replace", () => this.#folder.rename(this.#name, this.#folder, this.#place, "replace"));
  }

  /** Puts it in its place, which must be free: EEXIST. */
  take(): void {
    const { folder, name, place } = { folder: this.#folder, name: this.#name, place: this.#place };
    this.#told("create", () => {
      try {
        folder.linkFrom(place, folder, name);
      } catch (error) {
        if (!isSystemError(error, "EPERM", "EOPNOTSUPP", "ENOSYS", "EMLINK")) throw error;
        // No hard links here: an empty file takes the name first, so that of two only one goes on.
        folder.openFile(place, "create")[Symbol.dispose]();
        folder.rename(name, folder, place, "replace");
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
      this.#folder.removeFile(this.#name);
    } catch {
      // In its place already, or what failed stands in the way of this too: then `isTemporaryName` tells what is left.
    }
  }

  /** A failure is told of the file that is to be: its name for the moment says nothing to a person. */
  #told<T>(action: string, call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw new SystemError(action, joinPath(this.#folder.path, this.#place), error.errno, error);
    }
  }
}
