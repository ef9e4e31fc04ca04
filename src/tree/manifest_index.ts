import { bytesOf, equalBytes, textOf } from "../model/bytes.ts";
import { isSnapshotId } from "../model/ids.ts";
import { ByteSink, ByteSource, Damage, NewerVersion } from "./byte_stream.ts";
import { INDEX_MAGIC, LEAST_ENTRY_BYTES, MOST_ENTRIES, PACK_HEADER, VERSION } from "./manifest_form.ts";
import { sha256 } from "./sha256.ts";
import { HASH_BYTES } from "./columns.ts";

/** The place of a block of entries, and the hash of the block. */
export interface BlockPlace {
  /** The snapshot whose pack holds it. */
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
  readonly entries: number;
  readonly hash: Uint8Array;
}

/** The content of the index of a manifest. */
export interface ManifestIndex {
  /** How many entries the tree has, with the root. */
  readonly count: number;
  /** The snapshots whose packs hold the blocks. */
  readonly packs: readonly string[];
  /** In the order of the entries. */
  readonly blocks: readonly BlockPlace[];
}

/** The bytes of an index of these blocks. They end with their own hash. */
export async function encodeIndex(blocks: readonly BlockPlace[]): Promise<Uint8Array> {
  const sink = new ByteSink();
  sink.bytes(bytesOf(INDEX_MAGIC));
  sink.byte(VERSION);
  sink.varint(blocks.reduce((sum, block) => sum + block.entries, 0));
  const ends = new Map(blocks.map((block) => [block.pack, PACK_HEADER]));
  const numbers = new Map([...ends.keys()].map((pack, number) => [pack, number]));
  sink.varint(ends.size);
  for (const pack of ends.keys()) sink.counted(bytesOf(pack));
  sink.varint(blocks.length);
  for (const { pack, offset, length, entries, hash } of blocks) {
    sink.varint(numbers.get(pack) ?? 0);
    sink.varint(offset - (ends.get(pack) ?? 0));
    sink.varint(length);
    sink.varint(entries);
    sink.bytes(hash);
    ends.set(pack, offset + length);
  }
  sink.bytes(await sha256(sink.from(0)));
  return sink.from(0);
}

/** Reads an index. `Damage` says what is wrong with it. */
export async function decodeIndex(bytes: Uint8Array): Promise<ManifestIndex> {
  const end = bytes.length - HASH_BYTES;
  if (end <= INDEX_MAGIC.length) throw new Damage("it is too short");
  if (!equalBytes(bytes.subarray(end), await sha256(bytes.subarray(0, end)))) {
    throw new Damage("its checksum is wrong");
  }
  const source = new ByteSource(bytes.subarray(0, end));
  checkHeader(source, INDEX_MAGIC);
  const count = source.varint(source.left * MOST_ENTRIES);
  const packs = [...readPacks(source)];
  const blocks = [...readBlocks(source, packs)];
  if (blocks.reduce((sum, block) => sum + block.entries, 0) !== count) {
    throw new Damage("its blocks have the wrong number of entries");
  }
  return { count, packs, blocks };
}

/** The packs that an index names, from its beginning: its checksum is not proved. `Damage` if that is no index, or ends within the list. */
export function packsNamedIn(beginning: Uint8Array): readonly string[] {
  const source = new ByteSource(beginning);
  checkHeader(source, INDEX_MAGIC);
  source.varint(Number.MAX_SAFE_INTEGER);
  return [...readPacks(source)];
}

/** Checks the magic and the version at the beginning of an index or a pack. */
export function checkHeader(source: ByteSource, magic: string): void {
  if (textOf(source.bytes(Math.min(source.left, magic.length))) !== magic) {
    throw new Damage("it has the wrong file type");
  }
  const version = source.byte();
  if (version > VERSION) throw new NewerVersion(`its version is ${version}`);
  if (version !== VERSION) throw new Damage(`its version is ${version}`);
}

function* readPacks(source: ByteSource): Generator<string> {
  for (let left = source.varint(source.left); left > 0; left--) {
    const id = textOf(source.counted());
    // The id becomes part of a file name, so it must be a valid id.
    if (!isSnapshotId(id)) throw new Damage("the name of a pack is not a snapshot id");
    yield id;
  }
}

function* readBlocks(source: ByteSource, packs: readonly string[]): Generator<BlockPlace> {
  const ends = new Map(packs.map((pack) => [pack, PACK_HEADER]));
  for (let left = source.varint(source.left); left > 0; left--) {
    const pack = packs[source.varint(packs.length - 1)] as string;
    const offset = (ends.get(pack) ?? 0) + source.varint(Number.MAX_SAFE_INTEGER);
    const length = source.varint(Number.MAX_SAFE_INTEGER);
    const entries = source.varint(MOST_ENTRIES);
    if (entries === 0 || length < entries * LEAST_ENTRY_BYTES) {
      throw new Damage("a block has an impossible number of entries");
    }
    yield { pack, offset, length, entries, hash: source.bytes(HASH_BYTES) };
    ends.set(pack, offset + length);
  }
  if (source.left > 0) throw new Damage("it has more bytes after its last block");
}
