import { assert, assertEquals } from "@std/assert";
import { BlackBox, threeSaved } from "../tests/support/black_box.ts";

Deno.test("conformance 32: `restore HEAD` goes back to the latest of the line and re-attaches", async () => {
  using box = await BlackBox.make();
  const [first, second, third] = await threeSaved(box);
  for (const older of [first, second]) {
    await box.json(["restore", older]);
    assertEquals((await box.json(["status"])).detached, true);
    const restored = await box.json(["restore", "HEAD"]);
    assertEquals(
      [restored.snapshot_id, restored.detached, restored.previous_head],
      [third, false, older],
    );
    assertEquals(box.read("a.txt"), "three\n");
    const status = await box.json(["status"]);
    assertEquals([status.detached, status.head_snapshot_id, status.clean], [false, third, true]);
  }
  // And LATEST means the same.
  await box.json(["restore", first]);
  assertEquals((await box.json(["restore", "LATEST"])).detached, false);
  box.write("a.txt", "four\n");
  assertEquals((await box.save("four")).parent_snapshot_id, third);
  await box.audit();
});

Deno.test("conformance 32: in all other commands HEAD is where the worktree stands", async () => {
  using box = await BlackBox.make();
  const [first, second, third] = await threeSaved(box);
  await box.json(["restore", second]);
  const shown = async (word: string) =>
    ((await box.json(["show", word])).snapshot as { snapshot_id: string }).snapshot_id;
  assertEquals([await shown("HEAD"), await shown("HEAD~1"), await shown("LATEST")], [second, first, third]);
  await box.audit();
});

Deno.test("conformance 32: work done while detached is kept when the worktree re-attaches", async () => {
  using box = await BlackBox.make();
  const [first] = await threeSaved(box);
  await box.json(["restore", first]);
  box.write("a.txt", "tried here\n");
  const { autosave_snapshot_id: kept } = await box.json<{ autosave_snapshot_id: string }>([
    "restore",
    "HEAD",
  ]);
  assert(kept !== null);
  assertEquals(box.read("a.txt"), "three\n");
  const leaf = (await box.history()).find((each) => each.snapshot_id === kept);
  assertEquals([leaf?.kind, leaf?.parent_snapshot_id], ["autosave", first]);
  await box.json(["restore", kept]);
  assertEquals(box.read("a.txt"), "tried here\n");
  await box.audit();
});
