import { assertEquals } from "@std/assert";
import { BlackBox, threeSaved } from "../tests/support/black_box.ts";

Deno.test("conformance 31: a restore of an older snapshot detaches the worktree, and says so everywhere", async () => {
  using box = await BlackBox.make();
  const [first, , third] = await threeSaved(box);
  const restored = await box.json(["restore", first]);
  assertEquals(
    [restored.detached, restored.previous_head, restored.head_snapshot_id],
    [true, third, first],
  );
  assertEquals(box.read("a.txt"), "one\n");
  const status = await box.json(["status"]);
  assertEquals(
    [status.detached, status.head_snapshot_id, status.latest_snapshot_id, status.clean],
    [true, first, third, true],
  );
  const history = await box.json(["history"]);
  assertEquals([history.detached, history.head_snapshot_id], [true, first]);
  const marks = history.snapshots as { snapshot_id: string; is_head: boolean; is_latest: boolean }[];
  assertEquals(marks.filter((each) => each.is_head).map((each) => each.snapshot_id), [first]);
  assertEquals(marks.filter((each) => each.is_latest).map((each) => each.snapshot_id), [third]);
  assertEquals(marks.length, 3, "the newer ones are still there");
  for (const command of [["status"], ["restore", first]]) {
    const { stdout } = await box.run(command);
    assertEquals(stdout.includes("DETACHED"), true, stdout);
  }
  await box.audit();
});

Deno.test("conformance 31: a restore of the latest, of some paths, or into a worktree of its own does not detach", async () => {
  using box = await BlackBox.make();
  const [first, , third] = await threeSaved(box);
  for (
    const args of [[third], [first, "--paths", "a.txt"], [first, "--preview"], [first, "--name", "other"]]
  ) {
    await box.json(["restore", ...args]);
    const status = await box.json(["status"]);
    assertEquals([status.detached, status.head_snapshot_id], [false, third], args.join(" "));
  }
  await box.audit();
});

Deno.test("conformance 31: a worktree without a snapshot of its own begins its line where it is restored to", async () => {
  using box = await BlackBox.make();
  const [first, second] = await threeSaved(box);
  await box.json(["worktree", "fork", second, "other"]);
  const other = { cwd: `${box.path}/worktrees/other` };
  const restored = await box.json(["restore", first], other);
  assertEquals(restored.detached, false);
  const status = await box.json(["status"], other);
  assertEquals(
    [status.base_snapshot_id, status.head_snapshot_id, status.latest_snapshot_id],
    [first, first, first],
  );
  await box.json(["snapshot"], other);
  await box.audit();
});
