import { assert, assertEquals, assertRejects } from "@std/assert";
import { openFilesIn } from "../../tests/support/open_files.ts";
import { randomFrom } from "../../tests/support/random.ts";
import { changeTree } from "../../tests/support/random_tree.ts";
import { testWorkers } from "../../tests/support/team_worker.ts";
import {
  clockOf,
  onTree,
  scan,
  scanSettled,
  type TreeCase,
  watched,
} from "../../tests/support/tree_cases.ts";
import { bytesOf, textOf } from "../model/bytes.ts";
import { FILE } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { displayPath } from "../model/path_text.ts";
import { silentReporter } from "../model/progress.ts";
import { Shared } from "../platform/worker_team.ts";
import { ScanTeam } from "./_scan_team.ts";
import { hashFiles } from "./hash.ts";
import { parseIgnoreRules } from "./ignore.ts";
import { type Scan, type ScanOptions, scanTree, scanWith } from "./scan.ts";
import type { ScanClock } from "./scan_clock.ts";
import { scanJob } from "./scan_job.ts";
import { type TreeTable, TreeTable as Table } from "./table.ts";
import { COLUMN_NAMES } from "./columns.ts";

/** Some are ignored by the rules, some are the same but for what sorts before or after a slash. */
const NAMES = ["a", "a.o", "a-", "a0", "d1", "b", "c", "d", "e", "ä"];

const RULES = parseIgnoreRules("*.o\n/d1/\n");

type Fault = Parameters<typeof testWorkers>[0];

onTree("ScanTeam and the walk see what the walk alone sees, on random trees that changed", async (given) => {
  const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? 1);
  const random = randomFrom(seed);
  for (let k = 0; k < 200; k++) changeTree(given.path, random, NAMES);
  let believed = 0;
  for (let round = 0; round < 24; round++) {
    const known = await knownOf(given);
    for (let k = 0; k < round % 6; k++) changeTree(given.path, random, NAMES);
    const rules = round % 3 === 2 ? RULES : null;
    const options = { known, rules, clock: clockOf(given), sharesKnown: round % 2 === 0 };
    const alone = await scan(given.root, options);
    const { seen, told } = await scanByTwo(given, options, { worksFirst: round % 4 !== 3 });
    assertSame(seen, alone, `JVS_TEST_SEED=${seed}, round ${round}`);
    believed += told;
  }
  assert(believed > 0, "no worker was believed");
});

onTree("ScanTeam spares the walk each look at what is unchanged", async (given) => {
  makeFolders(given.path);
  const known = await knownOf(given);
  const calls: string[] = [];
  const root = watched(given.root, (call, name) => calls.push(`${call} ${name}`));
  const { seen } = await scanByTwo({ ...given, root }, { known, clock: clockOf(given), sharesKnown: true });
  assertEquals([seen.isKnown, calls.filter((call) => !call.startsWith("lend"))], [true, [
    "stat .",
    "stat .",
  ]]);
});

onTree("ScanTeam leaves to the walk what is no plain entry", async (given) => {
  makeFolders(given.path);
  Deno.linkSync(`${given.path}/d0/f0`, `${given.path}/d0/more`);
  const known = await knownOf(given);
  const index = (path: string) => known.find(bytesOf(path));
  known.listed[index("d1")] = 0;
  known.clean[index("d2/f0")] = 0;
  known.nlink[index("d2/f1")] = 2;
  Deno.chmodSync(`${given.path}/d3`, 0o700);
  Deno.removeSync(`${given.path}/d4`, { recursive: true });
  Deno.symlinkSync("d3", `${given.path}/d4`);
  const { input } = await scanByTwo(given, { known, clock: clockOf(given) });
  const left = known.columns().parent.length - input.same.filter((found) => found !== 0).length;
  const names = ["", "d1", "d2/f0", "d2/f1", "d3", "d4", "d4/f0", "d4/f1", "d4/f2"];
  assertEquals([left, names.map((name) => input.same[index(name)])], [names.length, names.map(() => 0)]);
});

onTree(
  "what ScanTeam believes of a tree that changes is a state that was there, and does not last",
  async (given) => {
    const random = randomFrom(Number(Deno.env.get("JVS_TEST_SEED") ?? 5));
    for (let k = 0; k < 200; k++) changeTree(given.path, random, NAMES);
    for (let round = 0; round < 12; round++) {
      const known = await knownOf(given);
      const clock = clockOf(given);
      const before = (await scan(given.root, { clock })).table;
      const change = () => {
        for (let k = 0; k < 6; k++) changeTree(given.path, random, NAMES);
      };
      const { seen } = await scanByTwo(given, { known, clock }, { change, worksFirst: round % 3 > 0 });
      const after = (await scan(given.root, { clock })).table;
      assertOneOf(seen.table, before, after, `round ${round}`);
      const later = clockOf(given);
      const next = await scan(given.root, { known: seen.table, clock: later });
      const fresh = await scan(given.root, { clock: later });
      assertSameEntries(next.table, fresh.table, `round ${round}`);
    }
  },
);

onTree("a folder that replaced another after a worker was there is looked at by the walk", async (given) => {
  makeFolders(given.path);
  const known = await knownOf(given);
  const change = () => {
    Deno.renameSync(`${given.path}/d0`, `${given.ours}/old`);
    Deno.mkdirSync(`${given.path}/d0`);
    Deno.writeTextFileSync(`${given.path}/d0/f0`, "another");
    Deno.renameSync(`${given.path}/d1`, `${given.ours}/d1`);
    Deno.symlinkSync(`${given.ours}/d1`, `${given.path}/d1`);
  };
  const clock = clockOf(given);
  // The walk asks for the folders itself, as in a piece that a worker has not done.
  const { seen } = await scanByTwo(given, { known, clock }, {
    change,
    forget: ["d0", "d1"].map((name) => known.find(bytesOf(name))),
  });
  assertSameEntries(seen.table, (await scan(given.root, { clock })).table, "replaced");
});

for (const fault of ["dies", "fails", "never"]) {
  onTree(`ScanTeam loses nothing by a worker that ${fault}`, async (given) => {
    makeFolders(given.path);
    const known = await knownOf(given);
    Deno.writeTextFileSync(`${given.path}/d3/f1`, "changed");
    const options = { known, clock: clockOf(given) };
    const alone = await scan(given.root, options);
    const { seen } = await scanByTwo(given, options, { fault });
    assertSame(seen, alone, fault);
  });
}

onTree("scanTree() starts workers for large shared tables only, and where folders tell", async (given) => {
  makeFolders(given.path);
  const seen: string[] = [];
  const workers = testWorkers();
  const counting = {
    get module() {
      seen.push("asked");
      return workers.module;
    },
    threads: 2,
  };
  const clock = { ...clockOf(given), foldersTell: true };
  const small = await knownOf(given);
  const large = small.copy();
  for (let i = 0; i < 150_000; i++) large.add(0, bytesOf(`gone-${i}`), FILE);
  const shared = sharedCopy(large);
  const told = async (options: Partial<ScanOptions>) => {
    seen.length = 0;
    await scan(given.root, { clock, workers: counting, ...options });
    return seen.length > 0;
  };
  assertEquals(await told({ known: small }), false);
  assertEquals(await told({ known: large }), false); // it would have to be copied
  assertEquals(await told({ known: shared, clock: { ...clock, foldersTell: false } }), false);
  assertEquals(await told({ known: shared, workers: undefined }), false);
  assertEquals(await told({ known: shared }), true);
  const alone = await scan(given.root, { clock, known: shared });
  assertSame(await scan(given.root, { clock, known: shared, workers: counting }), alone, "large");
  assertSame(await scan(given.root, { clock, known: large, workers: counting }), alone, "not shared");
});

onTree(
  "a scan by several threads that is stopped ends, and its workers have closed everything",
  async (given) => {
    makeFolders(given.path);
    const large = (await knownOf(given)).copy();
    for (let i = 0; i < 150_000; i++) large.add(0, bytesOf(`gone-${i}`), FILE);
    const controller = new AbortController();
    const root = watched(given.root, (_call, name) => name === "d3" && controller.abort());
    const { signal } = controller;
    const clock = { ...clockOf(given), foldersTell: true };
    // A walk that is over before it could stop is stopped by the next.
    const scanning = (async () => {
      for (;;) {
        await scanTree(root, {
          exactStat: true,
          xattrs: false,
          clock,
          known: sharedCopy(large),
          workers: testWorkers(),
          signal,
        });
      }
    })();
    const error = await assertRejects(() => scanning, JvsError);
    assertEquals([error.code, openFilesIn(given.path)], ["E_INTERRUPTED", 1]);
  },
);

onTree("scanJob() does nothing when all is stopped", async (given) => {
  makeFolders(given.path);
  const known = await knownOf(given);
  await using team = ScanTeam.begin({ root: given.root, known, workers: testWorkers("never") });
  assert(team !== undefined);
  const shared = new Shared();
  const { signal } = new AbortController();
  const tools = { platform: given.platform, reporter: silentReporter, shared, signal, tell() {} };
  shared.stop();
  await scanJob(team.input, tools);
  assertEquals(team.input.same.includes(1), false);
});

/** Scans with a worker, which has done its part before the walk begins (`worksFirst`), or works beside it. */
async function scanByTwo(
  { root }: Pick<TreeCase, "root">,
  options: Partial<ScanOptions> & { known: TreeTable; clock: ScanClock },
  { fault = "", worksFirst = true, change, forget = [] }: {
    fault?: Fault;
    worksFirst?: boolean;
    change?: () => void;
    forget?: readonly number[];
  } = {},
): Promise<{ seen: Scan; told: number; input: ScanTeam["input"] }> {
  const pieceLength = 16;
  const ended: string[] = [];
  const reporter = { ...silentReporter, beside: (worker: string) => void ended.push(worker) };
  const workers = testWorkers(fault);
  const task = { root, known: options.known, clock: options.clock, workers, reporter, pieceLength };
  await using team = ScanTeam.begin(task);
  assert(team !== undefined);
  const { input } = team;
  const hasTaken = () => input.taken.includes(1); // one at fault has begun
  const mayGoOn = fault === "never"
    ? () => true
    : fault !== ""
    ? hasTaken
    : () => !worksFirst || ended.length > 0;
  while (!mayGoOn()) await new Promise((go) => setTimeout(go, 1));
  change?.();
  for (const index of forget) input.same[index] = 0;
  const seen = await scanWith(team, root, { exactStat: true, xattrs: true, ...options });
  return { seen, told: input.same.filter((found) => found !== 0).length, input };
}

/** What a settled look sees, with hashes, in shared memory. */
async function knownOf(given: TreeCase): Promise<TreeTable> {
  const { table } = await scanSettled(given);
  const files = Array.from({ length: table.count }, (_, i) => i).filter((i) => table.type[i] === FILE);
  await hashFiles(given.root, table, files, { flush: false });
  return sharedCopy(table);
}

function sharedCopy(table: TreeTable): TreeTable {
  const columns = Object.entries(table.columns()).map(([name, column]) => {
    const Kind = column.constructor as new (buffer: SharedArrayBuffer) => typeof column;
    const shared = new Kind(new SharedArrayBuffer(column.byteLength));
    shared.set(column);
    return [name, shared];
  });
  const { targets, xattrs, devices } = table;
  return Object.assign(Table.fromColumns(Object.fromEntries(columns)), { targets, xattrs, devices });
}

/** Five folders of three files. */
function makeFolders(path: string): void {
  for (let d = 0; d < 5; d++) {
    Deno.mkdirSync(`${path}/d${d}`);
    for (let f = 0; f < 3; f++) Deno.writeTextFileSync(`${path}/d${d}/f${f}`, `${d} ${f}`);
  }
}

/** Two scans found the very same. */
function assertSame(a: Scan, b: Scan, what: string): void {
  assertSameEntries(a.table, b.table, what);
  for (const name of ["clean", "listed", "hashed"] as const) {
    assertEquals(a.table.columns()[name], b.table.columns()[name], `${name}, ${what}`);
  }
  for (let i = 0; i < a.table.count; i++) assertEquals(a.table.contentHash(i), b.table.contentHash(i), what);
  assertEquals(
    [a.isKnown, a.ignored, a.unreadable, a.gaps, a.boundaries, a.degradations.total],
    [b.isKnown, b.ignored, b.unreadable, b.gaps, b.boundaries, b.degradations.total],
    what,
  );
  assertEquals(a.knownAs.subarray(0, a.table.count), b.knownAs.subarray(0, b.table.count), what);
}

function assertSameEntries(a: TreeTable, b: TreeTable, what: string): void {
  assertEquals(a.count, b.count, what);
  const [x, y] = [a.columns(), b.columns()];
  for (const name of COLUMN_NAMES) {
    if (!["hash", "hashed", "clean", "listed"].includes(name)) {
      assertEquals(x[name], y[name], `${name}, ${what}`);
    }
  }
  assertEquals([...a.targets].sort(), [...b.targets].sort(), what);
  assertEquals([...a.xattrs].sort(), [...b.xattrs].sort(), what);
}

/** Each entry is as it was before, or as it is after; what was there all the time is there. */
function assertOneOf(seen: TreeTable, before: TreeTable, after: TreeTable, what: string): void {
  const facts = (table: TreeTable, i: number) =>
    i === -1 ? "absent" : [
      table.type[i],
      table.inoLo[i],
      table.ctimeSec[i],
      table.ctimeNsec[i],
      table.size[i],
      table.mode[i],
      textOf(table.targets.get(i) ?? new Uint8Array()),
    ].join();
  for (const table of [before, after]) {
    for (let i = 0; i < table.count; i++) check(table.path(i));
  }
  for (let i = 0; i < seen.count; i++) check(seen.path(i));
  function check(path: Uint8Array): void {
    const [now, ...allowed] = [seen, before, after].map((table) => facts(table, table.find(path)));
    if (seen.find(path) === -1 && after.find(path) !== -1 && before.find(path) === -1) return;
    assert(allowed.includes(now as string), `${displayPath(path)}: ${now}, not of ${allowed}; ${what}`);
  }
}
