import type { Libc } from "./libc.ts";
import type { Extent } from "./platform.ts";

const FS_IOC_FIEMAP = 0xc020660bn;

// struct fiemap: first byte, length (64 bits each), flags, extents found, room for extents, nothing; then each extent: where it is in the
// file, where on the disk, its length, two of nothing (64 bits each), flags, three of nothing.
const HEADER_BYTES = 32;
const EXTENT_BYTES = 56;
const AT_ONCE = 256;
const FLAG = { last: 1, unknown: 2, delayed: 4, encoded: 8, inline: 0x200, shared: 0x2000 };

const buffer = new ArrayBuffer(HEADER_BYTES + AT_ONCE * EXTENT_BYTES);
const bytes = new Uint8Array(buffer);
const view = new DataView(buffer);

/**
 * Where the content of an open file is on the disk, as far as it was written there; undefined where the file system does not say. What
 * is stored within the metadata has no place of its own.
 */
export function extentsOf(libc: Libc, descriptor: number): Extent[] | undefined {
  const extents: Extent[] = [];
  for (let from = 0n;;) {
    bytes.fill(0, 0, HEADER_BYTES);
    view.setBigUint64(0, from, true);
    view.setBigUint64(8, 2n ** 63n - 1n - from, true);
    view.setUint32(24, AT_ONCE, true);
    if (libc.repeat((call) => call.ioctlBuffer(descriptor, FS_IOC_FIEMAP, bytes)) < 0) return undefined;
    const found = view.getUint32(20, true);
    for (let i = 0; i < found; i++) {
      const at = HEADER_BYTES + i * EXTENT_BYTES;
      const flags = view.getUint32(at + 40, true);
      const length = view.getBigUint64(at + 16, true);
      from = view.getBigUint64(at, true) + length;
      if ((flags & (FLAG.unknown | FLAG.delayed | FLAG.inline)) === 0) {
        extents.push({
          start: Number(view.getBigUint64(at + 8, true)),
          length: Number(length),
          isShared: (flags & FLAG.shared) !== 0,
          isEncoded: (flags & FLAG.encoded) !== 0,
        });
      }
      if ((flags & FLAG.last) !== 0) return extents;
    }
    if (found === 0) return extents;
  }
}
