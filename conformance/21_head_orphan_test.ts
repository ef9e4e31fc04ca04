import { assertEquals } from "@std/assert";
import type { Finding, WorktreeConfig } from "../src/model/records.ts";
import { BlackBox, threeSaved } from "../tests/support/black_box.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(21);

type Doctor = { healthy: boolean; findings: Finding[]; repaired: string[] };

Deno.test("conformance 21: a first snapshot, a detached worktree and leaves are no orphans", async () => {
  using box = await BlackBox.make();
  const [first, , third] = await threeSaved(box);
  await box.json(["restore", first]);
  box.write("a.txt", "unsaved, so that it is saved as a leaf\n");
  await box.json(["restore", "HEAD"]);
  box.write("a.txt", "unsaved again\n");
  await box.json(["restore", third]);
  await box.json(["worktree", "fork", first, "other"]);
  assertEquals((await box.json<Doctor>(["doctor"])).findings, []);
  assertEquals((await box.json<Doctor>(["doctor", "--repair", "advance_head"])).repaired, []);
  await assertStandsOn(box, third);
  await box.audit();
});

Deno.test("conformance 21: a worktree that was not moved to its first snapshot is mended, too", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "one\n");
  const { snapshot_id: first } = await box.save("one");
  pointAt(box, null);
  assertEquals((await box.json<Doctor>(["doctor"])).findings.map(({ code }) => code), ["HEAD_ORPHAN"]);
  assertEquals((await box.json<Doctor>(["doctor", "--repair", "advance_head"])).findings, []);
  await assertStandsOn(box, first);
  assertEquals((await box.json(["status"])).base_snapshot_id, first);
  await box.audit();
});

/** Makes the worktree's record as a kill before the head was moved leaves it, when the intent is lost, too. */
function pointAt(box: BlackBox, id: string | null): void {
  const path = `${box.control}/worktrees/main/config.json`;
  const config: WorktreeConfig = JSON.parse(Deno.readTextFileSync(path));
  const base_snapshot_id = id === null ? null : config.base_snapshot_id;
  const text = JSON.stringify({ ...config, base_snapshot_id, head_snapshot_id: id, latest_snapshot_id: id });
  Deno.writeTextFileSync(path, text);
}

async function assertStandsOn(box: BlackBox, id: string): Promise<void> {
  const status = await box.json(["status"]);
  assertEquals([status.head_snapshot_id, status.latest_snapshot_id, status.detached], [id, id, false]);
}
