import { assertEquals, assertRejects } from "@std/assert";
import { requires } from "../../tests/support/requires.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { testWorkers } from "../../tests/support/team_worker.ts";
import { isJvsError, JvsError } from "../model/errors.ts";
import { bytesOf } from "../model/bytes.ts";
import { FILE } from "../model/entry.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { nowSide } from "../protocol/look/side.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";
import { diff } from "./diff.ts";
import { loadStatCache, saveStatCache } from "../tree/stat_cache.ts";
import { restore } from "./restore.ts";
import { status } from "./status.ts";

Deno.test("status() gives every path that is not saved, however many there are", async () => {
  using repository = await TestRepository.saved();
  for (let i = 0; i < 150; i++) repository.write(`main/new/${i}`, "x");
  const { differences, changes } = await repository.call(status);
  assertEquals([differences.length, changes.added], [151, 151]);
});

/** Whether a status decodes manifests: it fails if the blocks of all of them are wrong. */
async function decodesManifest(repository: TestRepository): Promise<boolean> {
  const folder = `${repository.path}/.jvs/manifests`;
  const packs = Array.from(Deno.readDirSync(folder), ({ name }) => `${folder}/${name}`)
    .filter((path) => path.endsWith(".pack"))
    .map((path) => ({ path, good: Deno.readFileSync(path) }));
  for (const { path, good } of packs) Deno.writeFileSync(path, good.slice().fill(0xff, 16));
  try {
    assertEquals((await repository.call(status)).clean, true);
    return false;
  } catch (error) {
    if (!isJvsError(error, "E_DESCRIPTOR_CORRUPT")) throw error;
    return true;
  } finally {
    for (const { path, good } of packs) Deno.writeFileSync(path, good);
  }
}

/** Waits until every file is old enough for the cache. */
async function untilOld(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1030));
}

Deno.test({
  name: "status() of what is as the cache knows it does not decode the manifest, and says the same",
  ...requires("ffi"),
  fn: async () => {
    using repository = await TestRepository.saved();
    const clean = async () => (await repository.call(status)).clean;
    await untilOld();
    assertEquals([await clean(), await decodesManifest(repository)], [true, false]);

    repository.write("main/a.txt", "One\n");
    assertEquals([await clean(), await clean()], [false, false]);
    await untilOld();
    assertEquals([await clean(), await decodesManifest(repository)], [false, true]);

    repository.write("main/a.txt", "one\n"); // as it was saved, but with other times
    await untilOld();
    assertEquals([await decodesManifest(repository), await clean()], [true, true]);
    assertEquals(await decodesManifest(repository), false);

    repository.write("main/empty", "");
    const second = await repository.save("second");
    repository.write("main/data/c.txt", "");
    await repository.save("third");
    for (const snapshot of [second, repository.first, second]) {
      await repository.call(restore, { snapshot });
      await untilOld();
      assertEquals([await clean(), await decodesManifest(repository)], [true, false], snapshot);
    }
  },
});

Deno.test({
  name: "what was hashed for a comparison is remembered, also if nothing else is new to the cache",
  ...requires("ffi"),
  fn: async () => {
    using repository = await TestRepository.saved();
    repository.write("main/new", "new");
    const second = await repository.save("second");
    await repository.call(restore, { snapshot: repository.first });
    repository.write("main/new", "New");
    await untilOld();
    const isHashed = async () => {
      const context = await repository.open();
      using now = await nowSide(context, requireWorktree(context, undefined));
      return now.table.hashed[now.table.find(bytesOf("new"))];
    };
    for (const _twice of [1, 2]) assertEquals((await repository.call(status)).changes.added, 1);
    assertEquals(await isHashed(), 0);
    await repository.call(diff, { from: second, to: "@" });
    assertEquals(await isHashed(), 1);
  },
});

Deno.test("status() notices that the manifest of the head is missing or cut, whatever the cache knows", async () => {
  using repository = await TestRepository.saved();
  await untilOld();
  await repository.call(status);
  for (const { name } of [...Deno.readDirSync(`${repository.path}/.jvs/manifests`)]) {
    const path = `${repository.path}/.jvs/manifests/${name}`;
    const good = Deno.readFileSync(path);
    Deno.removeSync(path);
    await assertRejects(() => repository.call(status), JvsError, "manifest");
    Deno.writeFileSync(path, good.subarray(0, -1));
    await assertRejects(() => repository.call(status), JvsError, "manifest");
    Deno.writeFileSync(path, good);
  }
});

/** Adds to the caches of a repository so many files that are not there. */
function addToCaches(repository: TestRepository, count: number): void {
  const hosts = `${repository.path}/.jvs/runtime/hosts`;
  for (const { name: host } of Deno.readDirSync(hosts)) {
    using folder = openPlatform().openFolder(`${hosts}/${host}/cache`);
    for (const { name } of Deno.readDirSync(folder.path)) {
      using file = folder.openFile(bytesOf(name), "read");
      const cache = loadStatCache(file);
      if (cache === undefined) throw new Error(`${name} is no cache`);
      for (let i = 0; i < count; i++) cache.table.add(0, bytesOf(`gone-${i}`), FILE);
      saveStatCache(folder, name, cache);
    }
  }
}

Deno.test({
  name: "status() has workers if the cache knows very much, and says the same",
  ...requires("ffi"),
  fn: async () => {
    using repository = await TestRepository.saved();
    using main = openPlatform().openFolder(repository.main);
    const tells = ["ext4", "xfs", "btrfs"].includes(openPlatform().fileSystem(main).kind);
    const { module } = testWorkers();
    const hasWorkers = async (threads: number) => {
      let isAsked = false;
      const workers = {
        get module() {
          isAsked = true;
          return module;
        },
        threads,
      };
      assertEquals((await repository.call(status, {}, { workers })).clean, true);
      return isAsked;
    };
    await untilOld();
    assertEquals(await hasWorkers(2), false);
    for (const threads of [1, 2]) {
      addToCaches(repository, 200_000);
      assertEquals(await hasWorkers(threads), tells && threads === 2);
    }
  },
});
