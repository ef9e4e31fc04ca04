import { assert, assertEquals } from "@std/assert";
import type { Descriptor, Finding } from "../src/model/records.ts";
import { BlackBox } from "../tests/support/black_box.ts";
import { sharedDisk } from "../tests/support/disk_image.ts";
import { killedAt, type KillPoint, killPoints, sampled } from "../tests/support/killed_by_strace.ts";
import { randomFrom } from "../tests/support/random.ts";
import { requires } from "../tests/support/requires.ts";
import { mustRun, run } from "../tests/support/run.ts";
import { describeTree } from "../tests/support/trees.ts";
import { tried } from "../tests/support/tried.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(40);

/** JVS_TEST_KILLS says how many of each; 40 by default. */
const KILLS = Number(Deno.env.get("JVS_TEST_KILLS") ?? 40);
/** So many repositories share them, side by side: to verify all of one takes the longer the more there is. */
const BOXES = Math.ceil(KILLS / 10);

/** JVS_TEST_SEED repeats a run that failed. */
const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));

Deno.test({
  name: "conformance 40: a snapshot that is killed at any step is there whole or not at all",
  ...requires("strace", "python3"),
  fn: () => inBoxes(killSnapshots),
});

Deno.test({
  name: "conformance 40: a restore that is killed at any step leaves the tree wholly old or wholly new",
  ...requires("strace", "python3"),
  fn: () => inBoxes(killRestores),
});

Deno.test({
  name:
    "conformance 40: a killed restore leaves nothing in a subvolume, where staging has to be in the payload root",
  ...requires("root", "strace", "python3", "btrfs"),
  async fn() {
    using disk = await sharedDisk("btrfs");
    mustRun("btrfs", "subvolume", "create", `${disk.path}/adopted`);
    using box = await BlackBox.adopt(`${disk.path}/adopted`);
    const one = await savedTree(box);
    makeTree(box);
    const two = await savedTree(box);
    await box.json(["restore", one.id]);
    const points = await killPoints(box, ["restore", two.id]);
    let kills = 0;
    for (const point of sampled(12, points, randomFrom(seed))) {
      await box.json(["restore", one.id]);
      const note = `restore killed at ${named(point)}, seed ${seed}`;
      if (await killedAt(box, ["restore", two.id], point)) kills++;
      await box.json(["doctor", "--repair-runtime"]);
      const now = await describeTree(box.main);
      if (differing(now, two.tree).length > 0) assertSame(now, one.tree, note);
      await assertNothingOpen(box, note);
    }
    tried("kills", kills, "of a restore in a subvolume");
    assert(kills > 6, `only ${kills} of 12 were killed`);
    await box.audit();
  },
});

async function inBoxes(kill: (part: number, random: () => number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: BOXES }, (_, part) => kill(part, randomFrom(seed + part))));
}

/** This part's share of the moments, which together cover all of a command. */
function share(points: readonly KillPoint[], part: number, random: () => number): KillPoint[] {
  return sampled(KILLS, points, random).filter((_, i) => i % BOXES === part);
}

async function killSnapshots(part: number, random: () => number): Promise<void> {
  using box = await madeBox();
  change(box, KILLS);
  const points = await killPoints(box, ["snapshot", "counted"]);
  let kills = 0;
  for (const [round, point] of share(points, part, random).entries()) {
    change(box, round);
    const tree = await describeTree(box.main);
    const before = await idsOf(box);
    const recordsBefore = box.records().length;
    const note = `snapshot killed at ${named(point)}, part ${part}, round ${round}, seed ${seed}`;
    const killed = await killedAt(box, ["snapshot", note], point);

    // A reader sees the whole old state or the whole new one, and that something is pending.
    const listed = await assertAllWhole(box, note);
    const made = listed.filter((id) => !before.includes(id));
    assert(made.length <= 1, note);
    if (killed) kills++;
    else assertEquals(made.length, 1, note);
    assertSame(await describeTree(box.main), tree, note);

    // The next change finishes or undoes it, or doctor does.
    if (round % 2 === 0) await box.json(["doctor", "--repair-runtime"]);
    const next = await box.save("next");
    assertEquals(
      next.parent_snapshot_id,
      made[0] ?? before[0],
      `${note}: the line goes on from what there is`,
    );
    assertEquals(await idsOf(box), [next.snapshot_id, ...made, ...before], note);
    assertEquals(box.records().length, recordsBefore + made.length + 1, `${note}: one record for each`);
    assertSame(await describeTree(box.main), tree, note);
    await assertNothingOpen(box, note);
  }
  await finish(box, kills);
}

async function killRestores(part: number, random: () => number): Promise<void> {
  using box = await madeBox();
  const one = await savedTree(box);
  change(box, 1);
  const two = await savedTree(box);
  await box.json(["restore", one.id]);
  const points = await killPoints(box, ["restore", two.id]);
  await box.json(["restore", one.id]);
  let kills = 0;
  let [here, there] = [one, two];
  for (const [round, point] of share(points, part, random).entries()) {
    const note = `restore killed at ${named(point)}, part ${part}, round ${round}, seed ${seed}`;
    // Sometimes there is unsaved work, which must survive as well.
    const unsaved = round % 3 === 2 ? `unsaved in round ${round}\n` : undefined;
    if (unsaved !== undefined) box.write("folder/a.txt", unsaved);
    const old = await describeTree(box.main);
    const recordsBefore = restoresIn(box);
    if (await killedAt(box, ["restore", there.id], point)) kills++;

    await box.json(["status"]);
    await assertAllWhole(box, note);
    if (round % 3 === 1) {
      // Recovery may be killed as well.
      const again = { call: "fsync", when: 1 + Math.floor(random() * 8) };
      await killedAt(box, ["doctor", "--repair-runtime"], again);
    }
    if (round % 2 === 0) await box.json(["doctor", "--repair-runtime"]);
    else await box.error("E_NOT_FOUND", ["restore", there.id, "--paths", "nowhere"]); // what is to change recovers first
    const now = await describeTree(box.main);
    const isNew = differing(now, there.tree).length === 0;
    if (!isNew) assertSame(now, old, note);
    const { head_snapshot_id } = await box.json(["status"]);
    assertEquals(head_snapshot_id, isNew ? there.id : here.id, note);
    assertEquals(restoresIn(box), recordsBefore + (isNew ? 1 : 0), `${note}: one record if it was done`);
    if (isNew && unsaved !== undefined) assertKept(box, unsaved, note);
    await assertAllWhole(box, note);
    await assertNothingOpen(box, note);

    // The next command works, and the two change places.
    if (!isNew) await box.json(["restore", there.id]);
    assertSame(await describeTree(box.main), there.tree, note);
    [here, there] = [there, here];
  }
  await finish(box, kills);
}

/** A repository with a tree that has a little of each kind. */
async function madeBox(): Promise<BlackBox> {
  const box = await BlackBox.make();
  makeTree(box);
  await box.save("first");
  return box;
}

function makeTree(box: BlackBox): void {
  mustRun(
    "sh",
    "-ec",
    `cd '${box.main}'; umask 022; mkdir -p folder/below read-only/below empty; for i in 1 2 3 4 5 6; do printf $i > folder/$i; done
     printf one > folder/a.txt; printf two > folder/below/b.txt; printf three > read-only/below/c.txt; ln -s a.txt folder/link
     ln folder/1 folder/below/1; mkfifo folder/fifo; printf thing > thing; chmod 600 folder/2
     touch -d @1000000000.5 folder/* folder/below/* empty read-only/below; chmod 555 read-only/below read-only; touch -d @1000000001 .`,
  );
}

/** Changes something of each kind; differently in each round. */
function change(box: BlackBox, round: number): void {
  mustRun(
    "sh",
    "-ec",
    `cd '${box.main}'; printf 'round ${round}' > folder/a.txt; rm -rf thing; mkdir -p thing/below; printf ${round} > thing/below/x
     chmod 640 folder/2; touch -d @${
      1_100_000_000 + round
    } folder/3; rm -f folder/4 folder/link; ln -s elsewhere-${round} folder/link
     chmod -R u+w read-only; rm -rf read-only/below; printf file > read-only/below; printf new > folder/new-${round}
     chmod 555 read-only; rm -rf empty; rm -f folder/below/1; ln -f folder/5 folder/below/5; chmod 700 folder/below`,
  );
}

function named({ call, when }: KillPoint): string {
  return `${call} ${when}`;
}

async function finish(box: BlackBox, kills: number): Promise<void> {
  tried("kills", kills);
  assert(kills > KILLS / BOXES / 2, `only ${kills} were killed`);
  await box.json(["doctor", "--repair", "clean_tmp"]);
  assertEquals((await box.json(["doctor"])).findings, []);
  await box.audit();
}

async function savedTree(box: BlackBox): Promise<{ id: string; tree: string[] }> {
  const { snapshot_id: id } = await box.save();
  return { id, tree: await describeTree(box.main) };
}

/** Newest first. */
async function idsOf(box: BlackBox): Promise<string[]> {
  return (await box.history()).map((each: Descriptor) => each.snapshot_id);
}

/** Every snapshot that is listed is as it was saved, and the audit chain is whole. */
async function assertAllWhole(box: BlackBox, note: string): Promise<string[]> {
  const listed = await idsOf(box);
  const verified = await box.run(["verify", "--all", "--json"]);
  assertEquals([verified.code, verified.json.tamper_detected], [0, false], `${note}: ${verified.stdout}`);
  assertEquals(verified.json.verified, listed.length, note);
  return listed;
}

/** Nothing waits for recovery any more. A half-written file may be left, where it does no harm. */
async function assertNothingOpen(box: BlackBox, note: string): Promise<void> {
  const { healthy, findings } = await box.json<{ healthy: boolean; findings: Finding[] }>(["doctor"]);
  assertEquals(healthy, true, `${note}: ${JSON.stringify(findings)}`);
  assertEquals(findings.filter(({ code }) => code !== "LEFTOVER"), [], note);
  for (const name of ["intents", "staging"]) {
    const left = [...Deno.readDirSync(`${box.control}/runtime/shared/${name}`)].map((entry) => entry.name);
    assertEquals(left.filter((each) => !each.endsWith(".tmp")), [], `${note}: ${name}`);
  }
}

function restoresIn(box: BlackBox): number {
  return box.records().filter((record) => record.operation === "restore").length;
}

function assertKept(box: BlackBox, text: string, note: string): void {
  const { code } = run("grep", "-rqF", text.trim(), `${box.control}/snapshots`);
  assertEquals(code, 0, `${note}: the unsaved work must be in a snapshot`);
}

function assertSame(now: readonly string[], before: readonly string[], note: string): void {
  assertEquals(differing(now, before), [], note);
}

function differing(now: readonly string[], before: readonly string[]): string[] {
  return [...new Set(now).symmetricDifference(new Set(before))];
}
