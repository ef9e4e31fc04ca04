import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Finding } from "../src/model/records.ts";
import { BlackBox } from "./support/black_box.ts";
import { mustRun } from "./support/run.ts";

type Saved = { snapshot: { snapshot_id: string } };
type Doctor = { healthy: boolean; findings: Finding[] };

async function madeBox(): Promise<BlackBox & { first: string }> {
  const box = await BlackBox.make();
  box.write("a", "one\n");
  const first = (await box.save("first")).snapshot_id;
  await box.json(["worktree", "fork", "other"]);
  return Object.assign(box, { first });
}

async function criticalIn(box: BlackBox): Promise<Finding[]> {
  const verified = await box.run(["verify", "--all", "--json"]);
  const { healthy, findings } = (await box.run(["doctor", "--json"])).json as unknown as Doctor;
  const critical = findings.filter(({ severity }) => severity === "critical");
  assertEquals([verified.code === 0, healthy], [critical.length === 0, critical.length === 0]);
  return critical;
}

Deno.test("jvs says of a worktree whose record is lost that it is, and how to go on; other worktrees work", async () => {
  using box = await madeBox();
  const saved = await box.json<Saved>(["snapshot"], { cwd: `${box.path}/worktrees/other` });
  Deno.removeSync(`${box.control}/worktrees/other/config.json`);
  const [found, ...more] = await criticalIn(box);
  assertEquals([found?.code, more.length], ["E_DESCRIPTOR_CORRUPT", 0]);
  assertEquals(found?.path, `${box.control}/worktrees/other/config.json`);
  assertStringIncludes(found?.message ?? "", "worktree create other --from");
  const { worktrees } = await box.json<{ worktrees: { name: string; state: string }[] }>([
    "worktree",
    "list",
  ]);
  assertEquals(worktrees.map(({ name, state }) => `${name} ${state}`), ["main ok", "other damaged"]);
  const { message } = await box.error("E_DESCRIPTOR_CORRUPT", ["status"], {
    cwd: `${box.path}/worktrees/other`,
  });
  assertStringIncludes(message, "other");
  await box.json(["status"]);
  // The way out that it names.
  assertStringIncludes(found?.message ?? "", "jvs audit --worktree other");
  const { records } = await box.json<{ records: { target: string }[] }>(["audit", "--worktree", "other"]);
  const newest = records[0]?.target ?? "";
  assertEquals(newest, saved.snapshot.snapshot_id);
  mustRun("mv", `${box.path}/worktrees/other`, `${box.outside}/other`);
  await box.json(["worktree", "create", "other", "--from", box.first]);
  await box.audit();
});

Deno.test("jvs says that the first worktree's record is lost, with its folder or alone, and how to go on", async () => {
  for (const lost of ["worktrees/main/config.json", "worktrees/main", "worktrees"]) {
    using box = await madeBox();
    Deno.removeSync(`${box.control}/${lost}`, { recursive: true });
    const found = (await criticalIn(box)).filter(({ message }) => message.includes(`"${box.main}"`));
    assertEquals(found.map(({ code }) => code), ["E_DESCRIPTOR_CORRUPT"], lost);
    const shown = await box.json<{ worktree: null; snapshots: { snapshot_id: string }[] }>([
      "history",
      "--all",
    ]);
    assertEquals([shown.worktree, shown.snapshots.map(({ snapshot_id }) => snapshot_id)], [null, [
      box.first,
    ]]);
    if (lost === "worktrees") continue;
    mustRun("mv", box.main, `${box.path}/main.away`);
    await box.json(["worktree", "create", "main", "--from", box.first], { cwd: box.path });
    assertEquals(await findingsFromOutside(box), [], lost);
  }
});

async function findingsFromOutside(box: BlackBox): Promise<Finding[]> {
  const { findings } = await box.json<Doctor>(["doctor", "--strict"], { cwd: box.path });
  return findings;
}

Deno.test("jvs finds nothing wrong with a main that was renamed", async () => {
  using box = await madeBox();
  await box.json(["worktree", "rename", "main", "first"]);
  await box.audit();
});

Deno.test("jvs doctor calls a worktree's folder that has neither record nor files a left-over, and cleans it", async () => {
  using box = await madeBox();
  Deno.mkdirSync(`${box.control}/worktrees/third`);
  const { healthy, findings } = await box.json<Doctor>(["doctor"]);
  assertEquals([healthy, findings.map(({ code }) => code)], [true, ["LEFTOVER"]]);
  await box.json(["doctor", "--repair", "clean_tmp"]);
  await box.audit();
});

/** Work in a line of `other` that no other worktree has; returns the last snapshot. */
async function ownLine(box: BlackBox): Promise<string> {
  const folder = `${box.path}/worktrees/other`;
  Deno.writeTextFileSync(`${folder}/b`, "two\n");
  await box.save("two", "--worktree", "other");
  Deno.writeTextFileSync(`${folder}/b`, "three\n");
  return (await box.save("three", "--worktree", "other")).snapshot_id;
}

/** Checks that doctor finds just this, and that no plan is made and none is carried out that was made before. */
async function nothingIsCollected(box: BlackBox, planId: string, told: readonly string[]): Promise<void> {
  const [found, ...more] = await criticalIn(box);
  assertEquals([found?.code, more.length], ["E_DESCRIPTOR_CORRUPT", 0]);
  for (const text of told) assertStringIncludes(found?.message ?? "", text);
  for (const args of [["gc", "plan"], ["gc", "run", "--yes"], ["gc", "run", "--plan-id", planId]]) {
    await box.error("E_DESCRIPTOR_CORRUPT", args);
  }
}

Deno.test("jvs finds a worktree whose record is lost with its place, and collects nothing", async () => {
  using box = await madeBox();
  const last = await ownLine(box);
  await box.json(["snapshot", "to prune", "--worktree", "other"]);
  await box.json(["worktree", "create", "third"]);
  await box.json(["snapshot", "goes", "--worktree", "third"]);
  await box.json(["worktree", "remove", "third", "--force"]);
  for (const { pin_id } of (await box.json<{ pins: { pin_id: string }[] }>(["gc", "pins"])).pins) {
    await box.json(["gc", "unpin", pin_id]);
  }
  const { plan_id } = await box.json<{ plan_id: string }>(["gc", "plan"]);
  const folder = `${box.path}/worktrees/other`;
  Deno.removeSync(`${box.control}/worktrees/other`, { recursive: true });
  await nothingIsCollected(box, plan_id, [`"${folder}"`, "are all still here"]);
  mustRun("mv", folder, `${box.outside}/other`);
  // Now its folder is gone too, and the audit trail alone knows of it.
  await nothingIsCollected(box, plan_id, [
    `"${folder}" is gone too`,
    "jvs audit --worktree other",
    "worktree create other --from",
  ]);
  await box.json(["worktree", "create", "other", "--from", last]);
  await box.audit();
  assertEquals((await box.json<{ candidate_count: number }>(["gc", "plan"])).candidate_count > 0, true);
});

Deno.test("jvs says where a folder stands among the worktrees that is none, as no plan is made then", async () => {
  using box = await madeBox();
  const folder = `${box.path}/worktrees/mine`;
  Deno.mkdirSync(folder);
  const [found] = await criticalIn(box);
  assertStringIncludes(found?.message ?? "", `The folder "${folder}" stands among the worktrees`);
  await box.error("E_DESCRIPTOR_CORRUPT", ["gc", "plan"]);
  Deno.removeSync(folder);
  await box.audit();
});

Deno.test("jvs finds the lost record of a renamed main, in whose folder the files are, though another is called main", async () => {
  for (const lost of ["worktrees/trunk", "worktrees/trunk/config.json"]) {
    using box = await BlackBox.make();
    box.write("a", "one\n");
    await box.save("first");
    box.write("a", "two\n");
    const last = (await box.save("second")).snapshot_id;
    const from = { cwd: box.path };
    await box.json(["worktree", "rename", "main", "trunk"], from);
    await box.json(["worktree", "create", "main"], from);
    Deno.removeSync(`${box.control}/${lost}`, { recursive: true });
    const [found, ...more] = (await box.run(["doctor", "--json"], from)).json.findings as Finding[];
    assertEquals([found?.code, more.length], ["E_DESCRIPTOR_CORRUPT", 0]);
    assertStringIncludes(found?.message ?? "", `"${box.main}", are all still here`);
    assertStringIncludes(found?.message ?? "", "worktree create trunk --from");
    await box.error("E_DESCRIPTOR_CORRUPT", ["gc", "plan"], from);
    mustRun("mv", box.main, `${box.outside}/away`);
    await box.json(["worktree", "create", "trunk", "--from", last], from);
    assertEquals(await findingsFromOutside(box), [], lost);
    await box.json(["gc", "plan"], from);
  }
});

Deno.test("jvs goes on where a main that was made again gets another name, or is removed", async () => {
  using box = await madeBox();
  Deno.removeSync(`${box.control}/worktrees/main`, { recursive: true });
  mustRun("mv", box.main, `${box.outside}/away`);
  const from = { cwd: box.path };
  await box.json(["worktree", "create", "main", "--from", box.first], from);
  await box.json(["worktree", "rename", "main", "again"], from);
  await box.json(["gc", "plan"], from);
  await box.json(["worktree", "remove", "again"], from);
  assertEquals(await findingsFromOutside(box), []);
  await box.json(["gc", "plan"], from);
});

Deno.test("jvs misses no worktree whose new name the audit trail does not have, as a kill may leave it in a copy", async () => {
  for (const name of ["main", "other"]) {
    using box = await madeBox();
    mustRun("cp", "-a", `${box.control}/audit`, `${box.outside}/audit`);
    await box.json(["worktree", "rename", name, "new"], { cwd: box.path });
    mustRun("rm", "-r", `${box.control}/audit`);
    mustRun("mv", `${box.outside}/audit`, `${box.control}/audit`);
    assertEquals(await findingsFromOutside(box), [], name);
  }
});
