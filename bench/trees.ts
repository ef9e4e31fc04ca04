import { breathe } from "./interrupt.ts";

/** How large a tree is: files of 4 KB, fifty in a folder, and four large files with so many megabytes together. */
export interface Size {
  readonly files: number;
  readonly bigMb: number;
}

const SMALL = 4096;
const MB = 1024 * 1024;
const BIG_FILES = 4;

/** A size in words. */
export function sizeText({ files, bigMb }: Size): string {
  const big = bigMb === 0 ? "" : bigMb % 1024 === 0 ? ` and ${bigMb / 1024} GB` : ` and ${bigMb} MB`;
  return `${files.toLocaleString("en")} files${big}`;
}

/** How many entries such a tree has, folders included. */
export function entriesOf({ files, bigMb }: Size): number {
  return files + Math.ceil(files / 50) + (bigMb > 0 ? BIG_FILES + 1 : 0);
}

/** Fills a folder with noise, which no file system can compress. */
export async function makeTree(root: string, { files, bigMb }: Size): Promise<void> {
  for (let made = 0; made < files; made++) {
    const folder = `${root}/folder-${String(Math.floor(made / 50)).padStart(5, "0")}`;
    if (made % 50 === 0) {
      Deno.mkdirSync(folder);
      await breathe();
    }
    Deno.writeFileSync(`${folder}/file-${String(made % 50).padStart(2, "0")}`, noise(SMALL));
  }
  if (bigMb > 0) Deno.mkdirSync(`${root}/large`);
  for (let n = 0; bigMb > 0 && n < BIG_FILES; n++) {
    await makeLarge(`${root}/large/file-${n}`, bigMb / BIG_FILES);
  }
}

/** Writes new content of the same size into one small file of every `every`, and returns how many that were. */
export async function changeSome(root: string, every: number): Promise<number> {
  let seen = 0;
  for (const folder of Deno.readDirSync(root)) {
    if (!folder.name.startsWith("folder-")) continue;
    for (const file of Deno.readDirSync(`${root}/${folder.name}`)) {
      if (seen++ % every === 0) Deno.writeFileSync(`${root}/${folder.name}/${file.name}`, noise(SMALL));
    }
    await breathe();
  }
  return Math.ceil(seen / every);
}

async function makeLarge(path: string, mb: number): Promise<void> {
  using file = Deno.createSync(path);
  for (let written = 0; written < mb * MB; written += MB) {
    file.writeSync(noise(Math.min(MB, mb * MB - written)));
    if (written % (16 * MB) === 0) await breathe();
  }
}

function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}
