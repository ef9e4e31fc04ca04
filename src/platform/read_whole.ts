import { type OpenFile, Stat } from "./platform.ts";

/** All of a small file's content, as long as it was when it was looked at. */
export function readWhole(file: OpenFile, stat: Stat = statOf(file)): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(stat.size);
  let used = 0;
  while (used < content.length) {
    const read = file.read(used === 0 ? content : content.subarray(used));
    if (read === 0) return content.slice(0, used); // cut meanwhile
    used += read;
  }
  return content;
}

function statOf(file: OpenFile): Stat {
  const stat = new Stat();
  file.stat(stat);
  return stat;
}
