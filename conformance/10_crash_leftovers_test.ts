import { assert, assertEquals } from "@std/assert";
import type { Descriptor, Finding } from "../src/model/records.ts";
import { BlackBox } from "../tests/support/black_box.ts";
import { spawnJvs } from "../tests/support/jvs.ts";
import { LEFTOVERS } from "../tests/support/leftovers.ts";
import { randomFrom } from "../tests/support/random.ts";
import { requires } from "../tests/support/requires.ts";
import { ruleTest } from "../tests/support/rule_test.ts";
import { mustRun } from "../tests/support/run.ts";
import { UNKNOWN as ID } from "../tests/support/sound_box.ts";
import { fingerprint } from "../tests/support/trees.ts";

ruleTest(10);

Deno.test({
  name: "conformance 10: what a crash left is invisible, doctor names it, and clean_tmp removes it",
  ...requires("python3"),
  async fn() {
    using box = await BlackBox.make();
    box.write("a.txt", "one\n");
    box.write("deep/b.txt", "two\n");
    const { snapshot_id: id } = await box.save("first");
    const before = await fingerprint(box.main);
    for (const [what, make] of LEFTOVERS) {
      make(box.control, id);
      assertEquals((await box.history()).map((each) => each.snapshot_id), [id], what);
      for (const args of [["show", ID], ["restore", ID], ["verify", ID]]) {
        await box.error("E_NOT_FOUND", args);
      }
      const doctor = await box.json<{ healthy: boolean; findings: Finding[] }>(["doctor", "--strict"]);
      assertEquals(doctor.healthy, true, what);
      assert(doctor.findings.length > 0, `${what} must be found`);
      for (const found of doctor.findings) {
        assertEquals([found.code, found.repair], ["LEFTOVER", "clean_tmp"], what);
      }
      const { findings, repaired } = await box.json<{ findings: Finding[]; repaired: string[] }>([
        "doctor",
        "--repair",
        "clean_tmp",
      ]);
      assertEquals([findings, repaired.length], [[], doctor.findings.length], what);
      assertEquals(leftIn(box.control), [], what);
    }
    assertEquals(await fingerprint(box.main), before);
    await box.save("second");
    await box.audit();
  },
});

Deno.test({
  name:
    "conformance 10: snapshots and restores that are killed at any moment leave nothing that shows, and the next change repairs",
  ...requires("python3"),
  async fn() {
    using box = await BlackBox.make();
    // Enough to be killed in the midst of it.
    for (let i = 0; i < 400; i++) box.write(`d${i % 20}/f${i}`, `${i}\n`.repeat(50));
    const { snapshot_id: first } = await box.save("first");
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = randomFrom(seed);
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 400; i += 3) box.write(`d${i % 20}/f${i}`, `${round} ${i}\n`);
      const command = round % 2 === 0 ? ["snapshot", `round ${round}`] : ["restore", first, "--discard"];
      const after = 60 + Math.floor(random() * 150);
      await killAfter(box, command, after);
      const what = `seed ${seed}, round ${round}: jvs ${command.join(" ")}, killed after ${after} ms`;
      const listed = await box.history();
      for (const each of listed) assertWhole(box, each, what);
      const verified = await box.run(["verify", "--all", "--json"]);
      assertEquals(verified.json.tamper_detected, false, `${what}: ${verified.stdout}`);
      await box.json(["snapshot", "--branch"]);
      const { findings } = await box.json<{ findings: Finding[] }>(["doctor"]);
      assertEquals(findings.filter((found) => found.code !== "LEFTOVER"), [], what);
    }
    await box.json(["doctor", "--repair-runtime", "--repair", "clean_tmp"]);
    assertEquals(leftIn(box.control), []);
    await box.audit();
  },
});

/** A snapshot that is listed has all its parts. */
function assertWhole(box: BlackBox, { snapshot_id: id }: Descriptor, what: string): void {
  for (
    const part of [`snapshots/${id}`, `snapshots/${id}.READY`, `descriptors/${id}.json`, `manifests/${id}`]
  ) {
    assert(Deno.lstatSync(`${box.control}/${part}`), `${what}: ${part}`);
  }
}

/** Names in the control plane that belong to nothing whole. */
function leftIn(control: string): string[] {
  const listed = mustRun(
    "find",
    control,
    "-path",
    "*/replaced/*",
    "-prune",
    "-o",
    "-name",
    "*.tmp*",
    "-print",
    "-o",
    "-name",
    `*${ID}*`,
    "-print",
    "-o",
    "-path",
    "*/staging/*",
    "-print",
    "-o",
    "-path",
    "*/intents/*",
    "-print",
  );
  return listed.split("\n").filter((line) => line !== "");
}

async function killAfter(box: BlackBox, args: readonly string[], ms: number): Promise<void> {
  const child = await spawnJvs(args, box.commands());
  const timer = setTimeout(() => {
    try {
      child.kill("SIGKILL");
    } catch {
      // it had ended before: that is one of the moments, too
    }
  }, ms);
  await child.stdin.close();
  await child.output();
  clearTimeout(timer);
}
