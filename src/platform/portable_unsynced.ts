import { attempt } from "./deno_call.ts";
import { isSystemError } from "./system_error.ts";

/** The files and folders that were changed and are not durable yet. Without syncfs each is synced by itself. */
export class Unsynced {
  readonly #paths = new Set<string>();

  /** Notes a file or folder that was changed. */
  add(path: string): void {
    this.#paths.add(path);
  }

  /** Makes all of it durable. */
  sync(): void {
    for (const path of this.#paths) {
      syncPath(path);
      this.#paths.delete(path);
    }
  }
}

/** fsync of one file or folder, if it is still there. */
export function syncPath(path: string): void {
  try {
    attempt("make durable", path, () => {
      const { isFile, isDirectory } = Deno.lstatSync(path);
      if (!isFile && !isDirectory) return; // it is not ours any more, and to open a FIFO would wait for ever
      using file = Deno.openSync(path, { read: true });
      file.syncSync();
    });
  } catch (error) {
    // If it was removed or renamed, its folder is among the paths too. If we may not read it, its content became durable
    // when it was closed, and nothing more can be done.
    if (!isSystemError(error, "ENOENT", "ENOTDIR", "EACCES")) throw error;
  }
}
