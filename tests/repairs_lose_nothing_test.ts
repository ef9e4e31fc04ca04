import { assert, assertEquals } from "@std/assert";
import type { Descriptor, Finding } from "../src/model/records.ts";
import { BlackBox } from "./support/black_box.ts";
import { exists } from "./support/files.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";

/* What doctor proposes, and what docs/recovery.md tells, must not let the next garbage collection take what was there. */

async function findings(box: BlackBox, ...flags: string[]): Promise<Finding[]> {
  const { json } = await box.run(["doctor", ...flags, "--json"], { cwd: box.path });
  return (json as { findings: Finding[] }).findings;
}

async function save(box: BlackBox, text: string, ...flags: string[]): Promise<string> {
  box.write("a.txt", `${text}\n`);
  return (await box.save(text, ...flags)).snapshot_id;
}

async function candidates(box: BlackBox): Promise<string[]> {
  return (await box.json<{ candidates: string[] }>(["gc", "plan"], { cwd: box.path })).candidates;
}

Deno.test("jvs doctor --repair clean_tmp takes nothing that may have been published after the audit trail was repaired", async () => {
  using box = await BlackBox.make();
  await save(box, "one");
  await save(box, "two");
  box.write("precious", "unsaved work\n");
  await box.json(["restore", "HEAD~1"]);
  const kept = (await box.json<{ snapshots: Descriptor[] }>(["history", "--all"])).snapshots
    .find(({ kind }) => kind === "autosave")?.snapshot_id ?? "";
  Deno.removeSync(`${box.control}/snapshots/${kept}.READY`);
  Deno.removeSync(`${box.control}/descriptors/${kept}.json`);
  Deno.removeSync(`${box.control}/audit`, { recursive: true });
  for (const repair of ["audit_repair", "clean_tmp"]) {
    const found = await findings(box, "--repair", repair);
    assertEquals(
      found.map(({ code, snapshot_id }) => [code, snapshot_id]),
      [["READY_MISSING", kept]],
      repair,
    );
  }
  assertEquals(Deno.readTextFileSync(`${box.control}/snapshots/${kept}/precious`), "unsaved work\n");
});

Deno.test("jvs doctor and gc know what follows a worktree's record that is older than its line", async () => {
  using box = await BlackBox.make();
  await save(box, "base");
  const record = `${box.control}/worktrees/main/config.json`;
  const old = Deno.readTextFileSync(record);
  const left = await save(box, "left");
  await box.json(["restore", "HEAD~1"]);
  const line = [await save(box, "b", "--branch"), await save(box, "b2")];
  await box.json(["ref", "delete", `main-${left.slice(14)}`]);
  Deno.writeTextFileSync(record, old);
  const found = await findings(box, "--repair", "advance_head");
  assertEquals(found.map(({ code, repair, snapshot_id }) => [code, repair, snapshot_id]), [
    ["HEAD_ORPHAN", null, left],
    ["HEAD_ORPHAN", null, line[1]],
  ]);
  assertEquals(await candidates(box), []);
});

Deno.test("jvs doctor and gc know what follows the record of a detached worktree that is older than its line", async () => {
  using box = await BlackBox.make();
  await save(box, "one");
  await save(box, "two");
  await box.json(["restore", "HEAD~1"]);
  const record = `${box.control}/worktrees/main/config.json`;
  const detached = Deno.readTextFileSync(record);
  await box.json(["restore", "HEAD"]);
  await save(box, "three");
  const four = await save(box, "four");
  Deno.writeTextFileSync(record, detached);
  const [orphan, ...others] = await findings(box);
  assertEquals([orphan?.code, orphan?.snapshot_id, orphan?.repair, others], ["HEAD_ORPHAN", four, null, []]);
  assertEquals(await candidates(box), []);
});

Deno.test("jvs gc collects nothing while a worktree's record and folder are away", async () => {
  using box = await BlackBox.make();
  await save(box, "one");
  await box.json(["worktree", "fork", "other"]);
  await box.json(["snapshot"], { cwd: `${box.path}/worktrees/other` });
  mustRun("mv", `${box.control}/worktrees/other/config.json`, `${box.path}/worktrees/other`, box.outside);
  const [lost] = await findings(box);
  assertEquals([lost?.code, lost?.severity], ["E_DESCRIPTOR_CORRUPT", "critical"]);
  await box.error("E_DESCRIPTOR_CORRUPT", ["gc", "plan"]);
});

Deno.test("jvs gc goes on after main was made again as docs/recovery.md tells", async () => {
  using box = await BlackBox.make();
  const id = await save(box, "one");
  Deno.removeSync(`${box.control}/worktrees/main/config.json`);
  mustRun("mv", box.main, `${box.outside}/main`);
  await box.json(["worktree", "create", "main", "--from", id], { cwd: box.path });
  assertEquals(await findings(box), []);
  assertEquals(await candidates(box), []);
});

Deno.test("jvs gc collects nothing where refs are gone, and the audit trail that could tell of them is broken", async () => {
  using box = await BlackBox.make();
  await save(box, "one");
  Deno.removeSync(`${box.control}/refs`);
  const log = `${box.control}/audit/audit.jsonl`;
  Deno.writeTextFileSync(log, Deno.readTextFileSync(log).split("\n").slice(1).join("\n"));
  await box.error("E_AUDIT_CHAIN_BROKEN", ["gc", "plan"]);
});

Deno.test("jvs doctor and verify call it critical where a folder is in the place of a record", async () => {
  for (
    const place of [
      "descriptors/ID.json",
      "snapshots/ID.READY",
      "worktrees/main/config.json",
      "refs/kept.json",
    ]
  ) {
    using box = await BlackBox.make();
    const id = await save(box, "one");
    await box.json(["ref", "create", "kept"]);
    const path = `${box.control}/${place.replace("ID", id)}`;
    mustRun("mv", path, `${box.outside}/kept`);
    Deno.mkdirSync(path);
    const found = await findings(box, "--strict");
    assert(found.some(({ severity }) => severity === "critical"), `${place}: ${JSON.stringify(found)}`);
    const { json } = await box.run(["verify", "--all", "--json"], { cwd: box.path });
    assertEquals(json.severity, "critical", place);
    assert(exists(path), "nothing is touched");
  }
});

Deno.test({
  name: "jvs doctor says what is damaged although a member of the group closed a folder of the repository",
  ...requires("root", "user"),
  async fn() {
    const [ann, team] = [61001, 61003];
    using box = await BlackBox.make({ user: ann, group: team });
    const id = await save(box, "one");
    Deno.removeSync(`${box.control}/manifests/${id}`);
    for (const folder of ["marks", "gc/plans", "runtime/hosts"]) {
      Deno.chmodSync(`${box.control}/${folder}`, 0);
    }
    const found = await findings(box);
    const shown = JSON.stringify(found, null, 1);
    assert(found.some(({ code, severity }) => code === "E_PERMISSION" && severity === "warning"), shown);
    assert(found.some(({ severity, snapshot_id }) => severity === "critical" && snapshot_id === id), shown);
  },
});
