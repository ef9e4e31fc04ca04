import { bytesOf, bytesOfHex, compareBytes, hexOf } from "../../src/model/bytes.ts";
import { BLOCK, CHAR, DIR, FILE, SYMLINK, type Xattr } from "../../src/model/entry.ts";
import { type Device, NONE, TreeTable } from "../../src/tree/table.ts";
import { at } from "../../src/tree/columns.ts";

/** A number below `limit`. */
export type Random = (limit: number) => number;

/** Random numbers, always the same for one seed. */
export function randomNumbers(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * limit);
  };
}

/** One entry of a tree as a plain object, for tests only. The program uses tables. */
export interface PlainEntry {
  /** One character for each byte; empty for the root. */
  path: string;
  type: number;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  sec: number;
  nsec: number;
  /** Hex; null when the content was not hashed. */
  hash: string | null;
  target: string | null;
  device: Device | null;
  xattrs: readonly Xattr[];
  lost: number;
  /** Entries with the same text are hard links to one file. */
  group: string | null;
}

/** The bytes of a text with one character for each byte. */
export function bytesOfLatin(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The opposite of `bytesOfLatin`. */
export function latinOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** A usual entry with the given fields. */
export function entry(path: string, given: Partial<PlainEntry> = {}): PlainEntry {
  return {
    path,
    type: FILE,
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 0,
    sec: 0,
    nsec: 0,
    hash: null,
    target: null,
    device: null,
    xattrs: [],
    lost: 0,
    group: null,
    ...given,
  };
}

/** A table of these entries in root-hash order; missing folders are added. */
export function tableOf(entries: readonly PlainEntry[]): TreeTable {
  const all = new Map(entries.map((given) => [given.path, given]));
  for (const { path } of entries) {
    for (let cut = path.lastIndexOf("/"); cut !== -1; cut = path.lastIndexOf("/", cut - 1)) {
      const folder = path.slice(0, cut);
      if (!all.has(folder)) all.set(folder, entry(folder, { type: DIR, mode: 0o755 }));
    }
  }
  if (!all.has("")) all.set("", entry("", { type: DIR, mode: 0o755 }));
  const sorted = [...all.values()].sort((a, b) => compareBytes(bytesOfLatin(a.path), bytesOfLatin(b.path)));
  const table = new TreeTable(Math.max(1, sorted.length));
  const indexes = new Map<string, number>();
  const groups = new Map<string, number>();
  for (const plain of sorted) {
    const cut = plain.path.lastIndexOf("/");
    const parent = plain.path === "" ? NONE : indexes.get(plain.path.slice(0, Math.max(0, cut)));
    if (parent === undefined) throw new Error(`${plain.path} has no folder`);
    const index = table.add(parent, bytesOfLatin(plain.path.slice(cut + 1)), plain.type);
    indexes.set(plain.path, index);
    fill(table, index, plain);
    if (plain.group === null) continue;
    const first = groups.get(plain.group);
    if (first === undefined) groups.set(plain.group, index);
    else table.linkGroup[first] = table.linkGroup[index] = first;
  }
  return table;
}

function fill(table: TreeTable, index: number, plain: PlainEntry): void {
  table.mode[index] = plain.mode;
  table.uid[index] = plain.uid;
  table.gid[index] = plain.gid;
  table.size[index] = plain.size;
  table.mtimeSec[index] = plain.sec;
  table.mtimeNsec[index] = plain.nsec;
  table.lost[index] = plain.lost;
  if (plain.hash !== null) table.setHash(index, bytesOfHex(plain.hash));
  if (plain.target !== null) table.targets.set(index, bytesOfLatin(plain.target));
  if (plain.device !== null) table.devices.set(index, plain.device);
  if (plain.xattrs.length > 0) table.xattrs.set(index, plain.xattrs);
}

/** The entries of a table. The first path is the name of a link group. */
export function plainOf(table: TreeTable): PlainEntry[] {
  return Array.from({ length: table.count }, (_, index) => {
    const hash = table.contentHash(index);
    const target = table.targets.get(index);
    const first = at(table.linkGroup, index);
    return {
      path: latinOf(table.path(index)),
      type: at(table.type, index),
      mode: at(table.mode, index),
      uid: at(table.uid, index),
      gid: at(table.gid, index),
      size: at(table.size, index),
      sec: at(table.mtimeSec, index),
      nsec: at(table.mtimeNsec, index),
      hash: hash === undefined ? null : hexOf(hash),
      target: target === undefined ? null : latinOf(target),
      device: table.devices.get(index) ?? null,
      xattrs: table.xattrs.get(index) ?? [],
      lost: at(table.lost, index),
      group: first === NONE ? null : latinOf(table.path(first)),
    };
  });
}

// Names that sort just before or after a slash, a name that begins another one, and names that are not UTF-8.
const NAMES = [
  "a",
  "a.txt",
  "a-",
  "a0",
  "aa",
  "ab",
  "b",
  "A",
  "\xff",
  "a\xfe",
  "%",
  "long-name-of-a-file",
  " ",
  "\n",
];

/** The entries of a random tree, folders too, with everything that a manifest can hold. */
export function randomEntries(random: Random, count: number): PlainEntry[] {
  const folders = [""];
  const entries = new Map<string, PlainEntry>([["", randomEntry(random, "", DIR)]]);
  for (let tries = 0; tries < count; tries++) {
    const folder = folders[random(folders.length)] as string;
    const name = (NAMES[random(NAMES.length)] as string) + (random(3) === 0 ? String(random(count)) : "");
    const path = folder === "" ? name : `${folder}/${name}`;
    if (entries.has(path)) continue;
    const type = random(4) === 0 ? DIR : random(5) === 0 ? 2 + random(5) : FILE;
    if (type === DIR) folders.push(path);
    entries.set(path, randomEntry(random, path, type));
  }
  return [...entries.values()];
}

/** A random entry with this path. */
export function randomEntry(random: Random, path: string, type: number): PlainEntry {
  const rarely = (rate: number) => random(rate) === 0;
  const group = type === FILE && rarely(8) ? `group ${random(5)}` : null;
  const content = group === null ? random(40) : 5;
  return entry(path, {
    type,
    mode: rarely(5) ? random(type === DIR ? 0o4000 : 0o10000) : type === DIR ? 0o755 : 0o644,
    uid: rarely(9) ? random(2 ** 32) : 1000,
    gid: rarely(9) ? random(2 ** 32) : 1000,
    size: type === FILE ? content * (rarely(30) ? 2 ** 50 : 1) : 0,
    sec: rarely(20) ? (random(2 ** 32) - 2 ** 31) * (rarely(4) ? 2 ** 30 : 1) : 1_700_000_000 + random(1000),
    nsec: rarely(5) ? 0 : random(1_000_000_000),
    hash: type === FILE && !rarely(10) ? content.toString(16).padStart(64, "0") : null,
    target: type === SYMLINK ? `target ${random(9)}` : null,
    device: type === CHAR || type === BLOCK ? { major: random(2 ** 32), minor: random(300) } : null,
    xattrs: rarely(7) ? [{ name: "user.ä", value: bytesOf(`value ${random(2)}`) }] : [],
    lost: rarely(15) ? random(128) : 0,
    group,
  });
}

/** The same tree after some changes: entries are changed, added and removed (a folder with its content). */
export function changedEntries(
  random: Random,
  entries: readonly PlainEntry[],
  changes: number,
): PlainEntry[] {
  let changed = [...entries];
  for (let k = 0; k < changes; k++) {
    const index = random(changed.length);
    const { path, type } = changed[index] as PlainEntry;
    const keep = (plain: PlainEntry) => plain.path !== path && !plain.path.startsWith(`${path}/`);
    switch (random(3)) {
      case 0:
        changed[index] = randomEntry(random, path, type);
        break;
      case 1:
        if (path !== "") changed = changed.filter(keep);
        break;
      default: {
        const folder = type === DIR && path !== "" ? `${path}/` : "";
        const name = `${NAMES[random(NAMES.length)]}~${random(1000)}`;
        changed.push(randomEntry(random, folder + name, random(4) === 0 ? DIR : FILE));
        changed = [...new Map(changed.map((plain) => [plain.path, plain])).values()];
      }
    }
  }
  return changed;
}

/** A usual tree: folders of 50 files, times and sizes of all kinds, everything hashed. */
export function usualTable(files: number): TreeTable {
  const random = randomNumbers(1);
  const table = new TreeTable(files + files / 50 + 200);
  const hash = new Uint8Array(32);
  const add = (parent: number, name: string, type: number) => {
    const index = table.add(parent, bytesOf(name), type);
    table.mode[index] = type === DIR ? 0o755 : 0o644;
    table.uid[index] = table.gid[index] = 1000;
    table.mtimeSec[index] = 1_700_000_000 + random(1_000_000);
    table.mtimeNsec[index] = random(1_000_000_000);
    if (type !== FILE) return index;
    table.size[index] = random(100) * random(10_000);
    for (let k = 0; k < 32; k++) hash[k] = random(256);
    table.setHash(index, hash);
    return index;
  };
  add(NONE, "", DIR);
  const folders = Math.ceil(files / 50);
  let top = 0;
  for (let f = 0; f < folders; f++) {
    if (f % 50 === 0) top = add(0, `package_${String(f / 50).padStart(4, "0")}`, DIR);
    const folder = add(top, `module_${String(f % 50).padStart(2, "0")}`, DIR);
    for (let k = 0; k < 50; k++) add(folder, `source_file_${String(k).padStart(2, "0")}.ts`, FILE);
  }
  return table;
}
