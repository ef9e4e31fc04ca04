import { assertEquals } from "@std/assert";
import { BlackBox } from "../tests/support/black_box.ts";
import { namesIn } from "../tests/support/files.ts";

Deno.test("conformance 12: a wrong plan id, or a plan that does not hold any more, collects nothing", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "one\n");
  await box.save("first");
  await box.json(["worktree", "fork", "old"]);
  const old = { cwd: `${box.path}/worktrees/old` };
  Deno.writeTextFileSync(`${old.cwd}/a.txt`, "two\n");
  const { snapshot } = await box.json<{ snapshot: { snapshot_id: string } }>(["snapshot", "second"], old);
  await box.json(["worktree", "remove", "old"]);
  await box.json(["gc", "unpin", snapshot.snapshot_id]);
  const plan = await box.json<{ plan_id: string; candidates: string[] }>(["gc", "plan"]);
  assertEquals(plan.candidates, [snapshot.snapshot_id]);
  const before = namesIn(`${box.control}/snapshots`);

  await box.error("E_GC_PLAN_MISMATCH", ["gc", "run", "--plan-id", "0000000000000000"]);
  await box.error("E_GC_PLAN_MISMATCH", ["gc", "run", "--plan-id", "../pins/x"]);
  await box.json(["ref", "create", "best", snapshot.snapshot_id]);
  await box.error("E_GC_PLAN_MISMATCH", ["gc", "run", "--plan-id", plan.plan_id]);
  assertEquals(namesIn(`${box.control}/snapshots`), before);

  await box.json(["ref", "delete", "best"]);
  await box.json(["gc", "run", "--plan-id", plan.plan_id]);
  await box.error("E_NOT_FOUND", ["show", snapshot.snapshot_id]);
  await box.error("E_GC_PLAN_MISMATCH", ["gc", "run", "--plan-id", plan.plan_id]);
  await box.audit();
});
