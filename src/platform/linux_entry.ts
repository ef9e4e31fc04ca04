import type { Xattr } from "../model/entry.ts";
import type { Libc, LibcCall } from "./libc.ts";
import { AT_EMPTY_PATH } from "./linux_constants.ts";
import { linkTo, NO_NAME } from "./linux_name.ts";
import { statOpen } from "./linux_stat.ts";
import { setModifiedOfPlace } from "./linux_times.ts";
import { type Xattrs, xattrsOfPlace } from "./linux_xattr.ts";
import type { OpenEntry } from "./open_entry.ts";
import type { Stat } from "./stat.ts";

/** An entry of any type, held by a descriptor that opens nothing of it (O_PATH), or an open folder. */
export class LinuxEntry implements OpenEntry {
  /** `keep` leaves the descriptor open, `isFuse` says whether a program gives its file system. */
  constructor(
    private readonly libc: Libc,
    public descriptor: number,
    private readonly where: { readonly path: string },
    private readonly options: { readonly keep: boolean; readonly isFuse: () => boolean },
  ) {}

  get path(): string {
    return this.where.path;
  }

  stat(into: Stat): void {
    this.#must("look at", () => statOpen(this.libc, this.descriptor, into));
  }

  setMode(mode: number): void {
    this.#must("set the mode of", (call) => call.chmod(linkTo(this.descriptor), mode));
  }

  setOwner(uid: number, gid: number): void {
    this.#must(
      "set the owner of",
      (call) => call.fchownat(this.descriptor, NO_NAME, uid, gid, AT_EMPTY_PATH),
    );
  }

  setTimes(sec: number, nsec: number): void {
    const when = { sec, nsec, isFuse: this.options.isFuse() };
    this.#must(
      "set the time of",
      () => setModifiedOfPlace(this.libc, this.descriptor, linkTo(this.descriptor), when),
    );
  }

  xattrs(): Xattr[] {
    return this.#attributes().all();
  }

  setXattr(xattr: Xattr): void {
    this.#attributes().set(xattr);
  }

  removeXattr(name: string): void {
    this.#attributes().remove(name);
  }

  [Symbol.dispose](): void {
    if (this.descriptor < 0) return;
    if (!this.options.keep) this.libc.call.close(this.descriptor);
    this.descriptor = -1;
  }

  #attributes(): Xattrs {
    return xattrsOfPlace(this.libc, this);
  }

  #must(action: string, call: LibcCall): void {
    this.libc.must(action, this, call);
  }
}
