import type { Folder, OpenFile } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { TemporaryFile } from "../platform/temporary_file.ts";
import { bytesOf, compareBytes, equalBytes } from "../model/bytes.ts";
import { ByteSink, ByteSource, Damage, inFile } from "./byte_stream.ts";
import { PACK_HEADER, PACK_MAGIC, VERSION } from "./manifest_form.ts";
import { type BlockPlace, checkHeader, type ManifestIndex } from "./manifest_index.ts";
import { sha256 } from "./sha256.ts";
import { HASH_BYTES } from "./columns.ts";

const CHUNK = 256 * 1024;
const NOTHING = new Uint8Array();
const TOO_SHORT = "it ends too early";

/** The file name of the pack of a snapshot. */
export function packName(id: string): string {
  return `${id}.pack`;
}

/** Reads the packs in a folder of manifests. A pack is opened at its first use. */
export class PackReader implements Disposable {
  private readonly packs = new Map<string, Pack>();

  /** The caller keeps the folder and closes it. */
  constructor(private readonly folder: Folder) {}

  /** Checks that the pack is long enough for a block. */
  check(place: BlockPlace): void {
    this.open(place).check(place.offset, place.length);
  }

  /** The bytes of a block; the hash is not checked. A view that is valid until the next read. */
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
  /** The bytes that were read last, and their offset. The next block is usually among them. */
  private window: Uint8Array = NOTHING;
  private windowStart = 0;
  private room = new Uint8Array();

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
    const wanted = Math.min(Math.max(CHUNK, length), this.size - offset);
    if (wanted > this.room.length) this.room = new Uint8Array(wanted);
    this.window = NOTHING; // until it is filled
    for (let done = 0; done < wanted;) {
      const read = this.file.readAt(this.room.subarray(done, wanted), offset + done);
      if (read === 0) throw new Damage(TOO_SHORT, this.file.path);
      done += read;
    }
    this.window = this.room.subarray(0, wanted);
    this.windowStart = offset;
    return this.window.subarray(0, length);
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }
}

/** From this number of packs on, only the fuller half is shared, so that a manifest never needs more and more packs. */
const MOST_PACKS = 64;

/**
 * The blocks of the parent's manifest that a new manifest can share. Blocks are compared byte for byte. That is faster
 * than hashes, and a damaged block on the disk is not shared but written again.
 */
export class ParentBlocks {
  private readonly places: readonly BlockPlace[];
  private next = 0;
  private block: Uint8Array = new Uint8Array();
  private path: Uint8Array | undefined;

  constructor(index: ManifestIndex, private readonly packs: PackReader) {
    const sharable = sharablePacks(index);
    this.places = index.blocks.filter((place) => sharable.has(place.pack));
    this.advance();
  }

  /** The place of the same block, if the parent has it. Callers pass the blocks in order. */
  find(block: Uint8Array): BlockPlace | undefined {
    const path = firstPathOf(block);
    while (this.path !== undefined && compareBytes(this.path, path) < 0) this.advance();
    return this.path !== undefined && equalBytes(this.block, block) ? this.places[this.next - 1] : undefined;
  }

  private advance(): void {
    const place = this.places[this.next++];
    this.path = undefined;
    if (place === undefined) return;
    try {
      this.block = this.packs.read(place);
      this.path = firstPathOf(this.block);
    } catch {
      // An unreadable block ends the sharing. `verify` and `doctor` report the damage.
    }
  }
}

function firstPathOf(block: Uint8Array): Uint8Array {
  const source = new ByteSource(block);
  source.byte();
  source.varint(0);
  return source.counted();
}

function sharablePacks(index: ManifestIndex): Set<string> {
  if (index.packs.length < MOST_PACKS) return new Set(index.packs);
  const used = new Map(index.packs.map((pack) => [pack, 0]));
  for (const { pack, length } of index.blocks) used.set(pack, (used.get(pack) ?? 0) + length);
  const fullest = [...used].sort(([, a], [, b]) => b - a).slice(0, MOST_PACKS / 2);
  return new Set(fullest.map(([pack]) => pack));
}

/** Writes a pack piece by piece. There is no file before the first piece is full. */
export class PackWriter implements Disposable {
  /** Each block is written here first; then the caller keeps it or cuts it off. */
  readonly sink = new ByteSink();
  private file: TemporaryFile | undefined;
  private written = 0;
  private waiting: { hash: Uint8Array; start: number; end: number }[] = [];

  constructor(private readonly folder: Folder, private readonly id: string) {
    this.sink.bytes(bytesOf(PACK_MAGIC));
    this.sink.byte(VERSION);
  }

  /** Keeps the bytes of the sink from `start` on as a block. `flush` sets its hash. */
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

  /** Hashes and writes all blocks that were kept. */
  async flush(): Promise<void> {
    if (this.waiting.length === 0) return;
    const bytes = this.sink.from(0);
    // All hashes at once, because waiting for each one would take most of the time.
    await Promise.all(this.waiting.map(async ({ hash, start, end }) => {
      hash.set(await sha256(bytes.subarray(start, end)));
    }));
    this.file ??= new TemporaryFile(this.folder, packName(this.id));
    this.file.write(bytes);
    this.written += bytes.length;
    this.waiting = [];
    this.sink.cut(0);
  }

  /** Puts the pack in its place and returns its size. Without blocks there is no pack, and the size is 0. */
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
