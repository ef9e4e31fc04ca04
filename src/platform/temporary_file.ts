import { hexOf } from "../model/bytes.ts";
import { randomBytes } from "./clock.ts";
import { attempt } from "./deno_call.ts";

const TEMPORARY = /^\..+\.[0-9a-f]{16}\.tmp$/;

/** Whether a name is that of a `TemporaryFile` which a crash left. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name);
}

/** A file in the making beside the place where it will stand; whatever happens, `using` leaves nothing of it. */
export class TemporaryFile implements Disposable {
  readonly path: string;
  private readonly file: Deno.FsFile;

  /** `place` is the path that the file will have, in a folder that is there. */
  constructor(private readonly place: string) {
    const cut = place.lastIndexOf("/") + 1;
    this.path = `${place.slice(0, cut)}.${place.slice(cut)}.${hexOf(randomBytes(8))}.tmp`;
    this.file = attempt("write", place, () => Deno.openSync(this.path, { write: true, createNew: true }));
  }

  /** Writes all of it behind what was written. */
  write(bytes: Uint8Array): void {
    attempt("write", this.place, () => writeAll(this.file, bytes));
  }

  /** Makes what was written durable, with exactly this mode if one is given. */
  sync(mode?: number): void {
    attempt("write", this.place, () => {
      if (mode !== undefined) Deno.chmodSync(this.path, mode);
      this.file.syncSync();
    });
  }

  /** Puts it in its place, over what stands there; the folder is not yet durable. */
  replace(): void {
    attempt("replace", this.place, () => Deno.renameSync(this.path, this.place));
  }

  [Symbol.dispose](): void {
    this.file.close();
    try {
      Deno.removeSync(this.path);
    } catch {
      // In its place already, or what failed stands in the way of this too: then `isTemporaryName` tells what is left.
    }
  }
}

/** Writes all of the bytes where the file stands. */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
}
