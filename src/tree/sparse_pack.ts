import { bytesOf } from "../model/bytes.ts";
import type { Folder } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { TemporaryFile } from "../platform/temporary_file.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import { PACK_HEADER } from "./manifest_form.ts";
import { packName } from "./manifest_packs.ts";

/** Holes have whole blocks of the file system. */
const PAGE = 4096;
/** The least that is worth a rewrite. */
const LEAST_FREED = 16 * PAGE;
const PIECE = 256 * PAGE;

/** A pack, and which pages of it are in use: where an index that stays has blocks. */
export class PackInUse {
  private readonly pages: Uint8Array;
  private used = 0;

  private constructor(
    readonly id: string,
    private readonly size: number,
    /** How many bytes it takes now. */
    readonly bytes: number,
  ) {
    this.pages = new Uint8Array(Math.ceil(size / PAGE));
    this.add(0, PACK_HEADER);
  }

  /** A pack of which no block is known to be in use. */
  static open(folder: Folder, id: string): PackInUse {
    using file = folder.openFile(bytesOf(packName(id)), "read");
    return new PackInUse(id, Stat.ofFile(file).size, file.dataBytes());
  }

  /** These bytes are in use. */
  add(offset: number, length: number): void {
    const last = Math.min(Math.ceil((offset + length) / PAGE), this.pages.length);
    for (let page = Math.floor(offset / PAGE); page < last; page++) {
      if (this.pages[page] === 1) continue;
      this.pages[page] = 1;
      this.used += PAGE;
    }
  }

  /** Whether more than half of what it takes would come free. */
  get isMostlyUnused(): boolean {
    const free = this.bytes - this.used;
    return free >= LEAST_FREED && free > this.bytes / 2;
  }

  /**
   * Writes the pack again with holes where it is not in use, durably but for its folder. Each block keeps its place, because an
   * index never changes. Who has the old file open goes on reading that. Returns how many bytes came free: 0 if the
   * file system has no holes, and then nothing was changed.
   */
  async shrink(folder: Folder, signal?: AbortSignal): Promise<number> {
    const slice = new TimeSlice(signal);
    using old = folder.openFile(bytesOf(packName(this.id)), "read");
    using written = new TemporaryFile(folder, packName(this.id));
    const buffer = new Uint8Array(PIECE);
    for (const [start, end] of this.ranges()) {
      for (let position = start; position < end;) {
        const read = old.readAt(buffer.subarray(0, Math.min(PIECE, end - position)), position);
        if (read === 0) return 0; // cut since it was looked at: `verify` reports that
        written.writeAt(buffer.subarray(0, read), position);
        position += read;
        if (slice.isOver()) await slice.yield();
      }
    }
    written.truncate(this.size);
    const freed = this.bytes - written.dataBytes();
    if (freed < LEAST_FREED) return 0;
    written.sync();
    written.replace();
    return freed;
  }

  /** The pages in use, those next to each other together. */
  private *ranges(): Generator<readonly [start: number, end: number]> {
    const { pages, size } = this;
    for (let first = pages.indexOf(1); first !== -1;) {
      const next = pages.indexOf(0, first);
      const end = next === -1 ? pages.length : next;
      yield [first * PAGE, Math.min(end * PAGE, size)];
      first = pages.indexOf(1, end);
    }
  }
}
