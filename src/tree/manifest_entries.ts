import { keyOf } from "../model/bytes.ts";
import { BLOCK, CHAR, DIR, ENTRY_TYPES, sameXattrs, SYMLINK, type Xattr } from "../model/entry.ts";
import { decodePath, encodePath } from "../model/path_text.ts";
import { type ByteSink, ByteSource, Damage } from "./byte_stream.ts";
import { EXTRA, FAR_TIME, HEAD, sharedLength } from "./manifest_form.ts";
import { NONE, type TreeTable } from "./table.ts";
import { at, HASH_BYTES, larger } from "./columns.ts";

const SLASH = 0x2f;
const DOT = 0x2e;
const LONGEST_NAME = 0xffff;
const MOST_32 = 0xffffffff;
const MOST_MODE = 0o7777;
/** No mode of a folder has set-uid: `Stat.marked`. */
const MOST_FOLDER_MODE = 0o3777;
const MOST_NANOSECONDS = 999_999_999;
const KNOWN_EXTRAS = Object.values(EXTRA).reduce((all, bit) => all | bit, 0);

/**
 * Writes entries, in order, as blocks. An entry refers to the entry before it for what both share. It never refers to
 * another block or to an entry's number, so that equal entries make equal blocks.
 */
export class EntryEncoder {
  private before = new Uint8Array(4096);
  private beforeLength = 0;
  private seconds = 0;
  private xattrs: readonly Xattr[] = [];
  /** For each type the last entry of this block with that type; NONE, which has no mode, if there is none. */
  private readonly lastOf = new Uint32Array(ENTRY_TYPES.length);

  constructor(private readonly table: TreeTable, private readonly sink: ByteSink) {}

  /** Begins a block. */
  begin(): void {
    this.beforeLength = 0;
    this.seconds = 0;
    this.xattrs = [];
    this.lastOf.fill(NONE);
  }

  /** Adds an entry. The caller passes its path, because it has the path already. */
  add(index: number, path: Uint8Array): void {
    const { table, sink } = this;
    const type = at(table.type, index);
    const hash = table.contentHash(index);
    const nanoseconds = at(table.mtimeNsec, index);
    const attributes = this.hasNewAttributes(index, type);
    const extras = this.extrasOf(index);
    sink.byte(
      type | (attributes ? HEAD.attributes : 0) | (hash === undefined ? 0 : HEAD.hashed) |
        (nanoseconds === 0 ? 0 : HEAD.nanoseconds) | (extras === 0 ? 0 : HEAD.extras),
    );
    this.addPath(path);
    if (extras !== 0) sink.byte(extras);
    if (attributes) this.addAttributes(index);
    if (type !== DIR) sink.varint(at(table.size, index));
    this.addSeconds(at(table.mtimeSec, index));
    if (nanoseconds !== 0) sink.u32(nanoseconds);
    if (hash !== undefined) sink.bytes(hash);
    if (type === SYMLINK) sink.counted(table.targets.get(index) ?? new Uint8Array());
    if (type === CHAR || type === BLOCK) this.addDevice(index);
    if (extras !== 0) this.addExtras(index, extras, path);
  }

  private addPath(path: Uint8Array): void {
    const shared = sharedLength(this.before, this.beforeLength, path);
    this.sink.varint(shared);
    this.sink.counted(path.subarray(shared));
    if (path.length > this.before.length) this.before = larger(this.before, path.length);
    this.before.set(path);
    this.beforeLength = path.length;
  }

  private hasNewAttributes(index: number, type: number): boolean {
    const { mode, uid, gid } = this.table;
    const last = at(this.lastOf, type);
    this.lastOf[type] = index;
    return mode[last] !== mode[index] || uid[last] !== uid[index] || gid[last] !== gid[index];
  }

  private addAttributes(index: number): void {
    this.sink.varint(at(this.table.mode, index));
    this.sink.varint(at(this.table.uid, index));
    this.sink.varint(at(this.table.gid, index));
  }

  private addSeconds(seconds: number): void {
    if (Math.abs(seconds) >= FAR_TIME) return this.sink.i64(seconds);
    this.sink.signed(seconds - this.seconds);
    this.seconds = seconds;
  }

  private addDevice(index: number): void {
    const device = this.table.devices.get(index);
    this.sink.varint(device?.major ?? 0);
    this.sink.varint(device?.minor ?? 0);
  }

  private extrasOf(index: number): number {
    const { table } = this;
    const xattrs = table.xattrs.get(index) ?? [];
    const group = at(table.linkGroup, index);
    let extras = 0;
    if (xattrs.length > 0) {
      extras |= sameXattrs(this.xattrs, xattrs) ? EXTRA.sameXattrs : EXTRA.xattrs;
      this.xattrs = xattrs;
    }
    if (group !== NONE) extras |= group === index ? EXTRA.firstLink : EXTRA.laterLink;
    if (table.lost[index] !== 0) extras |= EXTRA.lost;
    if (Math.abs(at(table.mtimeSec, index)) >= FAR_TIME) extras |= EXTRA.farTime;
    return extras;
  }

  private addExtras(index: number, extras: number, path: Uint8Array): void {
    const { sink, table } = this;
    if ((extras & EXTRA.lost) !== 0) sink.varint(at(table.lost, index));
    if ((extras & EXTRA.xattrs) !== 0) {
      sink.varint(this.xattrs.length);
      for (const { name, value } of this.xattrs) {
        sink.counted(decodePath(name));
        sink.counted(value);
      }
    }
    if ((extras & EXTRA.laterLink) === 0) return;
    const first = table.path(at(table.linkGroup, index));
    const shared = sharedLength(path, path.length, first);
    sink.varint(shared);
    sink.counted(first.subarray(shared));
  }
}

/**
 * Reads blocks, in order, into a table. It trusts nothing: entries that are no tree in root-hash order, or that would
 * lead out of the tree, are `Damage`.
 */
export class EntryDecoder {
  private path = new Uint8Array(4096);
  private pathLength = 0;
  /** The folders whose path is a beginning of the current path. The folder of the next entry is one of them. */
  private readonly folders: number[] = [];
  private readonly folderLengths: number[] = [];
  /** The first entry of each link group, by its path. Later entries name that path. */
  private readonly firstLinks = new Map<string, number>();
  private source = new ByteSource(new Uint8Array());
  private seconds = 0;
  private xattrs: readonly Xattr[] = [];
  private readonly lastOf = new Uint32Array(ENTRY_TYPES.length);

  constructor(private readonly table: TreeTable) {}

  /** Adds all entries of a block. */
  decode(block: Uint8Array, count: number): void {
    this.source = new ByteSource(block);
    this.seconds = 0;
    this.xattrs = [];
    this.lastOf.fill(NONE);
    for (let k = 0; k < count; k++) this.readEntry(k === 0);
    if (this.source.left > 0) throw new Damage("a block has more bytes after its last entry");
  }

  private readEntry(beginsBlock: boolean): void {
    const { source, table } = this;
    const head = source.byte();
    const type = head & HEAD.type;
    if (type >= ENTRY_TYPES.length || head > 0x7f) throw new Damage("an entry has an unknown type");
    const index = this.place(type, this.readPath(beginsBlock));
    const extras = (head & HEAD.extras) === 0 ? 0 : source.byte();
    if ((extras & ~KNOWN_EXTRAS) !== 0) throw new Damage("an entry has unknown extras");
    if ((head & HEAD.attributes) !== 0) this.readAttributes(index, type);
    else this.copyAttributes(index, type);
    this.lastOf[type] = index;
    if (type !== DIR) table.size[index] = source.varint(2 ** 64);
    table.mtimeSec[index] = this.readSeconds(extras);
    if ((head & HEAD.nanoseconds) !== 0) table.mtimeNsec[index] = this.readNanoseconds();
    if ((head & HEAD.hashed) !== 0) table.setHash(index, source.bytes(HASH_BYTES));
    // Copied, because a view would keep the whole block in memory.
    if (type === SYMLINK) table.targets.set(index, source.counted().slice());
    if (type === CHAR || type === BLOCK) {
      table.devices.set(index, { major: source.varint(MOST_32), minor: source.varint(MOST_32) });
    }
    if (extras !== 0) this.readExtras(index, extras);
  }

  /** Makes the path of the entry the current one, and returns how many bytes it shares with the path before. */
  private readPath(beginsBlock: boolean): number {
    const { source, path, pathLength } = this;
    const shared = source.varint(beginsBlock ? 0 : pathLength);
    const rest = source.counted();
    const common = beginsBlock ? sharedLength(path, pathLength, rest) : shared;
    const length = shared + rest.length;
    const isRoot = this.table.count === 0 && length === 0;
    const next = rest[common - shared] ?? -1;
    const inOrder = common === pathLength ? length > common : next > at(path, common);
    if (!inOrder && !isRoot) throw new Damage("its entries are not in order");
    if (length > path.length) this.path = larger(path, length);
    this.path.set(rest, shared);
    this.pathLength = length;
    return common;
  }

  /** Adds an entry with the current path to its folder. */
  private place(type: number, common: number): number {
    const { table, path, pathLength, folders, folderLengths } = this;
    while (folders.length > 0 && (folderLengths[folders.length - 1] as number) > common) {
      folders.pop();
      folderLengths.pop();
    }
    let slash = pathLength - 1;
    while (slash >= 0 && path[slash] !== SLASH) slash--;
    const name = path.subarray(slash + 1, pathLength);
    const index = table.add(this.folderOf(slash), name, type);
    if (index === 0 ? type !== DIR || pathLength > 0 : !isName(name)) {
      throw new Damage("an entry has an impossible name");
    }
    if (type === DIR) {
      folders.push(index);
      folderLengths.push(pathLength);
    }
    return index;
  }

  /** The folder of the current path; `slash` is the position of its last slash. */
  private folderOf(slash: number): number {
    if (this.table.count === 0) return NONE;
    const length = slash === -1 ? 0 : slash;
    // A path that begins with a slash has no folder: the path of the root is empty and no slash follows it.
    for (let k = this.folders.length - 1; k >= 0 && slash !== 0; k--) {
      if (this.folderLengths[k] === length) return this.folders[k] as number;
    }
    throw new Damage("an entry's folder is missing");
  }

  private readAttributes(index: number, type: number): void {
    const { source, table } = this;
    table.mode[index] = source.varint(type === DIR ? MOST_FOLDER_MODE : MOST_MODE);
    table.uid[index] = source.varint(MOST_32);
    table.gid[index] = source.varint(MOST_32);
  }

  private copyAttributes(index: number, type: number): void {
    const { table } = this;
    const last = at(this.lastOf, type);
    if (last === NONE) throw new Damage("an entry lacks its mode and owner");
    table.mode[index] = at(table.mode, last);
    table.uid[index] = at(table.uid, last);
    table.gid[index] = at(table.gid, last);
  }

  private readSeconds(extras: number): number {
    if ((extras & EXTRA.farTime) !== 0) return this.source.i64();
    this.seconds += this.source.signed();
    if (Math.abs(this.seconds) >= FAR_TIME) throw new Damage("an entry has an impossible time");
    return this.seconds;
  }

  private readNanoseconds(): number {
    const nanoseconds = this.source.u32();
    if (nanoseconds > MOST_NANOSECONDS) throw new Damage("an entry has an impossible time");
    return nanoseconds;
  }

  private readExtras(index: number, extras: number): void {
    const { source, table } = this;
    if ((extras & EXTRA.lost) !== 0) table.lost[index] = source.varint(0xffff);
    if ((extras & EXTRA.xattrs) !== 0) this.xattrs = this.readXattrs();
    if ((extras & (EXTRA.xattrs | EXTRA.sameXattrs)) !== 0) table.xattrs.set(index, this.xattrs);
    if ((extras & EXTRA.firstLink) !== 0) {
      table.linkGroup[index] = index;
      this.firstLinks.set(keyOf(this.path.subarray(0, this.pathLength)), index);
    }
    if ((extras & EXTRA.laterLink) !== 0) table.linkGroup[index] = this.readFirstLink(index);
  }

  private readXattrs(): readonly Xattr[] {
    const { source } = this;
    const xattrs: Xattr[] = [];
    for (let left = source.varint(source.left); left > 0; left--) {
      const name = encodePath(source.counted());
      xattrs.push({ name, value: source.counted().slice() });
    }
    return xattrs;
  }

  private readFirstLink(index: number): number {
    const { source, table } = this;
    const shared = source.varint(this.pathLength);
    const key = keyOf(this.path.subarray(0, shared)) + keyOf(source.counted());
    const first = this.firstLinks.get(key);
    if (first === undefined || table.type[first] !== table.type[index]) {
      throw new Damage("a hard link's first name is missing");
    }
    return first;
  }
}

/** Whether this can be one part of a path. Another name could lead out of the tree at a restore. */
function isName(name: Uint8Array): boolean {
  if (name.length === 0 || name.length > LONGEST_NAME || name.includes(0)) return false;
  return name[0] !== DOT || name.length > 2 || (name.length === 2 && name[1] !== DOT);
}
