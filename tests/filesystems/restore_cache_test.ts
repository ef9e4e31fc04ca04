import { assertEquals } from "@std/assert";
import { FILE } from "../../src/model/entry.ts";
import { restore } from "../../src/operation/restore.ts";
import { snapshot } from "../../src/operation/snapshot.ts";
import { worktreeFork } from "../../src/operation/worktree_fork.ts";
import { openPlatform } from "../../src/platform/open_platform.ts";
import { tableOf } from "../../src/protocol/look/compare.ts";
import { type Look, lookAt } from "../../src/protocol/look/look.ts";
import { indexesWhere } from "../../src/tree/table.ts";
import { sharedDisk } from "../support/disk_image.ts";
import { randomFrom } from "../support/random.ts";
import { editAtRandom } from "../support/random_edits.ts";
import { plainOf } from "../support/random_tables.ts";
import { TestRepository } from "../support/repository.ts";
import { requires } from "../support/requires.ts";
import { mustRun } from "../support/run.ts";
import { makeRichTree } from "../support/trees.ts";

/*
 * After a restore and a fork the stat cache says what was not touched and what was made, without a scan. A look must see by it
 * what it sees without a cache (docs/design/restore.md).
 */

Deno.test({
  name: "a look after a restore sees by the cache what is there, whatever was changed before",
  ...requires("root", "ffi", "python3", "acl", "xfs"),
  async fn() {
    const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? 5);
    const random = randomFrom(seed);
    using disk = await sharedDisk("xfs");
    using repository = await TestRepository.make(disk.path);
    using root = openPlatform().openFolder(repository.main);
    const done: string[] = [];
    const edit = () => done.push(editAtRandom(root, random, done.length));
    const saved: string[] = [];
    for (let round = 0; round < 30; round++) {
      if (round % 10 === 0) fill(repository, `round${round}`);
      if (random() < 0.3) repository.write("main/.jvsignore", random() < 0.5 ? "d.n*\n" : "b*\n");
      for (let edits = Math.floor(random() * 5); edits > 0; edits--) edit();
      if (round === 0 || random() < 0.4) saved.push(await save(repository));
      for (let edits = Math.floor(random() * 5); edits > 0; edits--) edit();
      letTimesBeOld();
      const id = saved[Math.floor(random() * saved.length)] as string;
      await repository.call(restore, { snapshot: id, discard: random() < 0.5 });
      done.push(`restored ${id}`);
      if (random() < 0.5) edit();
      letTimesBeOld();
      assertEquals(...await looks(repository), `seed ${seed}: ${done.join("; ")}`);
    }
  },
});

Deno.test({
  name: "a look after a restore reads nothing that was restored, where a rename changes no time",
  ...requires("root", "ffi", "xfs"),
  async fn() {
    using disk = await sharedDisk("xfs");
    using repository = await TestRepository.make(disk.path);
    fill(repository, "tree");
    letTimesBeOld(1050);
    const id = await repository.save();
    for (const path of ["a/one", "d/e/two"]) repository.write(`main/tree/${path}`, "other");
    Deno.removeSync(`${repository.main}/tree/a.b`, { recursive: true });
    letTimesBeOld();
    await repository.call(restore, { snapshot: id, discard: true });
    letTimesBeOld();
    using look = await lookNow(repository);
    const unread = indexesWhere(look.table, (i) => look.table.type[i] === FILE && look.table.hashed[i] !== 1);
    assertEquals([...unread].map((i) => new TextDecoder().decode(look.table.path(i))), []);
  },
});

Deno.test({
  name: "a look in a fork sees by the cache what is there, whatever was changed before",
  ...requires("root", "ffi", "python3", "acl", "xfs"),
  async fn() {
    const random = randomFrom(3);
    using disk = await sharedDisk("xfs");
    using repository = await TestRepository.make(disk.path);
    await makeRichTree(repository.main);
    for (let round = 0; round < 4; round++) {
      if (round === 1) mustRun("sh", "-c", `cd "${repository.main}" && rm -r deep names`); // Deno opens no such paths, to edit there
      if (round < 2) await save(repository);
      const { path } = await repository.call(worktreeFork, { name: `fork${round}` });
      using root = openPlatform().openFolder(path);
      for (let edits = 0; edits < 3 * round; edits++) editAtRandom(root, random, edits);
      letTimesBeOld();
      assertEquals(...await looks(repository, `fork${round}`), `round ${round}`);
    }
  },
});

function fill(repository: TestRepository, name: string): void {
  for (const folder of ["a", "a.b", "a/c", "d", "d/e", "d/e/f"]) {
    for (const file of ["one", "two", "two.more"]) {
      repository.write(`main/${name}/${folder}/${file}`, `${folder}/${file}`.repeat(400));
    }
  }
}

async function save(repository: TestRepository): Promise<string> {
  return (await repository.call(snapshot, { branch: true })).snapshot.snapshot_id;
}

/** Waits until what was changed so far has times that are believed; of files that another process could have open, after a second. */
function letTimesBeOld(ms = 30): void {
  for (const until = Date.now() + ms; Date.now() < until;);
}

async function lookNow(
  repository: TestRepository,
  options: Parameters<typeof lookAt>[2] = {},
  worktree = "main",
): Promise<Look> {
  const context = await repository.open();
  return await lookAt(context, context.store.worktrees.get(worktree), options);
}

/** What a look sees by the cache, and what one sees without it, which reads all. */
async function looks(repository: TestRepository, worktree = "main"): Promise<[unknown, unknown]> {
  const { store } = await repository.open();
  const seen = [];
  for (const options of [{}, { known: await tableOf(store, null) }]) {
    using look = await lookNow(repository, options, worktree);
    const { table } = look;
    await look.hash(indexesWhere(table, (i) => table.type[i] === FILE && table.hashed[i] !== 1));
    table.hashed.forEach((_, i) => table.type[i] !== FILE && (table.hashed[i] = 0)); // of a link, if it was compared
    seen.push(plainOf(table));
  }
  return seen as [unknown, unknown];
}
