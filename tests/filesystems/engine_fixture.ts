import { assertEquals } from "@std/assert";
import type { CloneRequest, CloneResult, Engine, ShareSource } from "../../src/engine/contract.ts";
import { bytesOf } from "../../src/model/bytes.ts";
import type { Folder, Platform } from "../../src/platform/platform.ts";
import { scanTree } from "../../src/tree/scan.ts";
import type { TreeTable } from "../../src/tree/table.ts";

/** What a test of the suite does with the engine. */
export type Body = (fixture: EngineFixture) => Promise<void>;

/** Declares a test whose name is the end of a sentence. */
export type Test = (name: string, body: Body) => void;

/** An engine at work in one folder of a disk: trees are named by their path in there. */
export class EngineFixture {
  constructor(readonly platform: Platform, readonly engine: Engine, readonly path: string) {}

  /** A tree as a scan finds it. */
  async scan(name: string): Promise<TreeTable> {
    const { exactStat, xattrs } = this.platform.abilities;
    using root = this.open(name);
    const scan = await scanTree(root, { exactStat, xattrs });
    return scan.table;
  }

  /** Clones one tree into a new folder. */
  async clone(
    from: string,
    to: string,
    table: TreeTable,
    options: Pick<CloneRequest, "as"> & Partial<CloneRequest>,
  ): Promise<CloneResult> {
    using source = this.open(from);
    using into = this.platform.openFolder(this.path);
    return await this.engine.clone({
      source,
      table,
      gaps: new Set<number>(),
      into,
      name: bytesOf(to),
      ...options,
    });
  }

  /** Clones a tree as a payload that shares with an earlier one, entry by entry of the same path. */
  async cloneSharing(
    from: string,
    to: string,
    table: TreeTable,
    earlier: { name: string; table: TreeTable },
    as: CloneRequest["as"] = "payload",
  ) {
    using payload = this.open(earlier.name);
    const match = Int32Array.from({ length: table.count }, (_, i) => earlier.table.find(table.path(i)));
    const share: ShareSource = { payload, table: earlier.table, match };
    return await this.clone(from, to, table, { as, share });
  }

  open(name: string): Folder {
    return this.platform.openFolder(`${this.path}/${name}`);
  }

  at(name: string): string {
    return `${this.path}/${name}`;
  }

  write(name: string, content: string, mode = 0o644): void {
    Deno.mkdirSync(this.at(name.slice(0, Math.max(0, name.lastIndexOf("/")))), { recursive: true });
    Deno.writeTextFileSync(this.at(name), content);
    Deno.chmodSync(this.at(name), mode);
  }

  read(name: string): string {
    return Deno.readTextFileSync(this.at(name));
  }

  inode(name: string): number | null {
    return Deno.lstatSync(this.at(name)).ino;
  }

  /** The names in a folder. */
  names(name: string): string[] {
    return Array.from(Deno.readDirSync(this.at(name)), (entry) => entry.name).sort();
  }
}

/** The index of an entry, which must be there. */
export function indexOf(table: TreeTable, path: string): number {
  const index = table.find(bytesOf(path));
  if (index < 0) throw new Error(`The table has no ${path}.`);
  return index;
}

/** As `assertEquals`, showing only what differs: a tree's description is long. */
export function assertSameLines(actual: string[], expected: string[]): void {
  const [has, wants] = [new Set(actual), new Set(expected)];
  assertEquals(actual.filter((line) => !wants.has(line)), expected.filter((line) => !has.has(line)));
  assertEquals(actual.length, expected.length);
}
