import { assert, assertEquals, assertRejects } from "@std/assert";
import { openFilesIn } from "../../tests/support/open_files.ts";
import { randomFrom } from "../../tests/support/random.ts";
import { makeFolders, pick } from "../../tests/support/random_tree.ts";
import { testWorkers } from "../../tests/support/team_worker.ts";
import { onTree, scan } from "../../tests/support/tree_cases.ts";
import { FILE } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { silentReporter } from "../model/progress.ts";
import type { Folder } from "../platform/platform.ts";
import { HashRun } from "./_hash_run.ts";
import { HashTeam } from "./_hash_team.ts";
import { hashFiles } from "./hash.ts";
import { loadSha256 } from "./sha256.ts";
import { indexesWhere, type TreeTable } from "./table.ts";

/** Less would be done by one thread. It is a hole: nothing is read. */
const MUCH = 210_000_000;

/** A tree of files of all sizes with further names, and a hole that is much work. */
function makeTree(path: string, seed: number): void {
  const random = randomFrom(seed);
  const folders = makeFolders(path, 20, random);
  const files: string[] = [];
  for (let i = 0; i < 300; i++) {
    const file = `${pick(random, folders)}/f${i}`;
    const size = pick(random, [0, 1, 4096, 700_000]);
    if (i % 10 === 9) Deno.linkSync(pick(random, files), file);
    else Deno.writeFileSync(file, new Uint8Array(size).fill(i));
    files.push(file);
  }
  using hole = Deno.openSync(`${path}/hole`, { write: true, create: true });
  hole.truncateSync(MUCH);
}

function filesOf(table: TreeTable): Uint32Array {
  return indexesWhere(table, (i) => table.type[i] === FILE);
}

/** Hashes all files by this thread and a worker, which has a part in it. */
async function byTwo(root: Folder, table: TreeTable, fault: Parameters<typeof testWorkers>[0] = "") {
  const seen: string[] = [];
  const reporter = { ...silentReporter, beside: (worker: string) => void seen.push(worker) };
  const task = {
    root,
    table,
    wanted: filesOf(table),
    flushEach: false,
    workers: testWorkers(fault),
    reporter,
  };
  await using team = HashTeam.begin(task);
  assert(team !== undefined);
  while (fault !== "never" && !team.hasBegun) await new Promise((resolve) => setTimeout(resolve, 1));
  using run = new HashRun(root, table, await loadSha256(), { flushEach: false });
  return { result: await team.finish(run), seen };
}

onTree("HashTeam gives what one thread gives, on random trees that change", async ({ root, path }) => {
  const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Date.now() % 1e6);
  makeTree(path, seed);
  const { table: one } = await scan(root);
  const two = one.copy();
  for (const [n, index] of filesOf(one).entries()) {
    const file = `${path}/${new TextDecoder().decode(one.path(index))}`;
    if (n % 31 === 7) Deno.removeSync(file);
    if (n % 37 === 9) Deno.writeTextFileSync(file, "changed", { append: true });
  }
  const alone = await hashFiles(root, one, filesOf(one), { flush: false });
  const { result, seen } = await byTwo(root, two);
  assertEquals(result, alone, `JVS_TEST_SEED=${seed}`);
  assertEquals(two.columns(), one.columns(), `JVS_TEST_SEED=${seed}`);
  assertEquals(seen, ["worker 1"]);
});

for (const fault of ["dies", "fails", "forgets", "never"]) {
  onTree(`HashTeam loses nothing by a worker that ${fault}`, async ({ root, path }) => {
    makeTree(path, 1);
    const { table } = await scan(root);
    const expected = table.copy();
    for (const index of filesOf(table).slice(0, 3)) {
      Deno.removeSync(`${path}/${new TextDecoder().decode(table.path(index))}`);
    }
    const alone = await hashFiles(root, expected, filesOf(expected), { flush: false });
    const { result } = await byTwo(root, table, fault);
    // What a worker has counted is lost with it; what it forgets is done, and counted, twice.
    assertEquals({ ...result, bytes: 0 }, { ...alone, bytes: 0 });
    assertEquals(table.columns(), expected.columns());
  });
}

onTree("hashFiles() starts workers for much work only, and says what they do", async ({ root, path }) => {
  Deno.writeTextFileSync(`${path}/small`, "small");
  const workers = testWorkers();
  const asked: string[] = [];
  const counting = {
    get module() {
      asked.push("module");
      return workers.module;
    },
    threads: 2,
  };
  const small = (await scan(root)).table;
  await hashFiles(root, small, filesOf(small), { flush: false, workers: counting });
  assertEquals(asked, []);
  makeTree(path, 2);
  const { table } = await scan(root);
  let [entries, bytes] = [0, 0];
  const advance = (e: number, b: number) => void ([entries, bytes] = [entries + e, bytes + b]);
  const reporter = { ...silentReporter, advance };
  const result = await hashFiles(root, table, filesOf(table), { flush: false, workers: counting, reporter });
  assert(asked.length > 0);
  assertEquals([entries, bytes], [filesOf(table).length, result.bytes]);
});

onTree(
  "hashFiles() ends at once when it is stopped, and its workers have closed everything",
  async ({ root, path }) => {
    for (const name of ["a", "b", "c", "d"]) {
      using hole = Deno.openSync(`${path}/${name}`, { write: true, create: true });
      hole.truncateSync(2 ** 43); // hours of work
    }
    const { table } = await scan(root);
    const controller = new AbortController();
    const { signal } = controller;
    const hashing = hashFiles(root, table, filesOf(table), { flush: false, workers: testWorkers(), signal });
    while (openFilesIn(path) < 3) await new Promise((resolve) => setTimeout(resolve, 1)); // the root, and a file each
    controller.abort();
    const error = await assertRejects(() => hashing, JvsError);
    assertEquals([error.code, openFilesIn(path)], ["E_INTERRUPTED", 1]);
  },
);
