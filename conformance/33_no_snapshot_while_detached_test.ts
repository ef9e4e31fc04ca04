import { assertEquals } from "@std/assert";
import { BlackBox, threeSaved } from "../tests/support/black_box.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(33);

Deno.test("conformance 33: a fork of the detached worktree as it is goes on from there", async () => {
  using box = await BlackBox.make();
  const [first] = await threeSaved(box);
  await box.json(["restore", first]);
  box.write("a.txt", "tried here\n");
  await box.json(["worktree", "fork", "--live", "other"]);
  const other = { cwd: `${box.path}/worktrees/other` };
  assertEquals(Deno.readTextFileSync(`${other.cwd}/a.txt`), "tried here\n");
  await box.json(["snapshot"], other);
  await box.audit();
});
