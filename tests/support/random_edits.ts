import { bytesOf } from "../../src/model/bytes.ts";
import type { Folder } from "../../src/platform/platform.ts";
import { exists } from "./files.ts";
import { mustRun } from "./run.ts";

/** One kind of change of a tree; `a` and `b` are paths of files, `in_` of a folder, `fresh` of nothing yet. */
type Edit = (at: { a: string; b: string; in_: string; fresh: string; root: Folder }) => void;

const text = (path: string) => Deno.writeTextFileSync(path, `${path} ${performance.now()}\n`);

/** Stores into a file through a memory map. */
function store(path: string): void {
  const program =
    "import mmap,sys\nwith open(sys.argv[1],'r+b') as f:\n m=mmap.mmap(f.fileno(),0); m[0]=(m[0]+1)%256\n";
  mustRun("python3", "-c", program, path);
}

function aside(root: Folder, path: string, change: (folder: Folder, name: Uint8Array) => void): void {
  const parts = path.slice(root.path.length + 1).split("/");
  const name = parts.pop() ?? "";
  let folder = root.openFolder(bytesOf("."));
  for (const part of parts) {
    using outer = folder;
    folder = outer.openFolder(bytesOf(part));
  }
  using found = folder;
  change(found, bytesOf(name));
}

/** Every kind of change that a scan can see. */
export const EDITS: Record<string, Edit> = {
  "writes a file": ({ a }) => text(a),
  "writes a byte in place and puts the time back": ({ a }) => {
    const { mtime, atime, size } = Deno.statSync(a);
    using file = Deno.openSync(a, { write: true });
    file.seekSync(Math.floor(size / 2), Deno.SeekMode.Start);
    file.writeSync(bytesOf("#"));
    file.utimeSync(atime as Date, mtime as Date);
  },
  "appends": ({ a }) => Deno.writeTextFileSync(a, "more\n", { append: true }),
  "truncates": ({ a }) => Deno.truncateSync(a, 3),
  "extends": ({ a }) => Deno.truncateSync(a, 70_000),
  "sets a mode": ({ a }) => Deno.chmodSync(a, 0o600 + Math.floor(performance.now()) % 8),
  "sets an owner": ({ a }) => Deno.chownSync(a, 1 + Math.floor(performance.now()) % 9, 3),
  "sets times": ({ a }) => Deno.utimeSync(a, 1_000_000, 1_000_000 + performance.now()),
  "sets an attribute": ({ a, root }) =>
    aside(
      root,
      a,
      (folder, name) => folder.setXattr(name, { name: "user.a", value: bytesOf(`${performance.now()}`) }),
    ),
  "sets the mode of a folder": ({ in_ }) => Deno.chmodSync(in_, 0o700 + Math.floor(performance.now()) % 8),
  "makes a file": ({ fresh }) => text(fresh),
  "makes a folder with content": ({ fresh }) => {
    Deno.mkdirSync(`${fresh}/inner`, { recursive: true });
    for (const name of ["x", "inner/y", "inner.z"]) text(`${fresh}/${name}`);
  },
  "makes a link": ({ fresh }) => Deno.symlinkSync(`to ${fresh}`, fresh),
  "makes a FIFO": ({ fresh }) => mustRun("mkfifo", fresh),
  "makes a device": ({ fresh }) => mustRun("mknod", fresh, "c", "1", "3"),
  "adds a hard link": ({ a, fresh }) => Deno.linkSync(a, fresh),
  "removes a file": ({ a }) => Deno.removeSync(a),
  "removes a folder": ({ in_ }) => Deno.removeSync(in_, { recursive: true }),
  "renames a file": ({ a, fresh }) => Deno.renameSync(a, fresh),
  "renames a file over another": ({ a, b }) => Deno.renameSync(a, b),
  "renames a folder": ({ in_, fresh }) => Deno.renameSync(in_, fresh),
  "exchanges two files": ({ a, b, root }) => {
    if (a === b) return;
    aside(root, a, (from, name) => aside(root, b, (to, other) => from.rename(name, to, other, "exchange")));
  },
  "puts a new folder in place of one": ({ in_, fresh }) => {
    Deno.renameSync(in_, fresh);
    Deno.mkdirSync(in_);
    for (const { name } of Deno.readDirSync(fresh)) {
      Deno.renameSync(`${fresh}/${name}`, `${in_}/${name}`);
      break;
    }
  },
  "puts a new folder in place of one that is gone": ({ in_, fresh }) => {
    for (const { name, isFile } of Deno.readDirSync(in_)) {
      if (!isFile) continue;
      Deno.renameSync(`${in_}/${name}`, fresh);
      break;
    }
    Deno.removeSync(in_, { recursive: true });
    Deno.mkdirSync(in_);
    if (exists(fresh)) Deno.linkSync(fresh, `${in_}/${in_.length % 2 === 0 ? "one" : "other"}`);
    text(`${in_}/zzz`);
  },
  "replaces a file by a link": ({ a }) => {
    Deno.removeSync(a);
    Deno.symlinkSync("elsewhere", a);
  },
  "replaces a folder by a file": ({ in_ }) => {
    Deno.removeSync(in_, { recursive: true });
    text(in_);
  },
  "replaces a file by a folder": ({ a }) => {
    Deno.removeSync(a);
    Deno.mkdirSync(a);
    text(`${a}/inner`);
  },
  "stores through a memory map": ({ a }) => store(a),
  "writes past the page cache": ({ a }) =>
    mustRun(
      "dd",
      "if=/dev/zero",
      `of=${a}`,
      "bs=4096",
      "count=1",
      "conv=notrunc",
      "oflag=direct",
      "status=none",
    ),
  "sets an access list": ({ a }) =>
    mustRun("setfacl", "-m", `u:${1 + Math.floor(performance.now()) % 9}:r`, a),
  "clones another file into it": ({ a, b }) => {
    if (Deno.statSync(a).ino !== Deno.statSync(b).ino) mustRun("cp", "--reflink=always", b, a);
  },
  "punches a hole": ({ a }) => mustRun("fallocate", "-p", "-o", "0", "-l", "4096", a),
};

/** Does one random change below a folder, if there is something to change; returns which. */
export function editAtRandom(root: Folder, random: () => number, number: number): string {
  const files: string[] = [];
  const folders: string[] = [];
  const walk = (path: string) => {
    for (const { name, isFile, isDirectory } of Deno.readDirSync(path)) {
      if (isFile) files.push(`${path}/${name}`);
      if (!isDirectory) continue;
      folders.push(`${path}/${name}`);
      walk(`${path}/${name}`);
    }
  };
  walk(root.path);
  const one = (paths: string[]) => paths[Math.floor(random() * paths.length)] as string;
  const kinds = Object.keys(EDITS);
  const kind = kinds[Math.floor(random() * kinds.length)] as string;
  if (files.length === 0 || folders.length === 0) return "nothing";
  const above = random() < 0.5 ? root.path : one(folders);
  const [a, b, in_] = [one(files.sort()), one(files), one(folders.sort())];
  const fresh = `${above.startsWith(in_) ? root.path : above}/${number % 2 === 0 ? "b" : "d.n"}${number}`;
  EDITS[kind]?.({ a, b, in_, fresh, root });
  return `${kind} (${a}, ${b}, ${in_}, ${fresh})`;
}
