import { assert, assertEquals } from "@std/assert";
import { isJvsError } from "../src/model/errors.ts";
import type { Descriptor, WorktreeConfig } from "../src/model/records.ts";
import { doctor } from "../src/operation/doctor.ts";
import { history } from "../src/operation/history.ts";
import { show } from "../src/operation/show.ts";
import { worktreeCreate } from "../src/operation/worktree_create.ts";
import { resolveSnapshot } from "../src/repo/resolve.ts";
import type { Store } from "../src/repo/store.ts";
import { exists } from "./support/files.ts";
import { jvsJson } from "./support/jvs.ts";
import { addSnapshots, putSnapshot } from "./support/many_snapshots.ts";
import { randomFrom } from "./support/random.ts";
import { TestRepository } from "./support/repository.ts";

const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const random = randomFrom(seed);
const below = (most: number) => Math.floor(random() * most);
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;

const TAGS = ["good", "v1", "v2", "grün", "cafe"];
const WORDS = ["made", "Tidied", "ÄNDERUNG", "cafe", "x".repeat(600), "\u{1f600}", "number"];
const START = 1_700_000_000_000;

/** A made-up history, which its own methods change, without any index. */
class MadeUp {
  readonly ids: string[] = [];
  #time = START;

  constructor(readonly store: Store) {}

  async add(): Promise<void> {
    const { store } = this;
    const worktree = store.worktrees.get(pick(["main", "other"]));
    const digits = random() < 0.2 ? "cafe0001" : below(2 ** 32).toString(16).padStart(8, "0");
    const snapshot_id = `${this.#time += 1 + below(2000)}-${digits}`;
    const isLeaf = random() < 0.3;
    await putSnapshot(store, {
      snapshot_id,
      worktree_id: worktree.worktree_id,
      parent_snapshot_id: random() < 0.1 ? pick([null, ...this.ids]) : worktree.latest_snapshot_id,
      created_at: new Date(this.#time).toISOString(),
      note: Array.from({ length: below(4) }, () => pick(WORDS)).join(" "),
      tags: TAGS.filter(() => random() < 0.1),
      kind: isLeaf ? pick(["autosave", "partial"]) : "manual",
    });
    this.ids.push(snapshot_id);
    if (isLeaf && random() < 0.9) return;
    store.worktrees.update(worktree.name, { head_snapshot_id: snapshot_id, latest_snapshot_id: snapshot_id });
  }

  /** One of the things that may happen to a repository besides new snapshots. */
  happen(): void {
    const { layout } = this.store;
    const id = pick(this.ids);
    const [ready, pruned] = [layout.ready(id).path, layout.pruned(id).path];
    const descriptor = layout.descriptor(id).path;
    const happenings = [
      () => Deno.renameSync(ready, pruned),
      () => Deno.renameSync(pruned, ready),
      () => Deno.renameSync(ready, `${ready}.lost`),
      () => Deno.renameSync(`${ready}.lost`, ready),
      () => this.#damageNew(descriptor),
      () => Deno.renameSync(`${descriptor}.sound`, descriptor),
    ];
    try {
      pick(happenings)();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // it is in another state
    }
  }

  /** Damage is done while there is no index, because an index may go on with what it knows. */
  #damageNew(descriptor: string): void {
    removeIndex(this.store);
    Deno.copyFileSync(descriptor, `${descriptor}.sound`);
    Deno.writeTextFileSync(descriptor, Deno.readTextFileSync(descriptor).replace('"engine"', '"motor"'));
  }
}

function indexPath({ layout }: Store): string {
  const { id, uid } = layout.plane.platform.host;
  return layout.index(id, uid).path;
}

function removeIndex(store: Store): void {
  try {
    Deno.removeSync(indexPath(store));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

const HISTORIES = [
  {},
  { limit: 3 },
  { all: true },
  { all: true, limit: 5 },
  { tag: "good" },
  { all: true, tag: "v1" },
  { all: true, tag_grep: "^v" },
  { tag_grep: "ü" },
  { grep: "änderung" },
  { all: true, grep: "x made" },
  { since: new Date(START + 40_000).toISOString() },
  { all: true, until: new Date(START + 40_000).toISOString(), tag: "good" },
];

const NAMES = [
  ...TAGS,
  "made",
  "Tid",
  "x".repeat(600),
  "cafe0001",
  "1700",
  "17000",
  "HEAD~3",
  "LATEST~30",
  "tidied",
  "9",
];

/** What the program says about a history: results, or errors. */
async function answers(repository: TestRepository, store: Store): Promise<Record<string, unknown>> {
  const said: Record<string, unknown> = {};
  const ask = async (name: string, question: () => Promise<unknown>) => {
    said[name] = await question().catch((error) => {
      if (isJvsError(error)) {
        return `${error.code} ${error.message} ${error.hint} ${JSON.stringify(error.details)}`;
      }
      throw error;
    });
  };
  for (const worktree of ["main", "other"]) {
    for (const input of HISTORIES) {
      await ask(
        `${worktree} ${JSON.stringify(input)}`,
        () => repository.call(history, { ...input, worktree }),
      );
    }
    for (const word of NAMES) {
      const config = store.worktrees.get(worktree);
      await ask(`${worktree} ${word}`, () => resolveSnapshot(store, word, { worktree: config }));
    }
  }
  return said;
}

/** The ids of the line and its leaves, newest first, by reading files; nothing if the line is broken. */
async function lineOf({ snapshots }: Store, worktree: WorktreeConfig): Promise<string[] | undefined> {
  const known = new Map<string, Descriptor>();
  for (const id of snapshots.listKnown()) {
    const descriptor = await snapshots.readable(id);
    if (descriptor !== undefined) known.set(id, descriptor);
  }
  const line: string[] = [];
  for (let id = worktree.latest_snapshot_id; id !== null;) {
    const descriptor = known.get(id);
    if (descriptor === undefined) return undefined;
    line.push(id);
    id = descriptor.parent_snapshot_id;
  }
  const leaves = [...known.values()].filter(({ snapshot_id, worktree_id, kind }) =>
    worktree_id === worktree.worktree_id && kind !== "manual" && !line.includes(snapshot_id)
  );
  return [...line, ...leaves.map((each) => each.snapshot_id)].sort().reverse();
}

Deno.test(`history and names of snapshots are the same with and without an index (JVS_TEST_SEED=${seed})`, async () => {
  using repository = await TestRepository.make();
  await repository.call(worktreeCreate, { name: "other" });
  const { store } = await repository.open();
  const made = new MadeUp(store);
  let lines = 0;
  for (let round = 0; round < 8; round++) {
    const count = round === 0 ? 90 : below(4);
    for (let n = 0; n < count; n++) await made.add();
    if (round > 0) { for (let n = below(3); n >= 0; n--) made.happen(); }
    const withIndex = await answers(repository, store);
    assert(Deno.statSync(indexPath(store)).isFile);
    assertEquals(await answers(repository, store), withIndex, "by an index that is up to date");
    removeIndex(store);
    assertEquals(withIndex, await answers(repository, store), `round ${round}: with index, and without`);
    for (const name of ["main", "other"]) {
      const line = await lineOf(store, store.worktrees.get(name));
      if (line === undefined) continue;
      lines++;
      const ids = async (input: { tag?: string; grep?: string }) =>
        (await repository.call(history, { ...input, worktree: name })).snapshots.map((each) =>
          each.snapshot_id
        );
      const { snapshots } = await repository.call(history, { worktree: name });
      assertEquals(snapshots.map((each) => each.snapshot_id), line, `round ${round}: the line of ${name}`);
      const idsOf = (fits: (each: Descriptor) => boolean) =>
        snapshots.filter(fits).map((each) => each.snapshot_id);
      assertEquals(await ids({ tag: "v1" }), idsOf(({ tags }) => tags.includes("v1")));
      assertEquals(await ids({ grep: "TIDIED" }), idsOf(({ note }) => note.includes("Tidied")));
    }
  }
  assert(lines > 0);
});

/** A repository with `count` snapshots in one line, and an index of them. */
async function longRepository(count: number): Promise<TestRepository & { readonly store: Store }> {
  const repository = await TestRepository.make();
  const first = await repository.save();
  await addSnapshots(repository.path, count - 1);
  await repository.call(history, { limit: 1 });
  const { store } = await repository.open();
  assert(first !== "" && exists(indexPath(store)));
  return Object.assign(repository, { store });
}

Deno.test("doctor with repair_runtime keeps a sound index and drops a damaged one; rebuild_index drops any", async () => {
  using repository = await longRepository(70);
  const { store } = repository;
  const { repaired, healthy } = await repository.call(doctor, { repair_runtime: true });
  assertEquals([repaired, healthy, exists(indexPath(store))], [[], true, true]);
  const content = Deno.readFileSync(indexPath(store));
  for (const at of [200, content.length - 100]) {
    Deno.writeFileSync(indexPath(store), content.with(at, 0xff ^ (content[at] ?? 0)));
    await repository.call(doctor, { repair_runtime: true });
    assertEquals(exists(indexPath(store)), false, `byte ${at}`);
  }
  await repository.call(history);
  assertEquals(exists(indexPath(store)), true);
  await repository.call(doctor, { repair: ["rebuild_index"] });
  assertEquals(exists(indexPath(store)), false);
});

Deno.test("a descriptor that is damaged after it was indexed is found by doctor, and by history where it is shown", async () => {
  using repository = await longRepository(70);
  const { snapshots } = await repository.call(history, { limit: 20 });
  const [newest, older] = [snapshots[0], snapshots[15]].map((each) => each?.snapshot_id ?? "") as [
    string,
    string,
  ];
  const path = repository.store.layout.descriptor(older).path;
  Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replace("number", "NUMBER"));
  const { findings } = await repository.call(doctor);
  assertEquals(findings.map(({ code, snapshot_id }) => [code, snapshot_id]), [[
    "E_DESCRIPTOR_CORRUPT",
    older,
  ]]);
  const { snapshots: [first], total } = await repository.call(history, { limit: 1 });
  assertEquals([first?.snapshot_id, total], [newest, 70]);
  const told = (error: unknown) => isJvsError(error) ? error.code : error;
  const shown = async (input: { all?: boolean }) => {
    const { snapshots, total, unread } = await repository.call(history, input);
    return [snapshots.length, total, snapshots.some((each) => each.snapshot_id === older), unread];
  };
  const [count] = await shown({});
  assert(typeof count === "number" && count >= 15 && count < 69, `${count}: what is newer, and leaves`);
  for (const isIndexed of [true, false]) {
    if (!isIndexed) removeIndex(repository.store);
    assertEquals(await shown({}), [count, count, false, [older]], `a line, indexed: ${isIndexed}`);
    assertEquals(await shown({ all: true }), [69, 69, false, [older]], `all, indexed: ${isIndexed}`);
  }
  assertEquals(
    await repository.call(show, { snapshot: older.slice(-8) }).catch(told),
    "E_DESCRIPTOR_CORRUPT",
  );
  Deno.removeSync(`${repository.store.layout.control.path}/snapshots/${older}.READY`);
  for (const isIndexed of [true, false]) {
    if (!isIndexed) removeIndex(repository.store);
    assertEquals(await shown({}), [count, count, false, [older]], `a line, missing, indexed: ${isIndexed}`);
    assertEquals(await shown({ all: true }), [69, 69, false, [older]], `all, missing, indexed: ${isIndexed}`);
  }
});

Deno.test("many processes at once answer by one index, while snapshots are made and it is damaged", async () => {
  using repository = await longRepository(70);
  const { store } = repository;
  let count = 70;
  for (let round = 0; round < 3; round++) {
    const asked = Array.from(
      { length: 4 },
      () => jvsJson(["history", "--all", "-n", "1"], { cwd: repository.main }),
    );
    const before = count;
    for (let n = 0; n < 10; n++) {
      await putSnapshot(store, { snapshot_id: `${START + count}-${String(count).padStart(8, "0")}` });
      count++;
      if (n === 5) Deno.writeTextFileSync(indexPath(store), "damaged");
    }
    for (const { total } of await Promise.all(asked)) {
      assert(Number(total) >= before && Number(total) <= count, `${before} <= ${total} <= ${count}`);
    }
    const { total } = await repository.call(history, { all: true });
    assertEquals(total, count);
  }
});
