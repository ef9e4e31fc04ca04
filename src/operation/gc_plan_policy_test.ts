import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fullAudit } from "../../tests/support/full_audit.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { fails, twoLines } from "../../tests/support/two_lines.ts";
import { configSet } from "./config_set.ts";
import { gcPins } from "./gc_pins.ts";
import { gcPlan } from "./gc_plan.ts";
import { gcRun } from "./gc_run.ts";
import { history } from "./history.ts";
import { restore } from "./restore.ts";
import { worktreeFork } from "./worktree_fork.ts";
import { worktreeRemove } from "./worktree_remove.ts";
import { worktreeRename } from "./worktree_rename.ts";

Deno.test("gc run by the policy thin prunes what is before the head, and the history still leads through it", async () => {
  using repository = await twoLines();
  await repository.call(configSet, { key: "retention.keep_last_n", value: "1" });
  const { deleted, pruned } = await repository.call(gcRun, { yes: true, policy: "thin" });
  const [first = "", second = "", third = "", fourth = "", fifth = ""] = repository.ids;
  // Of the removed worktree nothing stays for its number.
  assertEquals([pruned, deleted], [[first, second], [fourth, fifth]]);
  const { snapshots } = await repository.call(history);
  assertEquals(snapshots.map((each) => each.pruned), [false, true, true]);
  const error = await fails("E_NOT_FOUND", repository.call(restore, { snapshot: first }));
  assertStringIncludes(error.message, "pruned");
  repository.write("main/a.txt", "6\n");
  await repository.call(restore, { snapshot: third });
  assertEquals(repository.read("main/a.txt"), "3\n");
  await fullAudit(repository.path);
});

Deno.test("gc plan by the policy thin takes at least what it takes by default of a worktree that was removed", async () => {
  using repository = await twoLines();
  const candidates = async (policy: string) => (await repository.call(gcPlan, { policy })).candidates;
  assertEquals(await candidates("default"), repository.ids.slice(3));
  assertEquals(await candidates("thin"), repository.ids.slice(3)); // main has no ten yet
  // A worktree that was renamed is the same one.
  await repository.call(worktreeFork, { name: "other" });
  repository.write("worktrees/other/a.txt", "6\n");
  await repository.save("sixth", "worktrees/other");
  await repository.call(worktreeRename, { name: "other", new_name: "renamed" });
  assertEquals(await candidates("thin"), repository.ids.slice(3));
  // Where its record cannot be read, it is not taken for one that was removed.
  const record = `${repository.path}/.jvs/worktrees/renamed/config.json`;
  for (const spoil of [() => Deno.writeTextFileSync(record, "{"), () => Deno.removeSync(record)]) {
    spoil();
    await fails("E_DESCRIPTOR_CORRUPT", repository.call(gcPlan, { policy: "thin" }));
  }
});

Deno.test("gc plan takes policies from retention.json, and refuses one that is wrong or keeps nothing", async () => {
  using repository = await twoLines();
  const file = `${repository.path}/.jvs/gc/retention.json`;
  Deno.writeTextFileSync(
    file,
    '{ // nightly\n  "nightly": { "keep_days": 3 }, "none": { "prune_ancestors": true },\n}',
  );
  assertEquals((await repository.call(gcPlan, { policy: "nightly" })).candidates, []);
  await fails("E_USAGE", repository.call(gcPlan, { policy: "none" }));
  const unknown = await fails("E_NOT_FOUND", repository.call(gcPlan, { policy: "weekly" }));
  assertStringIncludes(unknown.hint, "default, thin, nightly, none");
  for (const wrong of ['{ "x": { "keep_days": -1 } }', '{ "x": { "keep": 1 } }', '{ "default": {} }', "{"]) {
    Deno.writeTextFileSync(file, wrong);
    await fails("E_USAGE", repository.call(gcPlan, { policy: "x" }));
  }
});

Deno.test("gc plan refuses a policy whose limit would cost all history and not be reached", async () => {
  using repository = await twoLines();
  Deno.writeTextFileSync(
    `${repository.path}/.jvs/gc/retention.json`,
    '{ "tiny": { "prune_ancestors": true, "keep_last_n": 5, "max_repo_bytes": 1 } }',
  );
  const { details: { kept_bytes }, message } = await fails(
    "E_USAGE",
    repository.call(gcPlan, { policy: "tiny" }),
  );
  assertStringIncludes(message, "what worktrees, refs, pins and tags keep takes");
  assert(Number(kept_bytes) > 0, String(kept_bytes));
  await fails("E_USAGE", repository.call(gcRun, { yes: true, policy: "tiny" }));
  assertEquals((await repository.call(history, { all: true })).snapshots.map(({ pruned }) => pruned), [
    false,
    false,
    false,
    false,
    false,
  ]);
});

Deno.test("gc plan gives up what only number or age keeps, the oldest first, above the limit of size", async () => {
  using repository = await twoLines();
  const [, , , fourth = "", fifth = ""] = repository.ids;
  await repository.call(configSet, { key: "retention.keep_days", value: "5" });
  const { candidates, total_bytes } = await repository.call(gcPlan);
  assertEquals(candidates, []);
  await repository.call(configSet, { key: "retention.max_repo_bytes", value: String(total_bytes - 1) });
  assertEquals((await repository.call(gcPlan)).candidates, [fourth]);
  await repository.call(configSet, { key: "retention.max_repo_bytes", value: "1" });
  const warnings: string[] = [];
  const reporter = { begin() {}, advance() {}, warn: (text: string) => void warnings.push(text) };
  await repository.call(gcPlan, {}, { reporter });
  assertStringIncludes(warnings.join("\n"), "what worktrees, refs, pins and tags keep takes");
  const { plan_id } = await repository.call(gcPlan);
  assertEquals((await repository.call(gcRun, { plan_id })).deleted, [fourth, fifth]);
  await fullAudit(repository.path);
});

Deno.test("gc run refuses a plan whose policy or settings were changed since it was looked at", async () => {
  using repository = await twoLines();
  const { plan_id } = await repository.call(gcPlan);
  await repository.call(configSet, { key: "retention.keep_days", value: "100" });
  const error = await fails("E_GC_PLAN_MISMATCH", repository.call(gcRun, { plan_id }));
  assertStringIncludes(error.message, "settings");
  assertEquals((await repository.call(gcRun, { yes: true })).deleted, []);
});

Deno.test("gc run never takes the record of what a snapshot that stays descends from, also for the sake of a size", async () => {
  using repository = await twoLines();
  const [, , , , fifth = ""] = repository.ids;
  await repository.call(configSet, { key: "retention.keep_days", value: "30" });
  await repository.call(configSet, { key: "retention.max_repo_bytes", value: "1" });
  const { plan_id } = await repository.call(gcPlan);
  await repository.call(restore, { snapshot: fifth });
  repository.write("main/a.txt", "unsaved\n");
  await repository.call(restore, { snapshot: "LATEST" }); // its autosave descends from a candidate
  const { deleted, pruned } = await repository.call(gcRun, { plan_id });
  assertEquals([deleted, pruned], [[], repository.ids.slice(3)]);
  await fullAudit(repository.path);
});

Deno.test("gc plan by a policy that prunes keeps the line of a removed worktree as long as was promised", async () => {
  using repository = await TestRepository.saved();
  const { first } = repository;
  await repository.call(worktreeFork, { name: "old" });
  repository.write("worktrees/old/a.txt", "2\n");
  const second = await repository.save("", "worktrees/old");
  repository.write("worktrees/old/a.txt", "3\n");
  await repository.save("", "worktrees/old");
  await repository.call(restore, { snapshot: first }, { in: "worktrees/old" });
  await repository.call(worktreeRemove, { name: "old" });
  await repository.call(configSet, { key: "retention.keep_last_n", value: "1" });
  const { snapshots } = await repository.call(gcPlan, { policy: "thin" });
  assertEquals(snapshots.map(({ action }) => action), ["keep", "keep", "keep"]);
  assertEquals(snapshots[1]?.snapshot_id, second);
  // The one that it stood on, and the newest of its line.
  assertEquals((await repository.call(gcPins)).pins.map(({ snapshot_id }) => snapshot_id).sort()[0], first);
});

Deno.test("gc plan by a policy that prunes takes of another line what a removed worktree was forked from", async () => {
  using repository = await TestRepository.saved();
  const ids = [repository.first];
  for (const text of ["2\n", "3\n", "4\n"]) {
    repository.write("main/a.txt", text);
    ids.push(await repository.save(text));
  }
  const [first = "", second = "", third = ""] = ids;
  // One with a snapshot of its own, one without, one that stood on another's.
  for (const name of ["own", "none", "moved"]) await repository.call(worktreeFork, { name, snapshot: third });
  repository.write("worktrees/own/a.txt", "5\n");
  await repository.save("", "worktrees/own");
  await repository.call(restore, { snapshot: second }, { in: "worktrees/moved" });
  for (const name of ["own", "none", "moved"]) await repository.call(worktreeRemove, { name });
  await repository.call(configSet, { key: "retention.keep_last_n", value: "1" });
  const { snapshots } = await repository.call(gcPlan, { policy: "thin" });
  const gone = snapshots.filter(({ action }) => action !== "keep").map(({ snapshot_id }) => snapshot_id);
  assertEquals(gone, [first]);
  // Without a policy the lines that go on keep all of it.
  assertEquals((await repository.call(gcPlan)).candidates, []);
});
