import { assert, assertEquals } from "@std/assert";
import { DIR, FILE, LOST } from "../../model/entry.ts";
import { NONE, type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import { entry, type PlainEntry, randomNumbers, tableOf } from "../../../tests/support/random_tables.ts";
import {
  CONTENTS,
  find,
  isWithin,
  pathOf,
  randomScene,
  type Scene,
} from "../../../tests/support/restore_scenes.ts";
import { planRestore } from "./plan.ts";
import type { PlanRequest, RestorePlan } from "./plan_form.ts";

/** What a path leads to: hard links are one object in several places. */
interface Inode {
  type: number;
  content: string;
  mode: number;
  sec: number;
}

/** A naive file system: every path and what is there. */
type Model = Map<string, Inode>;

function requestOf({ nowTable, thenTable, ignored, fixed, scope }: Scene): PlanRequest {
  return {
    now: nowTable,
    then: thenTable,
    ignored: (i) => isWithin(pathOf(nowTable, i), ignored),
    fixed: (i) => fixed.has(pathOf(nowTable, i)),
    inScope: (table, index) => scope === null || isWithin(pathOf(table, index), scope),
  };
}

function modelOf(tree: readonly PlainEntry[]): Model {
  const model: Model = new Map();
  const groups = new Map<string, Inode>();
  for (const { path, type, mode, sec, hash, target, group } of tree) {
    const inode = groups.get(group ?? "") ?? { type, content: hash ?? target ?? "", mode, sec };
    if (group !== null) groups.set(group, inode);
    model.set(path, inode);
  }
  return model;
}

/** Carries a plan out, and fails where a file system would. */
function apply(plan: RestorePlan, { nowTable, thenTable, then }: Scene, model: Model): void {
  const staged = modelOf(then.filter(({ path }) => plan.staged[indexOf(thenTable, path)] === 1));
  const isFolder = (path: string) => model.get(path)?.type === DIR;
  const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
  for (const { kind, now, then: j } of plan.units) {
    const path = now === NONE ? pathOf(thenTable, j) : pathOf(nowTable, now);
    assert(isFolder(parentOf(path)), `${path} has no folder`);
    assertEquals(model.has(path), kind !== "create", `${kind} of ${path}`);
    for (const each of [...model.keys()]) if (isWithin(each, [path])) model.delete(each);
    if (kind === "remove") continue;
    for (const [each, inode] of staged) if (isWithin(each, [path])) model.set(each, inode);
  }
  for (const { then: j } of plan.metadata) {
    const inode = model.get(pathOf(thenTable, j));
    assert(inode !== undefined, "metadata of what is not there");
    Object.assign(inode, { mode: at(thenTable.mode, j), sec: at(thenTable.mtimeSec, j) });
  }
}

function indexOf(table: TreeTable, path: string): number {
  return table.find(Uint8Array.from(path, (character) => character.charCodeAt(0)));
}

/** What must stay besides the snapshot: what is ignored where the snapshot has nothing, and the folders it is in. */
function keptPaths({ now, then, ignored }: Scene): Set<string> {
  const model = modelOf(then);
  const kept = new Set<string>();
  for (const { path } of now) {
    if (path === "" || model.has(path) || !isWithin(path, ignored)) continue;
    const above = foldersAbove(path);
    if (above.some((folder) => model.has(folder) && model.get(folder)?.type !== DIR)) continue;
    kept.add(path);
    for (const folder of above) if (!model.has(folder)) kept.add(folder);
  }
  return kept;
}

function foldersAbove(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, k) => parts.slice(0, k + 1).join("/"));
}

/** Which paths lead to the same file or link, as texts. */
function linksOf(model: Model, paths: Iterable<string>): string[] {
  const names = Map.groupBy(
    [...paths].filter((path) => model.get(path)?.type !== DIR),
    (path) => model.get(path),
  );
  return [...names.values()].filter((group) => group.length > 1).map((group) => group.sort().join(" "))
    .sort();
}

const ROUNDS = 600;

/** As `requestOf`, where folders are replaced whole. Some are in use. */
function wholeRequestOf(comparison: Scene, inUse: readonly string[] = []): PlanRequest {
  const { nowTable } = comparison;
  const foldersInUse = () => inUse.map((path) => indexOf(nowTable, path));
  return { ...requestOf(comparison), foldersInUse, worthAFolder: 1 };
}

/** Runs a check on many scenes, without and with folders that are replaced whole; a failure names the number that repeats it. */
async function onScenes(
  { whole = [false, true], ...options }: Parameters<typeof randomScene>[1] & { whole?: boolean[] },
  check: (comparison: Scene, plan: RestorePlan) => void,
): Promise<void> {
  const seed = Math.floor(Math.random() * 2 ** 31);
  for (let round = 0; round < ROUNDS; round++) {
    const comparison = randomScene(randomNumbers(seed + round), options);
    const requests = whole.map((isWhole) => (isWhole ? wholeRequestOf : requestOf)(comparison));
    try {
      for (const request of requests) check(comparison, await planRestore(request));
    } catch (error) {
      throw new Error(`comparison ${seed + round}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  }
}

Deno.test("planRestore() makes any tree the snapshot's, and keeps what is ignored where that has nothing", async () => {
  await onScenes({}, (comparison, plan) => {
    const before = modelOf(comparison.now);
    const model = new Map(before);
    apply(plan, comparison, model);
    const target = modelOf(comparison.then);
    const kept = keptPaths(comparison);
    assertEquals([...model.keys()].sort(), [...new Set([...target.keys(), ...kept])].sort());
    for (const [path, inode] of target) assertEquals(model.get(path), inode, path);
    for (const path of kept) assert(model.get(path) === before.get(path), `${path} is another`);
    assertEquals(linksOf(model, target.keys()), linksOf(target, target.keys()));
  });
});

Deno.test("planRestore() changes no file that has a name outside the tree, or that stays", async () => {
  await onScenes({}, (comparison, plan) => {
    const model = modelOf(comparison.now);
    const unaffected = [...comparison.linkedOutside, ...keptPaths(comparison)].map((path) =>
      model.get(path) as Inode
    );
    const before = structuredClone(unaffected);
    apply(plan, comparison, model);
    assertEquals(unaffected, before);
  });
});

Deno.test("planRestore() says of all that goes away or is replaced that it is touched", async () => {
  await onScenes({ scoped: true }, (comparison, plan) => {
    const before = modelOf(comparison.now);
    const model = new Map(before);
    if (plan.inTheWay.length > 0) return;
    apply(plan, comparison, model);
    const touched = new Set(plan.touched.map((i) => pathOf(comparison.nowTable, i)));
    for (const [path, inode] of before) assertEquals(touched.has(path), model.get(path) !== inode, path);
    assertEquals(touched.size, plan.touched.length, "something is touched twice");
  });
});

Deno.test("planRestore() leaves alone what is as it must be", async () => {
  await onScenes({ whole: [false] }, (comparison, plan) => {
    const target = modelOf(comparison.then);
    const units = plan.units.filter(({ now }) => now !== NONE).map(({ now }) =>
      pathOf(comparison.nowTable, now)
    );
    const metadata = plan.metadata.map((each) => pathOf(comparison.nowTable, each.now));
    for (const { path, type, mode, sec, hash, target: link, group } of comparison.now) {
      const wanted = target.get(path);
      const isSame = wanted?.type === type && wanted.mode === mode && wanted.sec === sec &&
        wanted.content === (hash ?? link ?? "");
      if (!isSame || group !== null || find(comparison.then, path)?.group !== null) continue;
      assertEquals([...units, ...metadata].includes(path), false, `${path} is as it must be`);
    }
  });
});

Deno.test("planRestore() of some paths makes those as they were and leaves all others alone", async () => {
  await onScenes({ scoped: true }, (comparison, plan) => {
    const before = modelOf(comparison.now);
    const model = new Map(before);
    const scope = comparison.scope ?? [];
    apply(plan, comparison, model);
    const target = modelOf(comparison.then);
    for (const [path, inode] of target) if (isWithin(path, scope)) assertEquals(model.get(path), inode, path);
    const holdsIgnored = (path: string) =>
      comparison.now.some((each) => isWithin(each.path, [path]) && isWithin(each.path, comparison.ignored));
    for (const path of model.keys()) {
      if (isWithin(path, scope) && !target.has(path)) assert(holdsIgnored(path), `${path} is still there`);
    }
    for (const [path, inode] of model) {
      if (isWithin(path, scope) || target.has(path) && inode.type === DIR) continue;
      assert(before.get(path) === inode, `${path} was not asked for`);
    }
    for (const path of before.keys()) {
      if (isWithin(path, scope)) continue;
      // Only a file that stands where a folder is needed gives way.
      const isReplaced = model.get(path)?.type === DIR && target.get(path)?.type === DIR;
      assert(
        model.has(path) || foldersAbove(path).some((above) => isWithin(above, scope)),
        `${path} is gone`,
      );
      if (!isReplaced) assert(model.get(path) === before.get(path), path);
    }
  });
});

Deno.test("planRestore() never moves what cannot be saved: it stays, or it is in the way", async () => {
  await onScenes({ fixed: true }, (comparison, plan) => {
    if (plan.inTheWay.length > 0) {
      for (const i of plan.inTheWay) assert(comparison.fixed.has(pathOf(comparison.nowTable, i)));
      return;
    }
    const before = modelOf(comparison.now);
    const model = new Map(before);
    apply(plan, comparison, model);
    for (const path of comparison.fixed) {
      assert(model.get(path) === before.get(path), `${path} was moved`);
      for (const [below, inode] of before) {
        if (isWithin(below, [path])) assert(model.get(below) === inode, `${below} in ${path} was moved`);
      }
    }
  });
});

Deno.test("planRestore() replaces only folders whole of which nothing stays and that nobody is in", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  let replaced = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const random = randomNumbers(seed + round);
    const comparison = randomScene(random);
    const { now, nowTable } = comparison;
    const folders = now.filter(({ path, type }) => type === DIR && path !== "").map(({ path }) => path);
    // What goes, goes with whoever is in it.
    const stays = (path: string) => find(comparison.then, path)?.type === DIR;
    const inUse = folders.filter((path) => stays(path) && random(8) === 0);
    const plain = await planRestore(requestOf(comparison));
    const whole = await planRestore(wholeRequestOf(comparison, inUse));
    assertEquals(whole.counts, plain.counts);
    assert(whole.units.length <= plain.units.length);
    const goes = new Set(plain.touched);
    for (const { kind, now: i, then: j } of whole.units) {
      if (kind !== "swap" || nowTable.type[i] !== DIR || comparison.thenTable.type[j] !== DIR) continue;
      replaced++;
      const top = pathOf(nowTable, i);
      for (const path of inUse) assert(!isWithin(path, [top]), `${seed + round}: ${path} is in use`);
      for (let k = 0; k < nowTable.count; k++) {
        const isFile = nowTable.type[k] !== DIR && isWithin(pathOf(nowTable, k), [top]);
        if (isFile) assert(goes.has(k), `${seed + round}: ${pathOf(nowTable, k)} would have stayed`);
      }
    }
  }
  assert(replaced > 10, `only ${replaced} folders were replaced`);
});

Deno.test("planRestore() makes one step of a folder of which nothing stays, if that saves much", async () => {
  const tree = (many: number, content: string | undefined) =>
    tableOf([
      entry("few", { type: DIR }),
      entry("few/a", { size: 1, hash: content ?? null }),
      ...["many", "many/deep"].map((path) => entry(path, { type: DIR })),
      ...Array.from({ length: many }, (_, n) =>
        entry(`many/deep/${n + 100}`, { size: 1, hash: content ?? null })),
      entry("stays", { size: 1, hash: CONTENTS[0] ?? null }),
    ].sort((a, b) =>
      a.path < b.path ? -1 : 1
    ));
  const planned = async (many: number, inUse: string[] = []) => {
    const [now, then] = [tree(many, CONTENTS[0]), tree(many, CONTENTS[1])];
    const plan = await planRestore({
      now,
      then,
      ignored: () => false,
      fixed: () => false,
      inScope: () => true,
      foldersInUse: () => inUse.map((path) => indexOf(now, path)),
    });
    return plan.units.map((unit) => pathOf(now, unit.now));
  };
  assertEquals(await planned(16), ["few/a", "many"]);
  assertEquals((await planned(16, ["many"])).sort(), ["few/a", "many/deep"]);
  assertEquals((await planned(16, ["many/deep"])).length, 17);
  assertEquals((await planned(15)).length, 16);
});

Deno.test("planRestore() leaves what the snapshot could not read as it is", async () => {
  const now = tableOf([entry("file", { hash: CONTENTS[0] ?? null }), entry("folder/inside"), entry("other")]);
  const lost = { lost: LOST.type };
  const then = tableOf([
    entry("file", lost),
    entry("folder", { ...lost, type: DIR }),
    entry("missing", lost),
  ]);
  const plan = await planRestore({
    now,
    then,
    ignored: () => false,
    fixed: () => false,
    inScope: () => true,
  });
  assertEquals(plan.leftAlone.map((j) => pathOf(then, j)), ["file", "folder", "missing"]);
  assertEquals(plan.units.map((unit) => [unit.kind, pathOf(now, unit.now)]), [["remove", "other"]]);
  assertEquals(plan.kept.map((i) => pathOf(now, i)), ["folder/inside"]);
});

Deno.test("planRestore() of some paths takes away a file in a folder that the snapshot does not have either", async () => {
  const now = tableOf([entry("new", { type: DIR }), entry("new/file"), entry("new/other")]);
  const then = tableOf([]);
  const inScope = (table: TreeTable, index: number) => pathOf(table, index) === "new/file";
  const plan = await planRestore({ now, then, ignored: () => false, fixed: () => false, inScope });
  assertEquals(plan.units.map((unit) => [unit.kind, pathOf(now, unit.now)]), [["remove", "new/file"]]);
  assertEquals(plan.kept, []);
});

/** So many folders with a file in each, or so many files with the folders' names, or one file with those names. */
function wideTable(width: number, kind: "folders" | "files" | "links"): TreeTable {
  const names = Array.from({ length: width }, (_, index) => String(index).padStart(6, "0"));
  const folder = (name: string) => [entry(name, { type: DIR }), entry(`${name}/f`, { type: FILE, size: 1 })];
  const group = kind === "links" ? "one" : null;
  const file = (name: string) => [entry(name, { type: FILE, size: 1, hash: CONTENTS[0] ?? null, group })];
  return tableOf([entry("", { type: DIR }), ...names.flatMap(kind === "folders" ? folder : file)]);
}

/** Counts how often a column is looked at. */
function counted(column: Uint32Array): { column: Uint32Array; reads: () => number } {
  let reads = 0;
  const get = (target: Uint32Array, key: string | symbol) => {
    reads++;
    const value: unknown = Reflect.get(target, key);
    return typeof value === "function" ? value.bind(target) : value;
  };
  return { column: new Proxy(column, { get }), reads: () => reads };
}

for (
  const [what, now, then, path] of [
    ["one path of an emptied tree", undefined, "folders", "000900/f"],
    ["files where folders are", "folders", "files", null],
    ["one file that has many names", "links", "links", null],
  ] as const
) {
  Deno.test(`planRestore() of ${what} takes work that grows with the tree, not with its square`, async () => {
    const width = 1000;
    const nowTable = now === undefined ? tableOf([entry("", { type: DIR })]) : wideTable(width, now);
    const thenTable = wideTable(width, then);
    const looks = [nowTable, thenTable].map((table) => {
      const { column, reads } = counted(table.parent);
      table.parent = column;
      return reads;
    });
    let asked = 0;
    const inScope = (table: TreeTable, index: number) => {
      asked++;
      return path === null || pathOf(table, index) === path;
    };
    const plan = await planRestore({
      now: nowTable,
      then: thenTable,
      ignored: () => false,
      fixed: () => false,
      inScope,
    });
    assertEquals(plan.units.length, path !== null ? 1 : now === "links" ? 0 : width);
    const work = looks.reduce((sum, reads) => sum + reads(), asked);
    assert(work < 100 * width, `${work} steps for ${width} folders`);
  });
}
