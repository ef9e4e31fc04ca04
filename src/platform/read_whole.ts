import { type OpenFile, Stat } from "./platform.ts";

/** The whole content of a small file, as long as `stat` says. */
export function readWhole(file: OpenFile, stat: Stat = Stat.ofFile(file)): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(stat.size);
  let used = 0;
  while (used < content.length) {
    const read = file.read(used === 0 ? content : content.subarray(used));
    if (read === 0) return content.slice(0, used); // cut in between
    used += read;
  }
  return content;
}
