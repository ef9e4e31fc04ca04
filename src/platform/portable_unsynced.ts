import { attempt } from "./deno_call.ts";
import { isSystemError } from "./system_error.ts";

/** What was changed and is not durable yet: without syncfs each file and folder is made so by itself. */
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
      using file = Deno.openSync(path, { read: true });
      file.syncSync();
    });
  } catch (error) {
    // Removed or renamed since: then its folder is among the paths. Not to be read by us: its content was made durable
    // when it was closed, and no more can be done.
    if (!isSystemError(error, "ENOENT", "ENOTDIR", "EACCES")) throw error;
  }
}
