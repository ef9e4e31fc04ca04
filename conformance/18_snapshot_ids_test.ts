import { assert, assertEquals } from "@std/assert";
import { BlackBox } from "../tests/support/black_box.ts";

const FORM = /^\d{13}-[0-9a-f]{8}$/;

Deno.test("conformance 18: snapshot ids have the time in 13 digits and 8 random hex digits, and rise strictly", async () => {
  using box = await BlackBox.make();
  const ids: string[] = [];
  for (let i = 0; i < 8; i++) {
    box.write("a.txt", `${i}\n`);
    const before = Date.now();
    const { snapshot_id: id } = await box.save();
    assert(FORM.test(id), id);
    const time = Number(id.slice(0, 13));
    assert(time >= before && time <= Date.now(), `${id} must lie between ${before} and ${Date.now()}`);
    ids.push(id);
  }
  assertRising(ids);
  assertEquals(new Set(ids.map((id) => id.slice(14))).size, ids.length, "the random parts must differ");
  assertEquals((await box.history()).map((each) => each.snapshot_id), ids.reverse());
  await box.audit();
});

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

Deno.test("conformance 18: an id is above all others even when the newest lies in the future", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "one\n");
  const { snapshot_id: first } = await box.save("first");
  const ahead = `${Number(first.slice(0, 13)) + 3_600_000}-0000abcd`;
  // As a killed snapshot of a host whose clock is an hour ahead leaves it.
  Deno.mkdirSync(`${box.control}/snapshots/${ahead}.tmp`);
  const { snapshot_id: next } = await box.save("next");
  assert(FORM.test(next) && next > ahead, `${next} must be above ${ahead}`);
  assertEquals((await box.history()).map((each) => each.snapshot_id), [next, first]);
});

function assertRising(ids: readonly string[]): void {
  for (let i = 1; i < ids.length; i++) {
    assert(
      (ids[i - 1] ?? "").slice(0, 13) < (ids[i] ?? "").slice(0, 13),
      `${ids[i]} must be above ${ids[i - 1]}`,
    );
  }
}
