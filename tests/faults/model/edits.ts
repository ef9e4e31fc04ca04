import { pick } from "../../support/random_tree.ts";
import { exists } from "../../support/files.ts";
import { IGNORE_RULES } from "./tree.ts";

/** Few names, so that a file is often replaced by a folder, or comes back at an old path. */
const NAMES = ["x1", "x2", "x3", "d1", "d2"];
/** What the rules ignore lies only in the root and here, where nothing else ever takes the folder's name. */
const IGNORED = ["one.tmp", "two.tmp", "logs/one.tmp", "logs/two.tmp"];

/** The user changes something in a worktree; `fresh` is content that no file had before. */
export function edit(root: string, random: () => number, fresh: string): void {
  const inside = pick(random, ["", "", "d1/", "d2/"]);
  const folder = inside !== "" && isFolder(`${root}/${inside}`) ? inside : "";
  const path = `${root}/${folder}${pick(random, NAMES)}`;
  const other = `${root}/${pick(random, NAMES)}`;
  const anyFile = [path, other, `${root}/x1`].find(isFile);
  pick(random, [
    () => write(path, fresh),
    () => write(path, fresh),
    () => write(path, fresh),
    () => exists(path) || Deno.mkdirSync(path),
    () => exists(path) && Deno.removeSync(path, { recursive: true }),
    () => {
      if (exists(path)) Deno.removeSync(path, { recursive: true });
      Deno.symlinkSync(`to ${fresh}`, path);
    },
    () => anyFile && Deno.writeTextFileSync(anyFile, fresh, { append: true }),
    () => anyFile && Deno.chmodSync(anyFile, pick(random, [0o600, 0o644, 0o755])),
    () => anyFile && Deno.utimeSync(anyFile, 1e6, 1e6 + Math.floor(random() * 1000)),
    () => isFolder(path) && Deno.chmodSync(path, pick(random, [0o700, 0o755])),
    () => exists(path) && !exists(other) && !other.startsWith(`${path}/`) && Deno.renameSync(path, other),
    () => writeIgnored(root, pick(random, IGNORED), fresh),
    () => write(`${root}/logs/kept`, fresh),
    () => Deno.writeTextFileSync(`${root}/.jvsignore`, IGNORE_RULES),
  ])();
}

function write(path: string, text: string): void {
  if (exists(path) && !isFile(path)) Deno.removeSync(path, { recursive: true });
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.writeTextFileSync(path, text);
}

function writeIgnored(root: string, path: string, text: string): void {
  if (exists(`${root}/.jvsignore`)) write(`${root}/${path}`, text);
}

function isFolder(path: string): boolean {
  return exists(path) && Deno.lstatSync(path).isDirectory;
}

function isFile(path: string): boolean {
  return exists(path) && Deno.lstatSync(path).isFile;
}
