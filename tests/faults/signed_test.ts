import { assert, assertEquals } from "@std/assert";
import type { Finding } from "../../src/model/records.ts";
import { BlackBox } from "../support/black_box.ts";
import { namesIn } from "../support/files.ts";
import { killedAt, killPoints, sampled } from "../support/killed_by_strace.ts";
import { randomFrom } from "../support/random.ts";
import { requires } from "../support/requires.ts";
import { tempDir } from "../support/temp_dir.ts";
import { tried } from "../support/tried.ts";
import { badlyTold, placesOf, runFaulty, sampleFaults, seeded } from "./faulty_calls.ts";

const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const kills = Number(Deno.env.get("JVS_TEST_KILLS") ?? 20);
const faults = Number(Deno.env.get("JVS_TEST_FAULTS") ?? 20);

/** A repository in which every snapshot must be signed. */
async function signedBox(config: string): Promise<BlackBox> {
  const box = await BlackBox.make({ env: { XDG_CONFIG_HOME: config } });
  await box.json(["key", "create", "mine"]);
  await box.json(["config", "set", "signing.key", "mine"]);
  await box.json(["key", "trust", "--require"]);
  box.write("a.txt", "one\n");
  await box.save("first");
  return box;
}

/** Each snapshot that a reader sees is signed, and so is the end of the audit log. */
async function assertSigned(box: BlackBox, note: string): Promise<void> {
  const { findings, severity, snapshots } = await box.json<{
    findings: Finding[];
    severity: string;
    snapshots: { snapshot_id: string; signature: { state: string } }[];
  }>(["verify", "--all"]);
  // What a kill left to do is no damage.
  const bad = findings.filter((each) => each.severity === "error" || each.severity === "critical");
  assertEquals([severity, bad], ["ok", []], note);
  assertEquals(snapshots.filter(({ signature }) => signature.state !== "valid"), [], note);
}

/** Nothing is left of a snapshot that does not exist. */
async function assertNothingLeft(box: BlackBox, note: string): Promise<void> {
  const ids = (await box.history()).map(({ snapshot_id }) => `${snapshot_id}.json`).sort();
  assertEquals(
    namesIn(`${box.control}/signatures`).filter((name) => !name.startsWith(".")).sort(),
    ids,
    note,
  );
}

Deno.test({
  name: "a snapshot that must be signed and is killed at any step is never seen without its signature",
  ...requires("strace", "python3"),
  async fn() {
    using folder = tempDir();
    using box = await signedBox(folder.path);
    box.write("a.txt", "two\n");
    const points = await killPoints(box, ["snapshot", "counted"]);
    let killed = 0;
    for (const [round, point] of sampled(kills, points, randomFrom(seed)).entries()) {
      box.write("a.txt", `${round}\n`);
      const note = `killed at ${point.call} number ${point.when}, round ${round}, seed ${seed}`;
      if (await killedAt(box, ["snapshot", note], point)) killed++;
      await assertSigned(box, note);
      // Another way to end what is open each time.
      if (round % 2 === 0) await box.json(["doctor", "--repair-runtime"]);
      else await box.save("next");
      await assertSigned(box, note);
      await assertNothingLeft(box, note);
    }
    tried("kills", killed, `at ${points.length} steps, seed ${seed}`);
    assert(killed > kills / 2, `only ${killed} of ${kills} were killed`);
    await box.audit();
  },
});

Deno.test({
  name: "a snapshot that must be signed says what failed, whichever system call fails, and none is unsigned",
  ...requires("strace", "ffi"),
  async fn() {
    using folder = tempDir();
    using box = await signedBox(folder.path);
    box.write("a.txt", "two\n");
    const { run, places } = await placesOf(box, ["snapshot", "traced"]);
    assertEquals(run.code, 0, run.stderr);
    let reached = 0;
    for (const [index, fault] of sampleFaults(places, faults, seeded(seed)).entries()) {
      box.write("a.txt", `${index}\n`);
      const { failed, run } = await runFaulty(box, ["snapshot", `with fault ${index}`], fault);
      if (failed === undefined) continue;
      reached++;
      const note =
        `seed ${seed}, ${fault.call} number ${fault.when} gives ${fault.error}: ${failed}\n${run.stdout}${run.stderr}`;
      assertEquals(badlyTold(run), undefined, note);
      await box.save(`after ${index}`);
      await assertSigned(box, note);
      await assertNothingLeft(box, note);
    }
    tried("failing calls", reached, `seed ${seed}`);
    assert(reached >= faults / 2, `only ${reached} of ${faults} faults were reached`);
    await box.audit();
  },
});
