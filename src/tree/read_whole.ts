import type { OpenFile } from "../platform/platform.ts";

const PIECE = 64 * 1024;

/** All of a small file's content. */
export function readWhole(file: OpenFile): Uint8Array<ArrayBuffer> {
  let content = new Uint8Array(PIECE);
  let used = 0;
  for (;;) {
    const read = file.read(content.subarray(used));
    if (read === 0) return content.slice(0, used);
    used += read;
    if (used < content.length) continue;
    const larger = new Uint8Array(content.length * 2);
    larger.set(content);
    content = larger;
  }
}
