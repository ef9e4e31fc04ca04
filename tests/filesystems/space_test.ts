import { assert, assertEquals } from "@std/assert";
import { gcPins } from "../../src/operation/gc_pins.ts";
import { gcPlan } from "../../src/operation/gc_plan.ts";
import { gcRun } from "../../src/operation/gc_run.ts";
import { gcUnpin } from "../../src/operation/gc_unpin.ts";
import { init } from "../../src/operation/init.ts";
import { restore } from "../../src/operation/restore.ts";
import { snapshot } from "../../src/operation/snapshot.ts";
import { worktreeFork } from "../../src/operation/worktree_fork.ts";
import { worktreeRemove } from "../../src/operation/worktree_remove.ts";
import { readSpace } from "../../src/protocol/space/space.ts";
import { readIndex } from "../../src/repo/snapshot_index.ts";
import { readIndex as readManifestIndex } from "../../src/tree/manifest.ts";
import { callIn, repositoryIn } from "../support/context.ts";
import { type Disk, diskImage } from "../support/disk_image.ts";
import { requires } from "../support/requires.ts";
import { mustRun, run } from "../support/run.ts";

/*
 * What the space ledger says beside what `df` says, on real file systems.
 */

/**
 * Where the tests run: the file system, the engine that makes its worktrees and snapshots, and how exact the answer must be where small
 * files are all there is: for one step, and for all steps together. On btrfs most of what those take is its trees, and no call says how
 * full they are: what the first steps leave in them comes free with a later one.
 */
const PLACES = [
  ["ext4", "copy", { one: 0.05, all: 0.05 }],
  ["xfs", "reflink-copy", { one: 0.05, all: 0.05 }],
  ["btrfs", "reflink-copy", { one: 0.3, all: 0.15 }],
  ["btrfs", "btrfs-snapshot", { one: 0.2, all: 0.1 }],
] as const;

/** A repository on a disk of its own, for `await using`. */
class Scene implements AsyncDisposable {
  /** What was said in all comparisons, and what the disk gave back. */
  private readonly all = { said: 0, freed: 0 };

  private constructor(
    private readonly disk: Disk,
    private readonly engine: string,
    private readonly repository: string,
  ) {}

  static async make(kind: "ext4" | "xfs" | "btrfs", engine: string): Promise<Scene> {
    const disk = await diskImage(kind, { sizeMb: 4096 });
    if (kind === "btrfs") mustRun("mount", "-o", "remount,commit=1,noatime", disk.path); // removes subvolumes at once
    const { repository } = await callIn(disk.path, init, { name: "project" }, { engine });
    return new Scene(disk, engine, repository);
  }

  get main(): string {
    return `${this.repository}/main`;
  }

  async save(kind: "manual" | "autosave" = "manual", worktree = this.main): Promise<string> {
    if (kind === "autosave") { // a restore to the head makes one of unsaved work
      const { autosave_snapshot_id: id } = await callIn(worktree, restore, { snapshot: "HEAD" }, {
        engine: this.engine,
      });
      assert(id !== null);
      return id;
    }
    return (await callIn(worktree, snapshot, { note: "" }, { engine: this.engine })).snapshot.snapshot_id;
  }

  async fork(name: string): Promise<string> {
    return (await callIn(this.main, worktreeFork, { name }, { engine: this.engine })).path;
  }

  async restorePath(from: string, path: string): Promise<void> {
    await callIn(this.main, restore, { snapshot: from, paths: [path] }, { engine: this.engine });
  }

  /** Writes a file of random bytes as editors do: a new one takes the place of the old one. */
  write(path: string, size: number, root = this.main): void {
    const full = `${root}/${path}`;
    Deno.mkdirSync(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    const file = Deno.openSync(`${full}~`, { write: true, create: true });
    for (let left = size; left > 0; left -= 65536) {
      const bytes = crypto.getRandomValues(new Uint8Array(Math.min(left, 65536)));
      file.writeSync(bytes);
    }
    file.close();
    Deno.renameSync(`${full}~`, full);
  }

  /** Changes a part of a file in place. */
  change(path: string, at: number, size: number): void {
    const file = Deno.openSync(`${this.main}/${path}`, { write: true });
    file.seekSync(at, Deno.SeekMode.Start);
    for (let left = size; left > 0; left -= 65536) {
      file.writeSync(crypto.getRandomValues(new Uint8Array(Math.min(left, 65536))));
    }
    file.syncSync();
    file.close();
  }

  files(folders: number, each: number, size: number): void {
    for (let i = 0; i < folders * each; i++) this.write(`folder-${i % folders}/file-${i}.txt`, size);
  }

  /** What the disk says is used, after it has settled. */
  used(): number {
    const { path } = this.disk;
    for (let round = 0; round < 2; round++) {
      mustRun("sync", "-f", path);
      if (this.disk.kind === "btrfs") run("btrfs", "subvolume", "sync", path);
      mustRun("fsfreeze", "-f", path);
      mustRun("fsfreeze", "-u", path);
    }
    const [blocks, free, size] = mustRun("stat", "-f", "-c", "%b %f %S", path).split(" ").map(Number);
    return ((blocks as number) - (free as number)) * (size as number);
  }

  /** Removes snapshots by hand as the garbage collection would; compares what was said of it with what the disk gives back. */
  async compare(
    name: string,
    going: { deleted?: string[]; pruned?: string[] },
    most = 0.05,
  ): Promise<void> {
    const { deleted = [], pruned = [] } = going;
    const context = await repositoryIn(this.main, { engine: this.engine });
    const table = await readIndex(context.store);
    const rows = (ids: string[]) => ids.map((id) => table.find(id));
    const space = await readSpace(context, table);
    const said = await space.freed({ deleted: rows(deleted), pruned: rows(pruned) });
    const before = this.used();
    for (const id of [...deleted, ...pruned]) this.removePayload(id);
    for (const id of pruned) this.rename(`snapshots/${id}.READY`, `snapshots/${id}.PRUNED`);
    for (const id of deleted) {
      for (const file of [`snapshots/${id}.READY`, `descriptors/${id}.json`, `manifests/${id}`]) {
        Deno.removeSync(`${this.repository}/.jvs/${file}`);
      }
    }
    await this.removePacks();
    const freed = before - this.used();
    this.agree(name, { said: said.bytes, freed, most, isExact: said.isExact });
    this.all.said += said.bytes;
    this.all.freed += freed;
    assertEquals(said.perRow.reduce((a, b) => a + b, 0), said.bytes);
  }

  /** Compares what was said in all steps with what the disk gave back. */
  compareAll(most: number): void {
    this.agree("all steps", { ...this.all, most, isExact: true });
  }

  /** Collects what nothing keeps; compares what was said of it with what the disk gives back. */
  async collect(name: string, most: number): Promise<string[]> {
    this.used(); // btrfs takes a subvolume that was removed for a user of its blocks until it has settled
    const plan = await callIn(this.main, gcPlan, {}, { engine: this.engine });
    const before = this.used();
    const { deleted, freed_bytes, pruned } = await callIn(this.main, gcRun, { plan_id: plan.plan_id }, {
      engine: this.engine,
    });
    this.agree(name, { said: freed_bytes, freed: before - this.used(), most, isExact: plan.is_exact });
    return [...pruned, ...deleted].sort();
  }

  private agree(
    name: string,
    { freed, isExact, most, said }: { said: number; freed: number; most: number; isExact: boolean },
  ): void {
    const part = ((said / freed - 1) * 100).toFixed(1);
    const state = `${this.disk.kind} ${this.engine}, ${name}: said ${said}, freed ${freed} (${part} %)`;
    if (Deno.env.has("SPACE_SHOW")) return console.log(state);
    assert(isExact, state);
    const least = SMALLEST[this.disk.kind === "btrfs" ? "btrfs" : "others"];
    assert(Math.abs(said - freed) <= Math.max(most * freed, least), state);
  }

  /** Removes a worktree; nothing keeps its line then. */
  async removeWorktree(name: string): Promise<void> {
    await callIn(this.main, worktreeRemove, { name }, { engine: this.engine });
    const { pins } = await callIn(this.main, gcPins, {});
    for (const { pin_id: pin } of pins) await callIn(this.main, gcUnpin, { pin });
  }

  private removePayload(id: string): void {
    const payload = `${this.repository}/.jvs/snapshots/${id}`;
    if (Deno.lstatSync(payload).ino === 256) mustRun("btrfs", "subvolume", "delete", "-C", payload);
    else mustRun("rm", "-rf", payload);
  }

  private rename(from: string, to: string): void {
    Deno.renameSync(`${this.repository}/.jvs/${from}`, `${this.repository}/.jvs/${to}`);
  }

  private async removePacks(): Promise<void> {
    const { store } = await repositoryIn(this.main, { engine: this.engine });
    using folder = store.layout.manifests.open();
    const used = new Set<string>();
    for (const id of store.snapshots.listKnown()) {
      for (const pack of (await readManifestIndex(folder, id)).packs) used.add(`${pack}.pack`);
    }
    for (const name of store.layout.manifests.names()) {
      if (name.endsWith(".pack") && !used.has(name)) store.layout.manifests.at(name).remove();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disk[Symbol.asyncDispose]();
  }
}

/** A file system gives back its trees in pieces: less than this is not told apart. A leaf of btrfs is 32 KB. */
const SMALLEST = { btrfs: 512 * 1024, others: 16 * 1024 };

for (const [kind, engine, small] of PLACES) {
  const needed = requires("root", "ffi", kind);
  const place = `${kind}, ${engine}`;

  Deno.test(`freed() says what small files of snapshots take (${place})`, needed, async () => {
    await using scene = await Scene.make(kind, engine);
    scene.files(20, 100, 3000);
    const ids = [await scene.save()];
    for (let n = 1; n < 8; n++) {
      for (let i = 0; i < 40; i++) {
        const at = (n * 997 + i * 61) % 2000;
        scene.write(`folder-${at % 20}/file-${at}.txt`, 5000 + n);
      }
      ids.push(await scene.save());
    }
    await scene.compare("one in the middle", { pruned: [ids[3] as string] }, small.one);
    await scene.compare("the first two", { deleted: ids.slice(0, 2) }, small.one);
    await scene.compare("all but the head", { deleted: [...ids.slice(2, 3), ...ids.slice(4, 7)] }, small.one);
    scene.compareAll(small.all);
  });

  Deno.test(`freed() says what a large file takes that is changed in place (${place})`, needed, async () => {
    await using scene = await Scene.make(kind, engine);
    scene.write("large", 256 * 1024 * 1024);
    scene.files(4, 50, 2000);
    const ids = [await scene.save()];
    for (let n = 1; n < 5; n++) {
      scene.change("large", n * 40 * 1024 * 1024, 1024 * 1024);
      ids.push(await scene.save());
    }
    await scene.compare("the second", { pruned: ids.slice(1, 2) });
    await scene.compare("the first", { deleted: ids.slice(0, 1) });
    Deno.removeSync(`${scene.main}/large`);
    await scene.save();
    await scene.compare("the rest", { deleted: ids.slice(2, 5), pruned: [] });
  });

  Deno.test(
    `freed() knows touched files, autosaves, forks and restored paths (${place})`,
    needed,
    async () => {
      await using scene = await Scene.make(kind, engine);
      scene.files(10, 40, 9000);
      scene.write("data/model.bin", 8 * 1024 * 1024);
      const first = await scene.save();
      for (let i = 0; i < 50; i++) Deno.utimeSync(`${scene.main}/folder-${i % 10}/file-${i}.txt`, 1, 1e9 + i);
      const touched = await scene.save();
      for (let i = 50; i < 90; i++) scene.write(`folder-${i % 10}/file-${i}.txt`, 20_000);
      const autosave = await scene.save("autosave");
      const fork = await scene.fork("other");
      for (let i = 90; i < 120; i++) scene.write(`folder-${i % 10}/file-${i}.txt`, 30_000, fork);
      const forked = await scene.save("manual", fork);
      scene.write("data/model.bin", 6 * 1024 * 1024);
      const changed = await scene.save();
      await scene.restorePath(first, "data/model.bin");
      await scene.compare("the autosave", { deleted: [autosave] });
      // The restore wrote 40 files back as they were: that copied leaves of the subvolume, and no manifest tells of it.
      const most = engine === "btrfs-snapshot" ? 1 : 0.05;
      await scene.compare("the first and the touched", { deleted: [first, touched] }, most);
      scene.write("folder-1/more", 100_000);
      await scene.save();
      scene.write("folder-1/more", 100_000, fork);
      await scene.save("manual", fork);
      await scene.compare("a pair on both lines", { pruned: [changed, forked] });
    },
  );

  Deno.test(`gc run gives back what it says (${place})`, needed, async () => {
    await using scene = await Scene.make(kind, engine);
    scene.files(10, 40, 9000);
    await scene.save();
    const fork = await scene.fork("other");
    const line: string[] = [];
    for (let n = 0; n < 3; n++) {
      for (let i = 0; i < 60; i++) scene.write(`folder-${i % 10}/file-${n * 60 + i}.txt`, 40_000, fork);
      line.push(await scene.save("manual", fork));
    }
    await scene.removeWorktree("other");
    assertEquals(await scene.collect("the line of a removed worktree", small.one), line);
  });
}
