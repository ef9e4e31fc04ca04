import type { Xattr } from "../model/entry.ts";
import { callDeno } from "./deno_call.ts";
import type { OpenEntry } from "./open_entry.ts";
import { fillFrom } from "./portable_file.ts";
import type { Stat } from "./stat.ts";
import { SystemError } from "./system_error.ts";

const OTHERS_MAY_WRITE = 0o022;
const STICKY = 0o1000;

/** What an entry is known by when it is used. */
type Found = Pick<Deno.FileInfo, "ino" | "dev">;

/** An entry by its path. Each call first checks that the path still leads to it. */
export class PortableEntry implements OpenEntry {
  /** `real` is its real path, `folder` that of its folder, `changed` is called after each change. */
  constructor(
    readonly path: string,
    private readonly real: string,
    private readonly folder: string,
    private readonly found: Found,
    private readonly changed: () => void,
  ) {}

  stat(into: Stat): void {
    fillFrom(callDeno("look at", this.path, () => this.#look("look at")), into);
  }

  setMode(mode: number): void {
    this.#set("set the mode of", (found) => {
      this.#requireClosedFolder("set the mode of", found);
      Deno.chmodSync(this.real, mode);
    });
  }

  setOwner(): void {
    throw new SystemError("set the owner of", this.path, "EOPNOTSUPP");
  }

  setTimes(sec: number, nsec: number): void {
    const mtime = new Date(sec * 1000 + Math.floor(nsec / 1_000_000));
    this.#set("set the time of", ({ atime }) => Deno.utimeSync(this.real, atime ?? new Date(), mtime));
  }

  xattrs(): Xattr[] {
    return [];
  }

  setXattr(): void {
    throw new SystemError("set an attribute of", this.path, "EOPNOTSUPP");
  }

  removeXattr(): void {
    throw new SystemError("remove an attribute of", this.path, "EOPNOTSUPP");
  }

  [Symbol.dispose](): void {}

  #set(action: string, set: (found: Deno.FileInfo) => void): void {
    callDeno(action, this.path, () => {
      const found = this.#look(action);
      if (found.isSymlink) throw new SystemError(action, this.path, "EOPNOTSUPP");
      set(found);
      this.changed();
    });
  }

  #look(action: string): Deno.FileInfo {
    const { ino, dev } = this.found;
    const now = Deno.lstatSync(this.real);
    if (now.ino === ino && now.dev === dev) return now;
    throw new SystemError(action, this.path, "EAGAIN");
  }

  /** Between the check and the call others could put anything there, and root may change anything. */
  #requireClosedFolder(action: string, found: Deno.FileInfo): void {
    const { uid, mode } = Deno.lstatSync(this.folder);
    const isClosed = ((mode ?? 0) & OTHERS_MAY_WRITE) === 0 ||
      ((mode ?? 0) & STICKY) !== 0 && found.uid === 0;
    if (Deno.uid() !== 0 || uid === 0 && isClosed) return;
    throw new SystemError(action, this.path, "EOPNOTSUPP");
  }
}
