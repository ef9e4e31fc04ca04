import { requires } from "./requires.ts";
import { tempDir } from "./temp_dir.ts";
import { bytesOf, compareBytes, textOf } from "../../src/model/bytes.ts";
import { DIR } from "../../src/model/entry.ts";
import { openPlatform } from "../../src/platform/open_platform.ts";
import type { Folder, OpenFile, Platform } from "../../src/platform/platform.ts";
import { type Scan, type ScanOptions, scanTree } from "../../src/tree/scan.ts";
import { readScanClock, type ScanClock, settle } from "../../src/tree/scan_clock.ts";
import { NONE, TreeTable } from "../../src/tree/table.ts";

/** The arguments of a test of a tree: an empty folder for the tree, and a folder for files of JVS. */
export interface TreeCase {
  readonly platform: Platform;
  readonly root: Folder;
  /** The path of the root. */
  readonly path: string;
  /** The path of the other folder. */
  readonly ours: string;
}

/** Declares a test on a real tree, with the C library. */
export function onTree(
  name: string,
  check: (given: TreeCase) => void | Promise<void>,
  ...needs: Parameters<typeof requires>
): void {
  Deno.test({
    name,
    ...requires("ffi", ...needs),
    fn: async () => {
      using dir = tempDir();
      await withTree(dir.path, check);
    },
  });
}

/** Does something with a tree in an existing folder. */
export async function withTree(
  dir: string,
  check: (given: TreeCase) => void | Promise<void>,
): Promise<void> {
  const platform = openPlatform();
  const path = `${dir}/tree`;
  const ours = `${dir}/ours`;
  for (const made of [path, ours]) Deno.mkdirSync(made);
  using root = platform.openFolder(path);
  await check({ platform, root, path, ours });
}

/** Scans with the options of most tests. */
export function scan(root: Folder, options: Partial<ScanOptions> = {}): Promise<Scan> {
  return scanTree(root, { exactStat: true, xattrs: true, ...options });
}

/** The clock of the file system a second later. For it every entry is old enough to be clean: nobody here stores through memory maps. */
export function clockOf(given: TreeCase): ScanClock {
  const now = clockNow(given);
  return { ...now, sec: now.sec + 1 };
}

/** Scans with that clock when every later change will show in times. */
export async function scanSettled(given: TreeCase, options: Partial<ScanOptions> = {}): Promise<Scan> {
  const { table } = await scan(given.root);
  await settle(table, clockNow(given));
  return await scan(given.root, { clock: clockOf(given), ...options });
}

function clockNow(given: TreeCase): ScanClock {
  using ours = given.platform.openFolder(given.ours);
  return readScanClock(given.platform, ours, given.root);
}

/** All paths of a table except the root, as texts to compare; bytes that are not UTF-8 are lost. */
export function pathsOf(table: TreeTable): string[] {
  return Array.from({ length: table.count - 1 }, (_, i) => textOf(table.path(i + 1)));
}

/** The index of a path that exists. */
export function indexOf(table: TreeTable, path: string): number {
  const index = table.find(bytesOf(path));
  if (index === -1) throw new Error(`${path} is not in the table`);
  return index;
}

/** A table without a tree. Paths in any order; a folder ends with a slash, and all folders must be listed. */
export function tableOf(...paths: string[]): TreeTable {
  const table = new TreeTable(1);
  table.add(NONE, new Uint8Array(), DIR);
  const sorted = paths.map((path) => path.replace(/\/$/, "")).map(bytesOf).sort(compareBytes).map(textOf);
  for (const path of sorted) {
    const cut = path.lastIndexOf("/");
    const parent = cut === -1 ? 0 : indexOf(table, path.slice(0, cut));
    table.add(parent, bytesOf(path.slice(cut + 1)), paths.includes(path + "/") ? DIR : 0);
  }
  return table;
}

/** Records the calls on a folder, and on all folders and files that are opened from it. */
export function watched<T extends Folder | OpenFile>(open: T, seen: (call: string, name: string) => void): T {
  return new Proxy(open, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== "function") return member;
      return (...given: unknown[]) => {
        const [name] = given;
        if (typeof property === "string") seen(property, name instanceof Uint8Array ? textOf(name) : "");
        const result: unknown = Reflect.apply(member, target, given);
        const opened = property === "openFolder" || property === "openFile";
        return opened ? watched(result as Folder | OpenFile, seen) : result;
      };
    },
  });
}
