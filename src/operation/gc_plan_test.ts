import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { namesIn } from "../../tests/support/files.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { describeTree } from "../../tests/support/trees.ts";
import { fails, twoLines } from "../../tests/support/two_lines.ts";
import { configSet } from "./config_set.ts";
import { gcPlan } from "./gc_plan.ts";
import { gcRun } from "./gc_run.ts";
import { history } from "./history.ts";
import { refCreate } from "./ref_create.ts";
import { refDelete } from "./ref_delete.ts";
import { restore } from "./restore.ts";
import { snapshot } from "./snapshot.ts";
import { worktreeFork } from "./worktree_fork.ts";

async function withoutRuntime(path: string): Promise<string[]> {
  const lines = await describeTree(path, { add: ["inode"] });
  return lines.filter((line) => !/^\.jvs\/(runtime|gc\/plans\t(mtime|size))/.test(line));
}

Deno.test("gc plan says why each snapshot stays or goes, and writes nothing but itself", async () => {
  using repository = await twoLines();
  await repository.call(history); // makes the caches
  const before = await repository.audit();
  const files = await withoutRuntime(repository.path);
  const plan = await repository.call(gcPlan);
  const own = `.jvs/gc/plans/${plan.plan_id}.json\t`;
  const after = (await withoutRuntime(repository.path)).filter((line) => !line.startsWith(own));
  assertEquals(after, files);
  const [, , third = "", fourth = "", fifth = ""] = repository.ids;
  assertEquals(plan.candidates, [fourth, fifth]);
  assertEquals([plan.candidate_count, plan.protected_by_lineage, plan.protected_by_ref], [2, 3, 0]);
  assertEquals(plan.snapshots.map(({ action }) => action), ["keep", "keep", "keep", "delete", "delete"]);
  assertEquals(plan.snapshots[2]?.reasons, ["head of worktree main", "newest of worktree main"]);
  assertEquals(plan.snapshots[0]?.reasons, ["before the head of worktree main"]);
  assertEquals(await repository.audit(), before);
  assertEquals(namesIn(`${repository.path}/.jvs/gc/plans`), [`${plan.plan_id}.json`]);
  assert(plan.deletable_bytes_estimate > 0, "files of the old line take space");
  assertEquals(third, repository.ids[2]);
});

Deno.test("gc plan gives the same plan for the same state", async () => {
  using repository = await twoLines();
  const { created_at: _first, ...first } = await repository.call(gcPlan);
  const { created_at: _second, ...second } = await repository.call(gcPlan);
  assertEquals(first, second);
});

Deno.test("gc plan refuses to plan where a record that keeps snapshots cannot be read", async () => {
  using repository = await twoLines();
  await repository.call(refCreate, { name: "best" });
  Deno.writeTextFileSync(`${repository.path}/.jvs/refs/best.json`, "{");
  await fails("E_DESCRIPTOR_CORRUPT", repository.call(gcPlan));
});

Deno.test("gc plan keeps the whole line that snapshot --branch left, and of a ref that somebody made only what it names, or with line all of it", async () => {
  using repository = await TestRepository.saved();
  const { first } = repository;
  repository.write("main/a.txt", "2\n");
  const second = await repository.save();
  repository.write("main/a.txt", "3\n");
  const third = await repository.save();
  await repository.call(restore, { snapshot: first });
  repository.write("main/a.txt", "other\n");
  await repository.call(snapshot, { branch: true });
  const actions = async () => {
    const { snapshots } = await repository.call(gcPlan);
    return snapshots.filter((each) => [second, third].includes(each.snapshot_id)).map(({ action }) => action);
  };
  assertEquals(await actions(), ["keep", "keep"]);
  await repository.call(refCreate, { name: "mine", snapshot: third });
  await repository.call(refDelete, { name: `main-${third.slice(14)}` });
  assertEquals(await actions(), ["prune", "keep"]);
  await repository.call(refCreate, { name: "whole", snapshot: third, line: true });
  assertEquals(await actions(), ["keep", "keep"]);
});

Deno.test("gc plan makes no plan where the record of a worktree is missing, or the place for it", async () => {
  using repository = await twoLines();
  await repository.call(worktreeFork, { name: "try" });
  const records = `${repository.path}/.jvs/worktrees`;
  for (
    const gone of [
      `${records}/main/config.json`,
      `${records}/main`,
      `${records}/try/config.json`,
      `${records}/try`,
      records,
    ]
  ) {
    Deno.renameSync(gone, `${repository.path}/away`);
    const error = await fails("E_DESCRIPTOR_CORRUPT", repository.call(gcPlan, {}, { in: "" }));
    assertStringIncludes(error.message, "is missing");
    Deno.renameSync(`${repository.path}/away`, gone);
  }
  assertEquals((await repository.call(gcPlan)).candidate_count, 2);
});

Deno.test("gc plan keeps all that is older than a head, ref or pin whose snapshot is missing", async () => {
  using repository = await twoLines();
  const [, , third = ""] = repository.ids;
  Deno.renameSync(`${repository.path}/.jvs/snapshots/${third}.READY`, `${repository.path}/away`);
  const { snapshots } = await repository.call(gcPlan);
  assertEquals(snapshots.map(({ action }) => action), ["keep", "keep", "delete", "delete"]);
});

Deno.test("gc plan keeps what follows a head that was not moved to it", async () => {
  using repository = await twoLines();
  const [first = "", second = "", third = ""] = repository.ids;
  const { store } = await repository.open();
  for (const at of [second, first, null]) {
    store.worktrees.update("main", { head_snapshot_id: at, latest_snapshot_id: at });
    const { snapshots } = await repository.call(gcPlan);
    assertEquals(snapshots.slice(0, 3).map(({ action }) => action), ["keep", "keep", "keep"], `head ${at}`);
  }
  store.worktrees.update("main", { head_snapshot_id: second, latest_snapshot_id: third });
  assertEquals((await repository.call(gcPlan)).candidate_count, 2);
});

Deno.test("gc plan has what was written of what goes, how much of what stays was pruned, and why something else is kept", async () => {
  using repository = await twoLines();
  repository.write("main/a.txt", "6\n");
  await repository.call(snapshot, { note: "sixth", tags: ["release-0"] });
  repository.write("main/a.txt", "7\n");
  await repository.save("seventh");
  await repository.call(configSet, { key: "retention.keep_last_n", value: "1" });
  const thin = await repository.call(gcPlan, { policy: "thin" });
  assertEquals(thin.going.map(({ snapshot_id }) => snapshot_id), thin.candidates);
  assertEquals(thin.going.map(({ note, tags }) => [note, ...tags]), [
    ["first"],
    ["2\n"],
    ["3\n"],
    ["4\n"],
    ["5\n"],
    ["sixth", "release-0"],
  ]);
  assertEquals([thin.kept_pruned, thin.other_reasons], [0, []]);
  await repository.call(gcRun, { yes: true, policy: "thin" });
  assertEquals((await repository.call(gcPlan)).kept_pruned, 4);
  const [second = ""] = repository.ids.slice(1);
  Deno.removeSync(`${repository.path}/.jvs/descriptors/${second}.json`);
  const { other_reasons: others } = await repository.call(gcPlan);
  assertEquals(others.map(({ count, is_damage }) => [count, is_damage]), [[1, true], [1, true]]);
  assertStringIncludes(others.map(({ why }) => why).join(), `perhaps before ${second}, whose record`);
});
