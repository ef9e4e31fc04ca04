import { assertEquals } from "@std/assert";
import { BlackBox, threeSaved } from "../tests/support/black_box.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(31);

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
