import { assertEquals } from "@std/assert";
import type { Descriptor, Finding } from "../src/model/records.ts";
import { BlackBox } from "../tests/support/black_box.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(39);

Deno.test("conformance 39: snapshots made while the tree is being changed and others are restored beside it are in one line", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "one\n");
  const first = await box.save("first");
  await box.json(["worktree", "fork", first.snapshot_id, "other"]);
  const other = { cwd: `${box.path}/worktrees/other` };
  const saved: Descriptor[] = [];
  const saving = async (round: number) => {
    box.write(`written-${round}`, `${round}\n`);
    const flags = ["--consistency", "best_effort", "--lock-timeout", "2m"];
    saved.push(await box.save(`round ${round}`, ...flags));
  };
  const restoring = async () => {
    Deno.writeTextFileSync(`${other.cwd}/a.txt`, crypto.randomUUID());
    await box.json(["restore", first.snapshot_id, "--lock-timeout", "2m"], other);
  };
  await Promise.all([...Array.from({ length: 6 }, (_, i) => saving(i)), restoring(), saving(6), saving(7)]);
  await assertOneLine(box, [first, ...saved]);
  const newest = `${box.control}/snapshots/${saved.map((each) => each.snapshot_id).sort().at(-1)}`;
  assertEquals([...Deno.readDirSync(newest)].length, 9);
  await box.audit();
});

/** All of these, in the order of their ids, each following the one before, and the head on the last. */
async function assertOneLine(box: BlackBox, saved: readonly Descriptor[]): Promise<void> {
  const sorted = saved.toSorted((a, b) => a.snapshot_id < b.snapshot_id ? -1 : 1);
  for (const [i, { parent_snapshot_id }] of sorted.entries()) {
    assertEquals(parent_snapshot_id, sorted[i - 1]?.snapshot_id ?? null);
  }
  const line = await box.json<{ snapshots: Descriptor[]; latest_snapshot_id: string }>(["history"]);
  assertEquals(
    line.snapshots.map((each) => each.snapshot_id),
    sorted.map((each) => each.snapshot_id).reverse(),
  );
  assertEquals(line.latest_snapshot_id, sorted.at(-1)?.snapshot_id);
  assertEquals((await box.json<{ findings: Finding[] }>(["doctor"])).findings, []);
}
