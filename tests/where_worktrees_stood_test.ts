import { assert, assertEquals } from "@std/assert";
import { configSet } from "../src/operation/config_set.ts";
import { doctor } from "../src/operation/doctor.ts";
import { gcPlan } from "../src/operation/gc_plan.ts";
import { gcRun } from "../src/operation/gc_run.ts";
import { refDelete } from "../src/operation/ref_delete.ts";
import { restore } from "../src/operation/restore.ts";
import { snapshot } from "../src/operation/snapshot.ts";
import { worktreeCreate } from "../src/operation/worktree_create.ts";
import { worktreeFork } from "../src/operation/worktree_fork.ts";
import { worktreeRemove } from "../src/operation/worktree_remove.ts";
import { gcPins } from "../src/operation/gc_pins.ts";
import { gcUnpin } from "../src/operation/gc_unpin.ts";
import { keptByTrail } from "../src/protocol/gc/recorded.ts";
import type { Store } from "../src/repo/store.ts";
import { TestRepository } from "./support/repository.ts";
import { mustRun } from "./support/run.ts";
import { testProgram } from "./support/test_program.ts";

/*
 * Where a worktree stood, and what was saved in it, is in its record and in the audit trail. The record is lost and the worktree made again, or
 * it comes from an older copy: no garbage collection takes what only the lost record kept.
 */

const recordOf = ({ path }: TestRepository, name: string) => `${path}/.jvs/worktrees/${name}/config.json`;

async function save(repository: TestRepository, text: string, where = "main"): Promise<string> {
  repository.write(`${where}/a.txt`, `${text}\n`);
  return await repository.save(text, where);
}

/** Where commands are given: the folder of main may be moved away. */
const THERE = { in: "worktrees/other" };

/** Three snapshots of main, and a branch from the first, on which it stands. Nothing but records of worktrees keeps the second and third. */
async function withBranch() {
  const repository = await TestRepository.make();
  await repository.call(configSet, { key: "retention.keep_autosave_days", value: "0" });
  const line = [
    await save(repository, "1"),
    await save(repository, "2"),
    await save(repository, "3"),
  ] as const;
  await repository.call(restore, { snapshot: line[0] });
  repository.write("main/a.txt", "b\n");
  const { kept_line_as, snapshot: made } = await repository.call(snapshot, { branch: true });
  return Object.assign(repository, { line, branch: made.snapshot_id, ref: kept_line_as ?? "" });
}

async function going(repository: TestRepository, where = THERE.in): Promise<readonly string[]> {
  return (await repository.call(gcPlan, {}, { in: where })).candidates;
}

async function reasonsFor(repository: TestRepository, id: string, where = THERE.in): Promise<string> {
  const { snapshots } = await repository.call(gcPlan, {}, { in: where });
  return snapshots.find(({ snapshot_id }) => snapshot_id === id)?.reasons.join("; ") ?? "";
}

function lose(repository: TestRepository, name: string): void {
  Deno.removeSync(recordOf(repository, name));
  const folder = name === "main" ? "main" : `worktrees/${name}`;
  Deno.renameSync(`${repository.path}/${folder}`, `${repository.outside}/${name}`);
}

/** Loses the record and makes the worktree again, as docs/recovery.md tells, from this snapshot. */
async function makeAgain(repository: TestRepository, name: string, from: string): Promise<void> {
  lose(repository, name);
  await repository.call(worktreeCreate, { name, from }, THERE);
}

/** Removes a worktree and all pins. */
async function giveUp(repository: TestRepository, name: string): Promise<void> {
  await repository.call(worktreeRemove, { name }, THERE);
  const { pins } = await repository.call(gcPins, {}, THERE);
  for (const { pin_id } of pins) await repository.call(gcUnpin, { pin: pin_id }, THERE);
}

Deno.test("a worktree that is made again from its branch keeps what it saved before and stood on, until it is removed", async () => {
  using repository = await withBranch();
  const { branch, line, ref } = repository;
  await repository.call(worktreeFork, { snapshot: branch, name: "other" });
  await repository.call(restore, { snapshot: line[2] });
  await repository.call(refDelete, { name: ref });
  await makeAgain(repository, "main", branch);
  assertEquals(await going(repository), []);
  assert((await reasonsFor(repository, line[2])).includes("an earlier worktree main, whose record was lost"));
  await repository.call(gcRun, { yes: true }, THERE);
  const { candidates } = await repository.call(gcPlan, { policy: "thin" }, THERE);
  assert(!candidates.includes(line[2]), "what it stood on is pruned");
  await giveUp(repository, "main");
  assertEquals(await going(repository), [...line.slice(1)]);
});

Deno.test("a worktree that is made again from what it stood on keeps what it had saved after that", async () => {
  using repository = await withBranch();
  const { branch, line, ref } = repository;
  await repository.call(worktreeFork, { snapshot: branch, name: "other" });
  await repository.call(restore, { snapshot: line[0] });
  await repository.call(refDelete, { name: ref });
  await makeAgain(repository, "main", line[0]);
  assertEquals(await going(repository), []);
  assert((await reasonsFor(repository, line[1])).includes("snapshot of an earlier worktree main"));
  await giveUp(repository, "main");
  assertEquals(await going(repository), [...line.slice(1)]);
});

Deno.test("a worktree that stood on a snapshot of another's, and is made again, keeps that", async () => {
  using repository = await withBranch();
  const { branch, line, ref } = repository;
  await repository.call(worktreeFork, { snapshot: line[0], name: "stray" });
  await repository.call(worktreeFork, { snapshot: branch, name: "other" });
  await repository.call(restore, { snapshot: line[2] }, { in: "worktrees/stray" });
  await repository.call(refDelete, { name: ref });
  await makeAgain(repository, "stray", branch);
  assertEquals(await going(repository), []);
  await giveUp(repository, "stray");
  assertEquals(await going(repository), [...line.slice(1)]);
});

Deno.test("a worktree that is made again while its loss is being looked for keeps what it stood on", async () => {
  using repository = await withBranch();
  const { branch, line, path } = repository;
  await repository.call(worktreeFork, { snapshot: line[0], name: "stray" });
  await repository.call(worktreeFork, { snapshot: branch, name: "other" });
  await repository.call(restore, { snapshot: line[2] }, { in: "worktrees/stray" });
  lose(repository, "stray");
  const { store } = await repository.open();
  let isMade = false;
  const madeAtFirstLook = new Proxy<Store>(store, {
    get(target, key) {
      if (key === "worktrees" && !isMade) {
        isMade = true;
        const words = ["worktree", "create", "stray", "--from", branch];
        mustRun(`${testProgram()}/bin/jvs`, "-C", `${path}/${THERE.in}`, ...words);
      }
      return Reflect.get(target, key);
    },
  });
  const kept = await keptByTrail(madeAtFirstLook);
  assertEquals(kept.map(({ id }) => id), [line[2]]);
});

Deno.test("a record from before a restore: what the worktree was restored to stays, until it moves again", async () => {
  using repository = await withBranch();
  const { line, ref } = repository;
  const before = Deno.readTextFileSync(recordOf(repository, "main"));
  await repository.call(restore, { snapshot: line[2] });
  await repository.call(refDelete, { name: ref });
  assertEquals(await going(repository, "main"), []);
  Deno.writeTextFileSync(recordOf(repository, "main"), before);
  assertEquals(await going(repository, "main"), []);
  assert(
    (await reasonsFor(repository, line[1], "main")).includes(
      "the audit trail says that worktree main stands on it",
    ),
  );
  assertEquals((await repository.call(gcRun, { yes: true })).deleted, []);
  const { findings: [found, ...others] } = await repository.call(doctor);
  assertEquals([found?.code, found?.snapshot_id, others], ["HEAD_ORPHAN", line[2], []]);
  await repository.call(restore, { snapshot: "HEAD", discard: true });
  assertEquals((await repository.call(doctor)).findings, []);
  assertEquals(await going(repository, "main"), [...line.slice(1)]);
});

Deno.test("a plan from before an older record came back is not carried out", async () => {
  using repository = await withBranch();
  const { line, ref } = repository;
  await repository.call(restore, { snapshot: line[0] });
  await repository.call(refDelete, { name: ref });
  const { candidates, plan_id } = await repository.call(gcPlan);
  assertEquals(candidates, [...line.slice(1)]);
  const before = Deno.readTextFileSync(recordOf(repository, "main"));
  await repository.call(restore, { snapshot: line[2] });
  Deno.writeTextFileSync(recordOf(repository, "main"), before);
  const error = await repository.call(gcRun, { plan_id }).catch((thrown) => thrown);
  assertEquals(error.code, "E_GC_PLAN_MISMATCH");
});
