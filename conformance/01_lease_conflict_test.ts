import { assertEquals } from "@std/assert";
import { BlackBox } from "../tests/support/black_box.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(1);

Deno.test("conformance 1: of twenty changes at once with the lease and without, just those with it are made", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "one\n");
  await box.json(["lock", "acquire", "--session", "job"]);
  const all = Array.from({ length: 20 }, (_, i) => {
    const session = i % 2 === 0 ? ["--session", "job"] : [];
    return box.run(["snapshot", `${i}`, "--json", "--lock-timeout", "2m", ...session]);
  });
  const ends = (await Promise.all(all)).map(({ json }) => json.error ?? "made");
  assertEquals(ends, ends.map((_, i) => i % 2 === 0 ? "made" : "E_LOCK_CONFLICT"));
  assertEquals((await box.history()).length, 10);
  await box.audit();
});
