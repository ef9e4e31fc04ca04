import { assert, assertEquals } from "@std/assert";
import type { Descriptor, Finding, WorktreeConfig } from "../src/model/records.ts";
import { BlackBox } from "../tests/support/black_box.ts";
import { fullAudit } from "../tests/support/full_audit.ts";
import { jvsJson } from "../tests/support/jvs.ts";
import { requires } from "../tests/support/requires.ts";
import { mustRun } from "../tests/support/run.ts";
import { describeTree, makeRichTree } from "../tests/support/trees.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(29);

Deno.test({
  name:
    "conformance 29: a repository that was copied without runtime/ keeps its worktrees' metadata, and works once its runtime is repaired",
  ...requires("root", "python3"),
  async fn() {
    using box = await BlackBox.make();
    await makeRichTree(box.main);
    mustRun("rm", "-rf", `${box.main}/deep`); // too deep for cp
    const first = await box.save("first", "--tag", "v1");
    await box.json(["ref", "create", "good", first.snapshot_id]);
    await box.json(["worktree", "fork", first.snapshot_id, "other"]);
    box.write("a.txt", "changed\n");
    const second = await box.save("second");
    await box.json(["restore", first.snapshot_id]);
    const expected = await describeTree(box.main);
    box.write("readme.md", "unsaved when it was copied\n");

    const copy = `${box.outside}/elsewhere`;
    copyWithoutRuntime(box.path, copy);
    assertEquals(worktreesOf(copy), worktreesOf(box.path));
    const at = { cwd: `${copy}/main` };
    const doctor = await jvsJson<{ healthy: boolean; findings: Finding[] }>(
      ["doctor", "--strict", "--repair-runtime"],
      at,
    );
    assertEquals([doctor.healthy, doctor.findings], [true, []]);

    // What was known of the worktrees still is: all but what tells the folder itself.
    const before = worktreesOf(box.path);
    const after = worktreesOf(copy);
    assertEquals(after.map(withoutIdentity), before.map(withoutIdentity));
    for (const [i, { identity }] of after.entries()) assert(identity.inode !== before[i]?.identity.inode);

    const status = await jvsJson(["status"], at);
    assertEquals(
      [status.head_snapshot_id, status.latest_snapshot_id, status.detached, status.clean],
      [first.snapshot_id, second.snapshot_id, true, false],
    );
    const restored = await jvsJson<{ autosave_snapshot_id: string }>(["restore", "v1"], at);
    assert(restored.autosave_snapshot_id !== null, "the unsaved work must have come along");
    assertEquals(await describeTree(`${copy}/main`), expected);
    await jvsJson(["restore", "HEAD"], at);
    const { snapshot } = await jvsJson<{ snapshot: Descriptor }>(["snapshot", "third"], at);
    assertEquals(snapshot.parent_snapshot_id, second.snapshot_id);
    assertEquals((await jvsJson<{ refs: unknown[] }>(["ref", "list"], at)).refs.length, 1);
    await jvsJson(["snapshot", "--worktree", "other"], at);
    await fullAudit(copy);
    await box.audit(); // the original is as it was
  },
});

Deno.test({
  name: "conformance 29: what a copier lost in metadata is degraded, and a restore brings it back",
  ...requires("root", "python3"),
  async fn() {
    using box = await BlackBox.make();
    await makeRichTree(box.main);
    mustRun("rm", "-rf", `${box.main}/deep`, `${box.main}/special`); // what cp -r cannot copy at all
    const first = await box.save("first");
    const expected = await describeTree(box.main);
    const copy = `${box.outside}/elsewhere`;
    mustRun("cp", "-r", "--no-preserve=all", box.path, copy);
    mustRun("rm", "-rf", `${copy}/.jvs/runtime`);

    const at = { cwd: `${copy}/main` };
    const doctor = await jvsJson<{ healthy: boolean; findings: Finding[] }>(
      ["doctor", "--strict", "--repair-runtime"],
      at,
    );
    assertEquals([doctor.healthy, doctor.findings.map(({ code }) => code)], [true, ["E_DEGRADED"]]);
    await jvsJson(["restore", first.snapshot_id], at);
    assertEquals(await describeTree(`${copy}/main`), expected);
    await jvsJson(["snapshot"], at);
    assertEquals((await jvsJson(["verify"], at)).severity, "ok");
  },
});

Deno.test("conformance 29: without the repair a copy can be read, and what changes it says what to do", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "one\n");
  const { snapshot_id: id } = await box.save("first");
  const copy = `${box.outside}/elsewhere`;
  copyWithoutRuntime(box.path, copy);
  const at = { cwd: `${copy}/main` };
  const listed = await jvsJson<{ snapshots: Descriptor[] }>(["history"], at);
  assertEquals(listed.snapshots.map((each) => each.snapshot_id), [id]);
  assertEquals((await jvsJson(["verify", "--all"], at)).tamper_detected, false);
  const { findings } = await jvsJson<{ findings: Finding[] }>(["doctor"], at);
  assert(findings.some(({ code, repair }) => code === "WORKTREE_REPLACED" && repair === "repair_runtime"));
  await jvsJson(["doctor", "--repair-runtime"], at);
  await jvsJson(["snapshot"], at);
  await fullAudit(copy);
});

function copyWithoutRuntime(from: string, to: string): void {
  mustRun("cp", "-a", from, to);
  mustRun("rm", "-rf", `${to}/.jvs/runtime`);
}

function worktreesOf(repository: string): WorktreeConfig[] {
  return ["main", "other"].flatMap((name) => {
    try {
      return JSON.parse(Deno.readTextFileSync(`${repository}/.jvs/worktrees/${name}/config.json`));
    } catch {
      return []; // the repository has no other
    }
  });
}

function withoutIdentity({ identity: _, ...rest }: WorktreeConfig): Omit<WorktreeConfig, "identity"> {
  return rest;
}
