import { BLOCK, CHAR, DIR, ENTRY_TYPES, SYMLINK, type Xattr } from "../model/entry.ts";
import { decodePath } from "../model/path_text.ts";
import type { ByteSink } from "./byte_sink.ts";
import { EXTRA, FAR_TIME, HEAD, sharedLength } from "./manifest_form.ts";
import { sameXattrs } from "../model/entry.ts";
import { at, larger, NONE, type TreeTable } from "./table.ts";

/**
 * Writes entries, in order, as blocks. An entry refers to the entry before it for what both share. It never refers to
 * another block or to an entry's number, so that equal entries make equal blocks.
 */
export class EntryEncoder {
  private before = new Uint8Array(4096);
  private beforeLength = 0;
  private seconds = 0;
  private xattrs: readonly Xattr[] = [];
  /** For each type the last entry of this block with that type. */
  private readonly lastOf = new Int32Array(ENTRY_TYPES.length);

  constructor(private readonly table: TreeTable, private readonly sink: ByteSink) {}

  /** Begins a block. */
  begin(): void {
    this.beforeLength = 0;
    this.seconds = 0;
    this.xattrs = [];
    this.lastOf.fill(-1);
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
    return last === -1 || mode[last] !== mode[index] || uid[last] !== uid[index] || gid[last] !== gid[index];
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
