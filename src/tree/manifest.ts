import { bytesOf, equalBytes, hexOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { removeDurable, writeDurable } from "../platform/durable.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import { type Folder, readWhole } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { isSystemError } from "../platform/system_error.ts";
import { Damage, inFile, NewerVersion } from "./byte_stream.ts";
import { EntryDecoder, EntryEncoder } from "./manifest_entries.ts";
import { MOST_ENTRIES } from "./manifest_form.ts";
import { type BlockPlace, decodeIndex, encodeIndex, type ManifestIndex } from "./manifest_index.ts";
import { packName, PackReader, PackWriter, ParentBlocks } from "./manifest_packs.ts";
import { PathWalker } from "./path_walker.ts";
import { loadSha256, sha256 } from "./sha256.ts";
import { TreeTable } from "./table.ts";

const LEAST_ENTRIES = 8;
const MOST_BYTES = 64 * 1024;
/** The index of a billion entries is as large. */
const MOST_INDEX_BYTES = 1024 * 1024 * 1024;
/** From so many blocks on, loading the hash that does not wait is faster. */
const MANY_BLOCKS = 1000;

/** A manifest that was written. */
export interface WrittenManifest {
  /** Hex SHA-256 of the index: the descriptor's `manifest_hash`. */
  readonly hash: string;
  /** How many bytes were written. */
  readonly bytes: number;
}

/**
 * Writes the manifest of snapshot `id` durably into the folder of manifests, and shares blocks with the manifest of the
 * parent. docs/format.md describes the form. The snapshot does not exist yet, so files that an interrupted try left are
 * overwritten. A failure leaves no file, or a pack that no index names.
 */
export async function writeManifest(
  folder: Folder,
  id: string,
  table: TreeTable,
  parentId: string | null,
): Promise<WrittenManifest> {
  using packs = new PackReader(folder);
  using writer = new PackWriter(folder, id);
  const parent = await openParent(folder, parentId, packs);
  const blocks = await writeBlocks(table, writer, parent);
  const packBytes = await writer.finish();
  if (packBytes === 0) removeDurable(folder, packName(id));
  return await writeIndex(folder, id, blocks, packBytes);
}

/**
 * Writes the manifest of snapshot `id` durably, as a copy of the manifest of a snapshot with the same tree. It checks the
 * hash of each block first, so that damage does not spread: damage is `E_DESCRIPTOR_CORRUPT`.
 */
export async function repeatManifest(
  folder: Folder,
  id: string,
  of: { readonly id: string; readonly expectedHash: string },
): Promise<WrittenManifest> {
  const blocks = await explained(folder, of.id, async () => {
    const { blocks } = await readIndex(folder, of.id, of.expectedHash);
    using packs = new PackReader(folder);
    const check = await blockCheck(folder, blocks.length);
    for (const place of blocks) await check(place, packs.read(place));
    return blocks;
  });
  return await writeIndex(folder, id, blocks, 0);
}

/** How a manifest is read. */
export interface ReadManifestOptions {
  /** Checks the hash of each block. False by default: then only impossible content is found. */
  verify?: boolean;
  /** The expected hex hash of the index: `manifest_hash` of the descriptor. Not checked by default. */
  expectedHash?: string;
  /** Stops the work with `E_INTERRUPTED`. */
  signal?: AbortSignal;
}

/** Reads the manifest of a snapshot. Any damage is `E_DESCRIPTOR_CORRUPT` and names the file. */
export async function readManifest(
  folder: Folder,
  id: string,
  options: ReadManifestOptions = {},
): Promise<TreeTable> {
  return await explained(folder, id, async () => {
    const { count, blocks } = await readIndex(folder, id, options.expectedHash);
    using packs = new PackReader(folder);
    for (const place of blocks) packs.check(place); // first, because the table takes memory for each entry
    const slice = new TimeSlice(options.signal);
    const table = new TreeTable(count);
    const decoder = new EntryDecoder(table);
    const check = options.verify === true ? await blockCheck(folder, blocks.length) : undefined;
    for (const place of blocks) {
      const block = packs.read(place);
      await check?.(place, block);
      inFile(pathIn(folder, packName(place.pack)), () => decoder.decode(block, place.entries));
      if (slice.isOver()) await slice.yield();
    }
    slice.check();
    return table;
  });
}

/**
 * Checks that the index of a manifest is the one in the descriptor and that all its blocks are there, without reading them. Returns how
 * many entries they have. Damage as in `readManifest`.
 */
export async function checkManifest(folder: Folder, id: string, expectedHash: string): Promise<number> {
  return await explained(folder, id, async () => {
    const { count, blocks } = await readIndex(folder, id, expectedHash);
    using packs = new PackReader(folder);
    for (const place of blocks) packs.check(place);
    return count;
  });
}

/** A path for messages. */
function pathIn(folder: Folder, name: string): string {
  return `${folder.path}/${name}`;
}

async function openParent(
  folder: Folder,
  parentId: string | null,
  packs: PackReader,
): Promise<ParentBlocks | undefined> {
  if (parentId === null) return undefined;
  try {
    return new ParentBlocks(await readIndex(folder, parentId), packs);
  } catch {
    // Sharing only saves space. Damage of another snapshot must not make this one fail.
    return undefined;
  }
}

/** Cuts the table into blocks and writes the blocks that the parent does not have. */
async function writeBlocks(
  table: TreeTable,
  writer: PackWriter,
  parent: ParentBlocks | undefined,
): Promise<BlockPlace[]> {
  const { sink } = writer;
  const encoder = new EntryEncoder(table, sink);
  const walker = new PathWalker(table);
  const slice = new TimeSlice(undefined);
  const blocks: BlockPlace[] = [];
  let path = walker.path(0);
  for (let i = 0; i < table.count;) {
    const first = i;
    const start = sink.length;
    encoder.begin();
    do {
      encoder.add(i, path);
      if (++i < table.count) path = walker.path(i);
    } while (i < table.count && !beginsBlock(path, i - first, sink.length - start));
    const shared = parent?.find(sink.from(start));
    blocks.push(shared ?? writer.keep(start, i - first));
    if (shared !== undefined) sink.cut(start);
    if (writer.full) await writer.flush();
    if (slice.isOver(i - first)) await slice.yield();
  }
  return blocks;
}

/**
 * Whether an entry begins a new block. The path of the entry decides, not its number, so that a new or removed entry
 * changes only its own block. By FNV-1a, one entry in 24 begins a block, unless the block is still small.
 */
function beginsBlock(path: Uint8Array, entries: number, bytes: number): boolean {
  if (entries < LEAST_ENTRIES) return false;
  if (entries >= MOST_ENTRIES || bytes >= MOST_BYTES) return true;
  let hash = 0x811c9dc5;
  for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ (path[i] as number), 0x01000193);
  return ((hash ^ (hash >>> 16)) >>> 0) % 24 === 0;
}

async function writeIndex(
  folder: Folder,
  id: string,
  blocks: readonly BlockPlace[],
  packBytes: number,
): Promise<WrittenManifest> {
  const index = await encodeIndex(blocks);
  writeDurable(folder, id, index);
  return { hash: hexOf(await sha256(index)), bytes: packBytes + index.length };
}

/** The places of the blocks of a manifest. `Damage` if it is none. */
export async function readIndex(folder: Folder, id: string, expectedHash?: string): Promise<ManifestIndex> {
  using file = folder.openFile(bytesOf(id), "read");
  const stat = Stat.ofFile(file);
  if (stat.size > MOST_INDEX_BYTES) throw new Damage(`it has ${stat.size} bytes, which no index has`);
  const bytes = readWhole(file, stat);
  if (expectedHash !== undefined && hexOf(await sha256(bytes)) !== expectedHash) {
    throw new Damage("its hash is not the one in the descriptor");
  }
  return await decodeIndex(bytes);
}

/** Finds `Damage` in blocks: one with a wrong hash. */
async function blockCheck(
  folder: Folder,
  count: number,
): Promise<(place: BlockPlace, block: Uint8Array) => Promise<void>> {
  const hashOf = count < MANY_BLOCKS ? sha256 : (await loadSha256()).once;
  return async ({ pack, hash }, block) => {
    if (equalBytes(hash, await hashOf(block))) return;
    throw new Damage("a block's checksum is wrong", pathIn(folder, packName(pack)));
  };
}

/** Turns damage into an error that says which file is damaged and what to do. */
async function explained<T>(folder: Folder, id: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const missing = isSystemError(error, "ENOENT", ...NO_FILE);
    if (!missing && !(error instanceof Damage)) throw error;
    const newer = error instanceof NewerVersion;
    const path = missing ? error.details.path : error.path ?? pathIn(folder, id);
    const reason = !missing
      ? error.message
      : error.errno === "ENOENT"
      ? "it is not there"
      : "it is not a file";
    throw new JvsError(
      newer ? "E_FORMAT_UNSUPPORTED" : "E_DESCRIPTOR_CORRUPT",
      `Cannot read the manifest of snapshot ${id} in "${path}": ${reason}`,
      { hint: newer ? NEWER : DAMAGED, details: { snapshot_id: id, path, reason }, cause: error },
    );
  }
}

/** Errors of opening something that is not a file. */
const NO_FILE = ["EISDIR", "ELOOP", "EINVAL", "ENXIO"];
const NEWER = "A newer version of jvs wrote it. Use that version.";
const DAMAGED = "Copy this file from a backup of the repository, or use another snapshot. " +
  "`jvs doctor --strict` lists all damage.";
