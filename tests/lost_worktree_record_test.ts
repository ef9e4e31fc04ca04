import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Finding } from "../src/model/records.ts";
import { BlackBox } from "./support/black_box.ts";
import { mustRun } from "./support/run.ts";

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
