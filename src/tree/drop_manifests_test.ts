import { assert, assertEquals } from "@std/assert";
import { inFolder } from "../../tests/support/by_path.ts";
import { killedAt } from "../../tests/support/kill_point.ts";
import { plainOf, randomNumbers, usualTable } from "../../tests/support/random_tables.ts";
import { requires } from "../../tests/support/requires.ts";
import { type TempDir, tempDir } from "../../tests/support/temp_dir.ts";
import { LinuxFile } from "../platform/linux_file.ts";
import { SystemError } from "../platform/system_error.ts";
import * as drop from "./drop_manifests.ts";
import * as manifest from "./manifest.ts";
import { decodeIndex } from "./manifest_index.ts";
import type { TreeTable } from "./table.ts";

const dropManifests = inFolder(drop.dropManifests);
const readManifest = inFolder(manifest.readManifest);
const writeManifest = inFolder(manifest.writeManifest);

const FILES = 5000;
const id = (n: number) => `${String(1_700_000_000_000 + n)}-0000000a`;

/** A tree whose entries from `start` to `end` were changed in this version. */
interface Change {
  readonly version: number;
  readonly start: number;
  readonly end: number;
}

function treeOf(...changes: readonly Change[]): TreeTable {
  const table = usualTable(FILES);
  for (const { version, start, end } of changes) {
    for (let i = start; i < end; i++) table.mtimeSec[i] = 1_800_000_000 + version;
  }
  return table;
}

/** What was written of a snapshot. */
interface Written {
  readonly table: TreeTable;
  readonly hash: string;
}

class Manifests implements Disposable {
  readonly written = new Map<number, Written>();
  constructor(readonly folder: TempDir = tempDir()) {}

  /** Writes the manifest of snapshot `n`, and shares blocks with that of `parent`. */
  async write(n: number, table: TreeTable, parent: number | null = n === 1 ? null : n - 1): Promise<void> {
    const { hash } = await writeManifest(this.folder.path, id(n), table, parent === null ? null : id(parent));
    this.written.set(n, { table, hash });
  }

  async drop(gone: readonly number[], options: drop.DropOptions = {}): Promise<drop.DroppedManifests> {
    for (const n of gone) this.written.delete(n);
    return await dropManifests(this.folder.path, new Set(gone.map(id)), options);
  }

  /** Fails unless each manifest is what was written, block for block. */
  async check(): Promise<void> {
    for (const [n, { table, hash }] of this.written) {
      const read = await readManifest(this.folder.path, id(n), { verify: true, expectedHash: hash });
      assertEquals(plainOf(read), plainOf(table), `snapshot ${n}`);
    }
  }

  /** Fails if there is more in the folder than the manifests need. */
  async checkNothingLeft(): Promise<void> {
    const needed = new Set<string>();
    for (const n of this.written.keys()) {
      needed.add(id(n));
      const { packs } = await decodeIndex(Deno.readFileSync(this.at(id(n))));
      for (const pack of packs) needed.add(`${pack}.pack`);
    }
    assertEquals(this.names(), [...needed].sort());
  }

  names(): string[] {
    return Array.from(Deno.readDirSync(this.folder.path), ({ name }) => name).sort();
  }

  at(name: string): string {
    return `${this.folder.path}/${name}`;
  }

  /** How many bytes of the disk a file takes. */
  bytes(name: string): number {
    return (Deno.statSync(this.at(name)).blocks ?? 0) * 512;
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

/** Three snapshots, of which the later ones use a fifth of what the first has. */
async function mostlyChanged(): Promise<Manifests> {
  const manifests = new Manifests();
  await manifests.write(1, treeOf());
  const change = { version: 2, start: 0, end: FILES * 0.8 };
  await manifests.write(2, treeOf(change));
  await manifests.write(3, treeOf(change, { version: 3, start: 100, end: 120 }));
  return manifests;
}

Deno.test("dropManifests() removes the packs that no index names, and keeps those that one does", async () => {
  using manifests = new Manifests();
  await manifests.write(1, treeOf());
  await manifests.write(2, treeOf({ version: 2, start: 10, end: 20 }));
  await manifests.write(3, treeOf({ version: 3, start: 10, end: 20 }));
  await manifests.write(9, treeOf({ version: 9, start: 0, end: FILES }), null);
  const taken = manifests.bytes(id(9)) + manifests.bytes(`${id(9)}.pack`);
  const { freed, unreadable } = await manifests.drop([2, 9]);
  assertEquals(unreadable, []);
  assert(freed > taken / 2, `${freed} of ${taken}`);
  await manifests.check();
  await manifests.checkNothingLeft();
  await manifests.drop([1]);
  await manifests.check();
  assert(manifests.names().includes(`${id(1)}.pack`), "the third still names it");
  await manifests.drop([3]);
  assertEquals(manifests.names(), []);
});

Deno.test({
  name: "dropManifests() leaves holes in a pack of which little is used, and each block at its place",
  ...requires("ffi"),
  async fn() {
    using manifests = await mostlyChanged();
    const pack = `${id(1)}.pack`;
    const [before, { size }] = [manifests.bytes(pack), Deno.statSync(manifests.at(pack))];
    using reader = Deno.openSync(manifests.at(pack));
    const old = Deno.readFileSync(manifests.at(pack));
    const { freed } = await manifests.drop([1]);
    const after = manifests.bytes(pack);
    assert(after < before / 2 && after > 0, `${before} became ${after}`);
    assert(freed >= before - after, `${freed} of ${before - after}`);
    assertEquals(Deno.statSync(manifests.at(pack)).size, size);
    await manifests.check();
    await manifests.checkNothingLeft();
    const read = new Uint8Array(old.length);
    for (let done = 0; done < read.length;) done += reader.readSync(read.subarray(done)) ?? read.length;
    assertEquals(read, old, "who had it open reads what it was");
    const again = Deno.statSync(manifests.at(pack)).ino;
    await manifests.drop([1]);
    assertEquals(Deno.statSync(manifests.at(pack)).ino, again, "it is not written twice");
  },
});

Deno.test("dropManifests() leaves a pack alone that is used by half, or that another host may read", async () => {
  using manifests = new Manifests();
  await manifests.write(1, treeOf());
  await manifests.write(2, treeOf({ version: 2, start: 0, end: FILES * 0.4 }));
  const inode = () => Deno.statSync(manifests.at(`${id(1)}.pack`)).ino;
  const before = inode();
  await manifests.drop([1]);
  assertEquals(inode(), before);
  using little = await mostlyChanged();
  const { ino } = Deno.statSync(little.at(`${id(1)}.pack`));
  await little.drop([1], { mayReplace: false });
  assertEquals(Deno.statSync(little.at(`${id(1)}.pack`)).ino, ino);
  await little.check();
});

Deno.test("dropManifests() keeps what several indexes use of a pack together", async () => {
  using manifests = new Manifests();
  await manifests.write(1, treeOf());
  const parts = [0, 1, 2].map((n) => [n * 0.15, (n + 1) * 0.15].map((share) => Math.round(share * FILES)));
  for (const [n, [from = 0, to = 0]] of parts.entries()) {
    const others = [{ version: n + 2, start: 0, end: from }, { version: n + 2, start: to, end: FILES }];
    await manifests.write(n + 2, treeOf(...others), 1);
  }
  await manifests.drop([1]);
  await manifests.check();
  await manifests.drop([3]);
  await manifests.check();
  await manifests.checkNothingLeft();
});

Deno.test("dropManifests() leaves every pack alone if an index cannot be read, and says which", async () => {
  for (
    const damage of [
      (path: string) => Deno.truncateSync(path, 40),
      (path: string) => Deno.writeTextFileSync(path, ""),
      (path: string) => Deno.writeTextFileSync(path, "something else"),
      // One digit of the first pack that it names is another one: it names one that is not there.
      (path: string) => {
        const bytes = Deno.readFileSync(path);
        bytes[bytes.indexOf(0x2d) - 1] = 0x38;
        Deno.writeFileSync(path, bytes);
      },
    ]
  ) {
    using manifests = await mostlyChanged();
    await manifests.write(9, treeOf(), null);
    damage(manifests.at(id(3)));
    const packs = () =>
      manifests.names().filter((name) => name.endsWith(".pack"))
        .map((name) => [name, Deno.statSync(manifests.at(name)).ino]);
    const before = packs();
    const { unreadable } = await manifests.drop([1, 9], { mayReplace: false });
    assertEquals([unreadable, packs()], [[id(3)], before]);
    assertEquals(manifests.names().includes(id(9)), false);
    manifests.written.delete(3);
    await manifests.check();
  }
});

Deno.test({
  name: "dropManifests() writes no pack again if an index that names it is damaged behind its beginning",
  ...requires("ffi"),
  async fn() {
    using manifests = await mostlyChanged();
    const bytes = Deno.readFileSync(manifests.at(id(3)));
    bytes[bytes.length - 100] = 1 ^ (bytes[bytes.length - 100] ?? 0);
    Deno.writeFileSync(manifests.at(id(3)), bytes);
    const { ino } = Deno.statSync(manifests.at(`${id(1)}.pack`));
    const { unreadable } = await manifests.drop([1]);
    assertEquals([unreadable, Deno.statSync(manifests.at(`${id(1)}.pack`)).ino], [[id(3)], ino]);
  },
});

Deno.test("dropManifests() leaves alone a pack that has no index yet, because its snapshot is being made", async () => {
  using manifests = await mostlyChanged();
  Deno.copyFileSync(manifests.at(`${id(2)}.pack`), manifests.at(`${id(5)}.pack`));
  Deno.writeTextFileSync(manifests.at(`.${id(5)}.pack.0123456789abcdef.tmp`), "half of it");
  await manifests.drop([1, 2]);
  const left = manifests.names().filter((name) => name.includes(id(5)));
  assertEquals(left, [`.${id(5)}.pack.0123456789abcdef.tmp`, `${id(5)}.pack`]);
});

Deno.test({
  name: "dropManifests() that is killed at any change goes on when it is called again",
  ...requires("ffi"),
  async fn() {
    let kills = 0;
    for (let n = 1;; n++) {
      using manifests = await mostlyChanged();
      await manifests.write(9, treeOf({ version: 9, start: 0, end: FILES }), null);
      const isKilled = await killedAt(n, () => manifests.drop([1, 9]));
      await manifests.check();
      await manifests.drop([1, 9]);
      await manifests.check();
      await manifests.checkNothingLeft();
      assert(manifests.bytes(`${id(1)}.pack`) < Deno.statSync(manifests.at(`${id(1)}.pack`)).size / 2);
      if (!isKilled) break;
      kills++;
    }
    assert(kills > 5, `${kills}`);
  },
});

Deno.test({
  name: "dropManifests() drops the rest on a full disk, where no pack can be written again",
  ...requires("ffi"),
  async fn() {
    using manifests = await mostlyChanged();
    const { writeAt } = LinuxFile.prototype;
    LinuxFile.prototype.writeAt = function () {
      throw new SystemError("write", this.path, "ENOSPC");
    };
    try {
      await manifests.drop([1]);
    } finally {
      LinuxFile.prototype.writeAt = writeAt;
    }
    await manifests.check();
    await manifests.checkNothingLeft();
  },
});

Deno.test("dropManifests() loses nothing of a history that is changed and collected at random", async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const random = randomNumbers(seed);
    using manifests = new Manifests();
    const changes: Change[] = [];
    for (let n = 1; n <= 24; n++) {
      const start = random(FILES);
      changes.push({ version: n, start, end: Math.min(FILES, start + random(FILES)) });
      const parents = [...manifests.written.keys()];
      await manifests.write(n, treeOf(...changes.slice(-6)), parents[random(parents.length)] ?? null);
      if (random(3) !== 0) continue;
      const gone = [...manifests.written.keys()].filter(() => random(2) === 0);
      await manifests.drop(gone);
      await manifests.check();
      await manifests.checkNothingLeft();
    }
  }
});
