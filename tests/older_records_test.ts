import { assert, assertEquals } from "@std/assert";
import type { Finding } from "../src/model/records.ts";
import { configSet } from "../src/operation/config_set.ts";
import { doctor } from "../src/operation/doctor.ts";
import { gcPins } from "../src/operation/gc_pins.ts";
import { gcPlan } from "../src/operation/gc_plan.ts";
import { gcRun } from "../src/operation/gc_run.ts";
import { refDelete } from "../src/operation/ref_delete.ts";
import { refList } from "../src/operation/ref_list.ts";
import { restore } from "../src/operation/restore.ts";
import { show } from "../src/operation/show.ts";
import { snapshot } from "../src/operation/snapshot.ts";
import { worktreeCreate } from "../src/operation/worktree_create.ts";
import { worktreeFork } from "../src/operation/worktree_fork.ts";
import { worktreeRemove } from "../src/operation/worktree_remove.ts";
import { snapshotSaving } from "../src/protocol/snapshot/save_snapshot.ts";
import { BlackBox } from "./support/black_box.ts";
import { killedAt } from "./support/kill_point.ts";
import { TestRepository } from "./support/repository.ts";

/* The record of a worktree comes from a copy that is older than what was saved since, as docs/recovery.md tells: no garbage collection may take that. */

const recordOf = ({ path }: Pick<TestRepository, "path">, name: string) =>
  `${path}/.jvs/worktrees/${name}/config.json`;

async function save(repository: TestRepository, text: string, where = "main"): Promise<string> {
  repository.write(`${where}/a.txt`, `${text}\n`);
  return await repository.save(text, where);
}

/** A repository with three snapshots of main: its ids. */
async function withThree() {
  const repository = await TestRepository.make();
  const ids = [
    await save(repository, "1"),
    await save(repository, "2"),
    await save(repository, "3"),
  ] as const;
  return Object.assign(repository, { ids });
}
type Repository = Awaited<ReturnType<typeof withThree>>;

async function forgetting<T>(repository: TestRepository, name: string, work: () => Promise<T>): Promise<T> {
  const before = Deno.readTextFileSync(recordOf(repository, name));
  const result = await work();
  Deno.writeTextFileSync(recordOf(repository, name), before);
  return result;
}

async function orphans(repository: TestRepository): Promise<[string | null, string | null][]> {
  const { findings } = await repository.call(doctor);
  const found = findings.filter(({ code }: Finding) => code === "HEAD_ORPHAN");
  return found.map(({ repair, snapshot_id }) => [snapshot_id, repair]);
}

async function candidates(repository: TestRepository): Promise<readonly string[]> {
  return (await repository.call(gcPlan)).candidates;
}

async function pinned(repository: TestRepository): Promise<string[]> {
  const { pins } = await repository.call(gcPins);
  assert(pins.every(({ expires_at, keeps_line }) => keeps_line && expires_at === null));
  return pins.map(({ snapshot_id }) => snapshot_id).sort();
}

async function parentOf(repository: TestRepository, id: string): Promise<string | null> {
  return (await repository.call(show, { snapshot: id })).snapshot.parent_snapshot_id;
}

/** Saves a line of two from the first snapshot, as --branch makes it. */
async function branch(repository: Repository): Promise<[string, string]> {
  await repository.call(restore, { snapshot: repository.ids[0] });
  repository.write("main/a.txt", "4\n");
  const { snapshot: { snapshot_id } } = await repository.call(snapshot, { branch: true });
  return [snapshot_id, await save(repository, "a week of work")];
}

Deno.test("a record from before a branch: the new line is kept, told of and pinned", async () => {
  using repository = await withThree();
  const [, end] = await forgetting(repository, "main", () => branch(repository));
  assertEquals(await orphans(repository), [[end, null]]);
  assertEquals(await candidates(repository), []);
  const next = await save(repository, "next");
  assertEquals(await parentOf(repository, next), repository.ids[2]);
  assertEquals(await pinned(repository), [end]);
  assertEquals(await candidates(repository), []);
  assertEquals((await repository.call(doctor)).findings, []);
});

Deno.test("a branch that was killed just after READY, and copied without runtime, is kept, told of and pinned", async () => {
  using repository = await withThree();
  const { ids: [first, , latest] } = repository;
  await repository.call(restore, { snapshot: first });
  repository.write("main/a.txt", "4\n");
  const end = await forgetting(repository, "main", async () => {
    const { snapshot: { snapshot_id }, kept_line_as } = await repository.call(snapshot, { branch: true });
    await repository.call(refDelete, { name: kept_line_as ?? "" });
    return snapshot_id;
  });
  assertEquals(await orphans(repository), [[end, null]]);
  assertEquals(await candidates(repository), []);
  await repository.call(restore, { snapshot: latest, discard: true });
  await save(repository, "next");
  assertEquals(await pinned(repository), [end]);
  assertEquals(await candidates(repository), []);
});

Deno.test("what garbage collection pruned of an unknown line does not end it", async () => {
  using repository = await withThree();
  const saved = await forgetting(repository, "main", async () => {
    const made = [];
    for (const text of ["4", "5", "6", "7"]) made.push(await save(repository, text));
    await repository.call(configSet, { key: "retention.keep_last_n", value: "2" });
    assertEquals((await repository.call(gcRun, { yes: true, policy: "thin" })).pruned.length, 5);
    return made;
  });
  const [end = ""] = saved.slice(-1);
  assertEquals(await orphans(repository), [[end, "advance_head"]]);
  await repository.call(configSet, { key: "retention.keep_last_n", value: "1" });
  assertEquals(await candidates(repository), []);
  const next = await forgetting(repository, "main", () => save(repository, "next"));
  assertEquals(await parentOf(repository, next), end);
  await repository.call(doctor, { repair: ["advance_head"] });
  const record = JSON.parse(Deno.readTextFileSync(recordOf(repository, "main")));
  assertEquals([record.head_snapshot_id, record.latest_snapshot_id], [next, next]);
  assertEquals(await candidates(repository), []);
});

/** A file of the second of four unknown snapshots that is lost, and how it comes back. */
for (const file of ["descriptors/ID.json", "snapshots/ID.READY"]) {
  for (const at of [0, 1, 3]) {
    Deno.test(`an older record and a lost ${file} of snapshot ${at} that it does not know: all is kept, also when that comes back`, async () => {
      using repository = await withThree();
      const saved = await forgetting(repository, "main", async () => {
        const made = [];
        for (const text of ["4", "5", "6", "7"]) made.push(await save(repository, text));
        return made;
      });
      const lost = `${repository.path}/.jvs/${file.replace("ID", saved[at] ?? "")}`;
      Deno.renameSync(lost, `${repository.outside}/lost`);
      const ends = await orphans(repository);
      assert(ends.length > 0);
      assertEquals(await candidates(repository), []);
      await save(repository, "next");
      assertEquals(await candidates(repository), []);
      assertEquals(await orphans(repository), []);
      if (file.endsWith(".READY")) await repository.call(doctor, { repair: ["rebuild_ready"] });
      else Deno.renameSync(`${repository.outside}/lost`, lost);
      assertEquals((await repository.call(doctor)).findings, []);
      assertEquals(await candidates(repository), []);
    });
  }
}

Deno.test("doctor pins what is damaged and may be of a line that the record does not know, before it moves the head past it", async () => {
  using repository = await withThree();
  const [damaged, end] = await forgetting(repository, "main", async () => {
    const [first] = [await save(repository, "4")];
    await repository.call(restore, { snapshot: repository.ids[2] });
    const { snapshot: { snapshot_id } } = await repository.call(snapshot, { branch: true });
    await repository.call(restore, { snapshot: first });
    return [snapshot_id, (await repository.call(snapshot, { branch: true })).snapshot.snapshot_id];
  });
  for (const { ref_name: name } of (await repository.call(refList)).refs) {
    await repository.call(refDelete, { name });
  }
  const descriptor = `${repository.path}/.jvs/descriptors/${damaged}.json`;
  Deno.renameSync(descriptor, `${repository.outside}/lost`);
  assertEquals(await orphans(repository), [[end, "advance_head"]]);
  await repository.call(doctor, { repair: ["advance_head"] });
  assertEquals(await pinned(repository), [damaged]);
  Deno.renameSync(`${repository.outside}/lost`, descriptor);
  assertEquals((await repository.call(doctor)).findings, []);
  assertEquals(await candidates(repository), []);
});

Deno.test("a worktree that was made empty begins with the first of what its record did not know", async () => {
  using repository = await withThree();
  await repository.call(worktreeCreate, { name: "w" });
  const saved = await forgetting(repository, "w", async () => [
    await save(repository, "a", "worktrees/w"),
    await save(repository, "b", "worktrees/w"),
  ]);
  assertEquals(await orphans(repository), [[saved[1] ?? "", "advance_head"]]);
  await repository.call(worktreeRemove, { name: "w" });
  assertEquals(await candidates(repository), []);
});

Deno.test("restore pins what a worktree without a snapshot in its record made, before its latest is another", async () => {
  using repository = await withThree();
  await repository.call(worktreeFork, { name: "w" });
  const own = await forgetting(repository, "w", () => save(repository, "own", "worktrees/w"));
  const newer = await save(repository, "newer");
  await repository.call(restore, { snapshot: newer }, { in: "worktrees/w" });
  assertEquals(await parentOf(repository, own), repository.ids[2]);
  assertEquals(await candidates(repository), []);
  assertEquals(await orphans(repository), []);
});

Deno.test("the line on which a worktree stands is kept when the worktree is removed, if its record does not know it", async () => {
  using repository = await withThree();
  await repository.call(worktreeFork, { name: "w" });
  await save(repository, "0", "worktrees/w");
  const end = await forgetting(repository, "w", async () => {
    await save(repository, "1", "worktrees/w");
    return await save(repository, "2", "worktrees/w");
  });
  await repository.call(restore, { snapshot: end, discard: true }, { in: "worktrees/w" });
  await repository.call(worktreeRemove, { name: "w" });
  assertEquals(await candidates(repository), []);
});

Deno.test("what an older record does not know is kept while a change of its worktree is interrupted", async () => {
  using repository = await withThree();
  const end = await forgetting(repository, "main", async () => {
    const [, end] = await branch(repository);
    return end;
  });
  const { store } = await repository.open();
  const worktree = store.worktrees.get("main");
  store.intents.begin(snapshotSaving, { target: "main", details: {}, worktree_id: worktree.worktree_id });
  assertEquals(await candidates(repository), []);
  await save(repository, "next");
  assertEquals(await pinned(repository), [end]);
});

Deno.test("recovery pins what an older record does not know before it makes a killed snapshot the newest", async () => {
  using repository = await TestRepository.make();
  const [one] = [await save(repository, "1"), await save(repository, "2")];
  await repository.call(restore, { snapshot: one });
  const old = Deno.readTextFileSync(recordOf(repository, "main"));
  await repository.call(restore, { snapshot: "HEAD" });
  const three = await save(repository, "3");
  await repository.call(restore, { snapshot: one });
  repository.write("main/a.txt", "4\n");
  const { store } = await repository.open();
  const count = store.snapshots.list().length;
  for (let n = 1; store.snapshots.list().length === count; n++) {
    await killedAt(n, () => repository.call(snapshot, { branch: true }));
  }
  assertEquals(store.worktrees.get("main").head_snapshot_id, one, "it was not moved yet");
  Deno.writeTextFileSync(recordOf(repository, "main"), old);
  for (const { name } of Deno.readDirSync(`${repository.path}/.jvs/refs`)) {
    Deno.removeSync(`${repository.path}/.jvs/refs/${name}`); // of later than that copy
  }
  await save(repository, "5");
  assertEquals(await pinned(repository), [three]);
  assertEquals(await candidates(repository), []);
});

Deno.test("jvs gc refuses where pins are missing that JVS made itself for an older record", async () => {
  using box = await BlackBox.make();
  const write = async (text: string, ...flags: string[]) => {
    box.write("a.txt", `${text}\n`);
    return (await box.save(text, ...flags)).snapshot_id;
  };
  const first = await write("1");
  await write("2");
  const record = `${box.control}/worktrees/main/config.json`;
  const old = Deno.readTextFileSync(record);
  await box.json(["restore", first]);
  await write("3", "--branch");
  Deno.writeTextFileSync(record, old);
  await write("4");
  const { pins: [pin, ...more] } = await box.json<{ pins: { pin_id: string }[] }>(["gc", "pins"]);
  assertEquals(more, []);
  Deno.removeSync(`${box.control}/gc/pins`, { recursive: true });
  await box.error("E_DESCRIPTOR_CORRUPT", ["gc", "plan"]);
  const { json } = await box.run(["doctor", "--repair-runtime", "--json"]);
  const { findings } = json as { findings: Finding[] };
  assertEquals(findings.map(({ code, repair }) => [code, repair]), [["E_DESCRIPTOR_CORRUPT", null], [
    "LAYOUT",
    null,
  ]]);
  assert(findings[0]?.message.includes(pin?.pin_id ?? "no pin"), findings[0]?.message);
});
