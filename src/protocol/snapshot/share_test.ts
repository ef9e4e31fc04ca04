import { assertEquals, assertNotEquals } from "@std/assert";
import { sharedDisk } from "../../../tests/support/disk_image.ts";
import { requires } from "../../../tests/support/requires.ts";
import { TestRepository } from "../../../tests/support/repository.ts";
import { textOf } from "../../model/bytes.ts";
import { doctor } from "../../operation/doctor.ts";
import { restore } from "../../operation/restore.ts";
import { snapshot } from "../../operation/snapshot.ts";
import { status } from "../../operation/status.ts";
import { verify } from "../../operation/verify.ts";
import { collectGarbage } from "../../platform/collect_garbage.ts";
import { lookAt } from "../look/look.ts";
import { shareWith } from "./share.ts";

const inodeIn = (repository: TestRepository, id: string, path: string) =>
  Deno.lstatSync(`${repository.path}/.jvs/snapshots/${id}/${path}`).ino;

/** Until a file written now is older than the clock's tick, it is not trusted to be unchanged (SPEC 5, clean). */
async function afterTheTick(repository: TestRepository): Promise<void> {
  const written = Deno.statSync(`${repository.main}/a.txt`).ctime as Date;
  while (Date.now() - written.getTime() < 1030) await new Promise((resolve) => setTimeout(resolve, 5));
}

Deno.test({
  name: "shareWith() shares unchanged files with the snapshot before, whatever looked at them meanwhile",
  ...requires("ffi"),
  async fn() {
    using repository = await TestRepository.saved();
    await afterTheTick(repository);
    const second = await repository.save("the cache is filled by clean files");
    const third = await repository.save("taken from the cache");
    assertEquals(inodeIn(repository, third, "a.txt"), inodeIn(repository, second, "a.txt"));

    repository.write("main/data/b.txt", "changed\n");
    await repository.call(status);
    const fourth = await repository.save("after a status");
    assertEquals(inodeIn(repository, fourth, "a.txt"), inodeIn(repository, second, "a.txt"));
    assertNotEquals(inodeIn(repository, fourth, "data/b.txt"), inodeIn(repository, third, "data/b.txt"));

    await repository.call(restore, { snapshot: third });
    await repository.call(restore, { snapshot: "HEAD" });
    const fifth = await repository.save("after restores");
    assertEquals(inodeIn(repository, fifth, "a.txt"), inodeIn(repository, second, "a.txt"));
    const { tamper_detected } = await repository.call(verify, { all: true });
    assertEquals(tamper_detected, false);
  },
});

Deno.test({
  name: "shareWith() takes nothing from a cache that another process wrote since the look",
  ...requires("ffi"),
  async fn() {
    using repository = await TestRepository.saved();
    await afterTheTick(repository);
    const second = await repository.save("the cache is filled by clean files");
    const context = await repository.open();
    const worktree = context.store.worktrees.get("main");
    using look = await lookAt(context, worktree);
    assertEquals(look.cachedSnapshotId, second);
    assertNotEquals(look.cachedTable(), undefined);

    repository.write("main/0 comes first", "so that every index moves\n");
    await repository.call(status);
    await new Promise((resolve) => setTimeout(resolve)); // V8 keeps what was asked for until the turn ends
    collectGarbage();
    assertEquals(look.cachedTable(), undefined);
    const shared = await shareWith(worktree.head_snapshot_id ?? "", { ...context, worktree }, look);
    using _payload = shared?.payload;
    assertEquals(shared?.snapshotId, second);
    const paths = [...look.table.type.subarray(0, look.table.count)].map((_, i) =>
      textOf(look.table.path(i))
    );
    for (const [j, i] of shared?.match.entries() ?? []) {
      if (i !== -1) assertEquals(textOf(shared?.table.path(i) ?? new Uint8Array()), paths[j]);
    }
    assertEquals([...shared?.match ?? []].filter((i) => i !== -1).length, 2);
  },
});

for (const [disk, engine] of [["ext4", "copy"], ["xfs", "reflink-copy"]] as const) {
  Deno.test({
    name: `shareWith() shares what is unchanged without a cache too, by ${engine}`,
    ...requires("ffi", disk),
    async fn() {
      using folder = await sharedDisk(disk);
      using repository = await TestRepository.make(folder.path);
      const names = ["same", "empty", "other"];
      for (const name of names) {
        repository.write(`main/${name}`, name === "empty" ? "" : name);
        Deno.utimeSync(`${repository.main}/${name}`, 1_500_000_000, 1_500_000_000);
      }
      const save = async () => (await repository.call(snapshot, {}, { engine })).snapshot.snapshot_id;
      const first = await save();
      repository.write("main/other", "wrong"); // of the same size, and made to look as old
      Deno.utimeSync(`${repository.main}/other`, 1_500_000_000, 1_500_000_000);
      await repository.call(doctor, { repair: ["rebuild_index"] });
      const second = await save();
      const isShared = (name: string) =>
        inodeIn(repository, first, name) === inodeIn(repository, second, name);
      assertEquals(names.filter(isShared), ["same", "empty"]);
      assertEquals(repository.read(`.jvs/snapshots/${second}/other`), "wrong");
      assertEquals((await repository.call(verify, { all: true })).tamper_detected, false);
    },
  });
}

Deno.test({
  name: "shareWith() shares what is unchanged on tmpfs, where no time proves it",
  ...requires("ffi", "tmpfs"),
  async fn() {
    using folder = await sharedDisk("tmpfs");
    using repository = await TestRepository.make(folder.path);
    for (const name of ["same", "other"]) repository.write(`main/${name}`, name);
    const first = await repository.save();
    repository.write("main/other", "wrong");
    const second = await repository.save();
    const isShared = (name: string) => inodeIn(repository, first, name) === inodeIn(repository, second, name);
    assertEquals(["same", "other"].filter(isShared), ["same"]);
    assertEquals(repository.read(`.jvs/snapshots/${second}/other`), "wrong");
  },
});

Deno.test("doctor() with repair_runtime drops damaged caches, and no others", async () => {
  using repository = await TestRepository.saved();
  const { store } = await repository.open();
  const folder = `${store.cacheFolder()}`;
  const [whole = ""] = Array.from(Deno.readDirSync(folder), ({ name }) => name);
  Deno.writeFileSync(`${folder}/damaged`, Deno.readFileSync(`${folder}/${whole}`).subarray(8));
  const { repaired } = await repository.call(doctor, { repair_runtime: true });
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), [whole]);
  assertEquals(repaired, ["Removed damaged caches of this host; they are rebuilt as they are needed."]);
});
