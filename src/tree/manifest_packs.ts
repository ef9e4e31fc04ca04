import { type Folder, type OpenFile, Stat } from "../platform/platform.ts";
import { TemporaryFile } from "../platform/temporary_file.ts";
import { bytesOf } from "../model/bytes.ts";
import { ByteSink } from "./byte_sink.ts";
import { ByteSource, Damage, inFile } from "./byte_source.ts";
import { PACK_HEADER, PACK_MAGIC, VERSION } from "./manifest_form.ts";
import { type BlockPlace, checkHeader } from "./manifest_index.ts";
import { sha256 } from "./sha256.ts";
import { HASH_BYTES } from "./table.ts";

const CHUNK = 256 * 1024;
const TOO_SHORT = "it ends too early";

/** The name of the pack that a snapshot's manifest wrote. */
export function packName(id: string): string {
  return `${id}.pack`;
}

/** The packs in a folder of manifests, opened when they are first read. */
export class PackReader implements Disposable {
  private readonly packs = new Map<string, Pack>();

  /** The folder stays the caller's, and open. */
  constructor(private readonly folder: Folder) {}

  /** Makes sure that a block can be there. */
  check(place: BlockPlace): void {
    this.open(place).check(place.offset, place.length);
  }

  /** A block's bytes, unchecked; they stay good. */
  read(place: BlockPlace): Uint8Array {
    return this.open(place).read(place.offset, place.length);
  }

  private open(place: BlockPlace): Pack {
    let pack = this.packs.get(place.pack);
    if (pack === undefined) {
      pack = new Pack(this.folder.openFile(bytesOf(packName(place.pack)), "read"));
      this.packs.set(place.pack, pack);
    }
    return pack;
  }

  [Symbol.dispose](): void {
    for (const pack of this.packs.values()) pack[Symbol.dispose]();
  }
}

class Pack implements Disposable {
  private readonly size: number;
  /** What was read last, and where it stands: blocks mostly follow one another. */
  private window = new Uint8Array();
  private windowStart = 0;

  constructor(private readonly file: OpenFile) {
    const { path } = file;
    try {
      const stat = new Stat();
      file.stat(stat);
      this.size = stat.size;
      const header = this.read(0, Math.min(this.size, PACK_HEADER));
      inFile(path, () => checkHeader(new ByteSource(header), PACK_MAGIC));
    } catch (error) {
      file[Symbol.dispose]();
      throw error;
    }
  }

  check(offset: number, length: number): void {
    if (length > this.size - offset) throw new Damage(TOO_SHORT, this.file.path);
  }

  read(offset: number, length: number): Uint8Array {
    this.check(offset, length);
    const start = offset - this.windowStart;
    if (start < 0 || start + length > this.window.length) return this.fill(offset, length);
    return this.window.subarray(start, start + length);
  }

  private fill(offset: number, length: number): Uint8Array {
    // Made anew, so that views of the last one stay good.
    this.window = new Uint8Array(Math.min(Math.max(CHUNK, length), this.size - offset));
    this.windowStart = offset;
    for (let done = 0; done < this.window.length;) {
      const read = this.file.readAt(this.window.subarray(done), offset + done);
      if (read === 0) throw new Damage(TOO_SHORT, this.file.path);
      done += read;
    }
    return this.window.subarray(0, length);
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }
}

/** Writes a pack piece by piece; nothing is on disk before the first piece is full. */
export class PackWriter implements Disposable {
  /** Where a block is written before it is known whether it stays. */
  readonly sink = new ByteSink();
  private file: TemporaryFile | undefined;
  private written = 0;
  private waiting: { hash: Uint8Array; start: number; end: number }[] = [];

  constructor(private readonly folder: Folder, private readonly id: string) {
    this.sink.bytes(bytesOf(PACK_MAGIC));
    this.sink.byte(VERSION);
  }

  /** Keeps what the sink has from `start` on as a block. Its hash is there after the next `flush`. */
  keep(start: number, entries: number): BlockPlace {
    const end = this.sink.length;
    const hash = new Uint8Array(HASH_BYTES);
    this.waiting.push({ hash, start, end });
    return { pack: this.id, offset: this.written + start, length: end - start, entries, hash };
  }

  /** Whether it is time to `flush`. */
  get full(): boolean {
    return this.sink.length >= CHUNK;
  }

  /** Hashes and writes all that was kept. */
  async flush(): Promise<void> {
    if (this.waiting.length === 0) return;
    const bytes = this.sink.from(0);
    // All at once: one by one, waiting for the answers would take most of the time.
    await Promise.all(this.waiting.map(async ({ hash, start, end }) => {
      hash.set(await sha256(bytes.subarray(start, end)));
    }));
    this.file ??= new TemporaryFile(this.folder, packName(this.id));
    this.file.write(bytes);
    this.written += bytes.length;
    this.waiting = [];
    this.sink.cut(0);
  }

  /** Puts the pack in its place and gives its size; with no block there is none, and its size is 0. */
  async finish(): Promise<number> {
    await this.flush();
    this.file?.sync();
    this.file?.replace();
    return this.written;
  }

  [Symbol.dispose](): void {
    this.file?.[Symbol.dispose]();
  }
}
