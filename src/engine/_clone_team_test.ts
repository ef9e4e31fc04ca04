import { assert, assertEquals, assertRejects } from "@std/assert";
import { openFilesIn } from "../../tests/support/open_files.ts";
import { randomFrom } from "../../tests/support/random.ts";
import { makeFolders, pick } from "../../tests/support/random_tree.ts";
import { testWorkers } from "../../tests/support/team_worker.ts";
import { onTree, scan, type TreeCase } from "../../tests/support/tree_cases.ts";
import { bytesOf, textOf } from "../model/bytes.ts";
import { DIR, FILE } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { hashFiles } from "../tree/hash.ts";
import { OpenFolders } from "../tree/open_folders.ts";
import { indexesWhere, type TreeTable } from "../tree/table.ts";
import { at } from "../tree/columns.ts";
import { CloneTeam } from "./_clone_team.ts";
import { Cloning } from "./_cloning.ts";
import { type FileWork, lending } from "./_file_work.ts";
import { FILLS } from "./_fill_files.ts";
import { linkGroups } from "./_link_groups.ts";

type Fault = Parameters<typeof testWorkers>[0];

/** Everything of a tree that a clone can have, with so many files. */
function makeTree(path: string, seed: number, files: number): void {
  const random = randomFrom(seed);
  const folders = makeFolders(path, 20, random);
  const made: string[] = [];
  for (let i = 0; i < files; i++) {
    const file = `${pick(random, folders)}/f${i}`;
    if (i % 10 === 9) Deno.linkSync(pick(random, made), file);
    else Deno.writeFileSync(file, new Uint8Array(pick(random, [0, 1, 4096, 70_000])).fill(i));
    if (i % 10 !== 9) Deno.chmodSync(file, pick(random, [0o644, 0o600, 0o755, 0o444]));
    Deno.utimeSync(file, 1e9 + i, 1e9 + i);
    made.push(file);
  }
}

/** No file of a tree here is so young. */
const NOW = 1.5e9;

/** How files are made: by this thread alone, or by it and a worker. */
type Threads = "one" | Fault;

interface Cloned {
  readonly result: ReturnType<Cloning["result"]>;
  /** What is there: path, mode, size, time, content. */
  readonly seen: unknown[];
}

/** Clones a tree into the folder `name`. */
async function clone(
  { ours, platform, root: source }: TreeCase,
  table: TreeTable,
  { name, threads, work, signal }: {
    name: string;
    threads: Threads;
    work: (cloning: Cloning) => Pick<FileWork, "work" | "here">;
    signal?: AbortSignal;
  },
): Promise<Cloned> {
  using into = platform.openFolder(ours);
  into.makeFolder(bytesOf(name), 0o700);
  using root = into.openFolder(bytesOf(name));
  const request = { source, table, as: "payload", ...(signal ? { signal } : {}) } as const;
  using cloning = new Cloning(platform, request, root, false);
  for (const i of indexesWhere(table, (i) => i > 0 && table.type[i] === DIR)) cloning.makeFromTable(i);
  const files = [...indexesWhere(table, (i) => table.type[i] === FILE && !cloning.isFurtherLink(i))];
  const parts = { files, least: 0, isPlain: () => true, load: () => 20, ...work(cloning) };
  if (threads === "one") await parts.here(files);
  else {
    await using team = CloneTeam.begin(cloning, testWorkers(threads), parts);
    assert(team !== undefined);
    while (threads !== "never" && !team.hasBegun) await new Promise((resolve) => setTimeout(resolve, 1));
    await team.finish();
  }
  await linkGroups(cloning, FILLS.copy);
  return { result: cloning.result(), seen: await scanHashed(root) };
}

async function scanHashed(root: Parameters<typeof scan>[0]): Promise<unknown[]> {
  const { table } = await scan(root);
  await hashFiles(root, table, indexesWhere(table, (i) => table.type[i] === FILE), { flush: false });
  return Array.from(indexesWhere(table, (i) => table.type[i] === FILE), (i) => [
    textOf(table.path(i)),
    table.mode[i],
    at(table.mtimeSec, i) < NOW ? table.mtimeSec[i] : "when it was made",
    at(table.linkGroup, i),
    table.contentHash(i)?.toHex(),
  ]);
}

/** By copying. */
function copying(cloning: Cloning): Pick<FileWork, "work" | "here"> {
  return {
    work: () => lending(cloning.request.source, (source) => ({ fill: "copy", source, flushEach: false })),
    here: (files) => FILLS.copy(cloning, files),
  };
}

/** The same in any order: the threads find things one before the other. */
function inOrder({ seen, result: { changed, degradations, unreadable } }: Cloned) {
  const { counts, first } = degradations.toRecord();
  return { seen, changed, unreadable, counts, first: first.map((each) => JSON.stringify(each)).sort() };
}

/** What is not as the table says: files that are gone or others, and times that no file can have. */
function spoil(path: string, table: TreeTable): void {
  for (const i of indexesWhere(table, (i) => table.type[i] === FILE)) {
    const file = `${path}/${textOf(table.path(i))}`;
    if (i % 31 === 7) Deno.removeSync(file);
    else if (i % 37 === 9) {
      Deno.removeSync(file);
      Deno.mkdirSync(file);
    }
    if (i % 41 === 3) table.mtimeNsec[i] = 2e9;
  }
}

for (const threads of ["", "dies", "fails", "forgets", "never"] as const) {
  const worker = threads === "" ? "a worker" : `a worker that ${threads}`;
  onTree(`CloneTeam with ${worker} makes what one thread makes`, async (given) => {
    const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Date.now() % 1e6);
    makeTree(given.path, seed, 400);
    const { table } = await scan(given.root);
    spoil(given.path, table);
    const other = table.copy();
    const alone = await clone(given, table, { name: "one", threads: "one", work: copying });
    const together = await clone(given, other, { name: "two", threads, work: copying });
    assertEquals(inOrder(together), inOrder(alone), `JVS_TEST_SEED=${seed}`);
    assertEquals(other.columns().lost, table.columns().lost, `JVS_TEST_SEED=${seed}`);
    assert(alone.result.changed.length > 5 && alone.result.degradations.total > 0);
  });
}

onTree("CloneTeam links what is as recorded, and leaves the rest", async (given) => {
  makeTree(given.path, 2, 300);
  const { table } = await scan(given.root);
  await clone(given, table, { name: "earlier", threads: "one", work: copying });
  using earlier = given.platform.openFolder(`${given.ours}/earlier`);
  const other = textOf(table.path(indexesWhere(table, (i) => table.type[i] === FILE)[5] as number));
  Deno.chmodSync(`${given.ours}/earlier/${other}`, 0o600);
  Deno.writeTextFileSync(`${given.ours}/earlier/${other}`, "another");
  const notLinked: string[] = [];
  const linking = (cloning: Cloning): Pick<FileWork, "work" | "here"> => ({
    work: () => lending(earlier, (link) => ({ link })),
    here: (files) => {
      using folders = new OpenFolders(earlier, table);
      for (const i of files) {
        if (textOf(table.path(i)) === other) notLinked.push(other);
        else {
          const name = table.name(i);
          cloning.folderOf(i).linkFrom(name, folders.get(at(table.parent, i)), name);
        }
      }
      return Promise.resolve();
    },
  });
  await clone(given, table, { name: "linked", threads: "", work: linking });
  assertEquals(notLinked, [other]);
  const ofFirst = table.path(indexesWhere(table, (i) => table.type[i] === FILE)[0] as number);
  const [a, b] = ["earlier", "linked"].map((name) =>
    Deno.statSync(`${given.ours}/${name}/${textOf(ofFirst)}`)
  );
  assertEquals([a?.ino, a?.nlink], [b?.ino, 2]);
});

onTree("CloneTeam ends at once when it is stopped, and its worker has closed everything", async (given) => {
  makeTree(given.path, 3, 400);
  const { table } = await scan(given.root);
  const controller = new AbortController();
  const { signal } = controller;
  const work = (cloning: Cloning): Pick<FileWork, "work" | "here"> => ({
    ...copying(cloning),
    here: () => {
      controller.abort();
      return Promise.resolve();
    },
  });
  const before = openFilesIn(given.ours);
  const error = await assertRejects(
    () => clone(given, table, { name: "two", threads: "", work, signal }),
    JvsError,
  );
  assertEquals([error.code, openFilesIn(given.ours)], ["E_INTERRUPTED", before]);
});
