import { assertEquals } from "@std/assert";
import { BlackBox } from "../tests/support/black_box.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(14);

Deno.test("conformance 14: a lease around a command leaves a record of its begin and one of its end", async () => {
  using box = await BlackBox.make();
  const before = box.records().length;
  assertEquals((await box.run(["lock", "run", "--", "true"])).code, 0);
  assertEquals(box.records().slice(before).map(({ operation }) => operation), [
    "lock acquire",
    "lock release",
  ]);
});

Deno.test("conformance 14: a record says what was done, to what, by whom and why", async () => {
  using box = await BlackBox.make({ env: { USER: "somebody" } });
  box.write("a.txt", "one\n");
  const { snapshot_id: id, descriptor_checksum } = await box.save("first", "--reason", "a milestone");
  const record = box.records().at(-1);
  assertEquals(record?.target, id);
  assertEquals(record?.reason, "a milestone");
  assertEquals(record?.details.snapshot_id, id);
  assertEquals(record?.details.worktree, "main");
  assertEquals(record?.details.descriptor_checksum, descriptor_checksum.value);
  assertEquals(record?.actor.split("@").length, 2);
  await box.audit();
});
