import { assert, assertEquals } from "@std/assert";
import { BlackBox } from "../tests/support/black_box.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(18);

Deno.test("conformance 18: ids of many processes at once are all different, and each one's parent is older", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "one\n");
  await box.save("first");
  const names = ["one", "two", "three", "four"];
  for (const name of names) await box.json(["worktree", "fork", "HEAD", name]);
  const given = await Promise.all(names.map(async (name) => {
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) {
      const saved = await box.json<{ snapshot: { snapshot_id: string; parent_snapshot_id: string } }>([
        "snapshot",
        "--worktree",
        name,
      ]);
      assert(saved.snapshot.snapshot_id > saved.snapshot.parent_snapshot_id);
      ids.push(saved.snapshot.snapshot_id);
    }
    return ids;
  }));
  for (const ids of given) assertRising(ids);
  const all = given.flat();
  assertEquals(new Set(all.map((id) => id.slice(0, 13))).size, all.length, "no two may have one time");
  await box.audit();
});

function assertRising(ids: readonly string[]): void {
  for (let i = 1; i < ids.length; i++) {
    assert(
      (ids[i - 1] ?? "").slice(0, 13) < (ids[i] ?? "").slice(0, 13),
      `${ids[i]} must be above ${ids[i - 1]}`,
    );
  }
}
