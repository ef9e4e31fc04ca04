import { assertEquals } from "@std/assert";
import { BlackBox, threeSaved } from "../tests/support/black_box.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(32);

Deno.test("conformance 32: in all other commands HEAD is where the worktree stands", async () => {
  using box = await BlackBox.make();
  const [first, second, third] = await threeSaved(box);
  await box.json(["restore", second]);
  const shown = async (word: string) =>
    ((await box.json(["show", word])).snapshot as { snapshot_id: string }).snapshot_id;
  assertEquals([await shown("HEAD"), await shown("HEAD~1"), await shown("LATEST")], [second, first, third]);
  await box.audit();
});
