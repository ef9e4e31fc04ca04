import { assert, assertEquals } from "@std/assert";
import { BlackBox, threeSaved } from "../tests/support/black_box.ts";

Deno.test("conformance 33: a detached worktree is not saved, and the error names the ways on", async () => {
  using box = await BlackBox.make();
  const [first] = await threeSaved(box);
  await box.json(["restore", first]);
  box.write("a.txt", "tried here\n");
  const before = (await box.history()).length;
  for (const flags of [[], ["--if-changed"], ["a note", "--tag", "v1"]]) {
    const { hint } = await box.error("E_DETACHED", ["snapshot", ...flags]);
    for (const way of ["worktree fork", "restore HEAD", "--branch"]) assert(hint.includes(way), hint);
  }
  assertEquals((await box.history()).length, before);
  assertEquals(box.read("a.txt"), "tried here\n");
  await box.audit();
});

Deno.test("conformance 33: --branch begins a new line there and keeps the old one as a ref", async () => {
  using box = await BlackBox.make();
  const [first, , third] = await threeSaved(box);
  await box.json(["restore", first]);
  box.write("a.txt", "another way\n");
  const saved = await box.json<
    { snapshot: { snapshot_id: string; parent_snapshot_id: string }; kept_line_as: string }
  >([
    "snapshot",
    "--branch",
  ]);
  assertEquals(saved.snapshot.parent_snapshot_id, first);
  assertEquals(saved.kept_line_as, `main-${third.slice(14)}`);
  const refs = (await box.json<{ refs: { ref_name: string; snapshot_id: string }[] }>(["ref", "list"])).refs;
  assertEquals(refs.map(({ ref_name, snapshot_id }) => [ref_name, snapshot_id]), [[
    saved.kept_line_as,
    third,
  ]]);
  const status = await box.json(["status"]);
  assertEquals([status.detached, status.latest_snapshot_id], [false, saved.snapshot.snapshot_id]);
  await box.save("and on");
  await box.json(["restore", saved.kept_line_as]);
  assertEquals(box.read("a.txt"), "three\n");
  await box.audit();
});

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
