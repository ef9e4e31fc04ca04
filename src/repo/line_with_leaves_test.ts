import { assertEquals, assertRejects } from "@std/assert";
import type { Descriptor } from "../model/records.ts";
import { JvsError } from "../model/errors.ts";
import {
  type ControlPlane,
  controlPlane,
  publishLine,
  publishSnapshot,
  WORKTREE_ID,
} from "../../tests/support/control_plane.ts";
import { lineWithLeaves } from "./line_with_leaves.ts";
import { byIndex } from "./snapshot_index.ts";

async function idsOf(plane: ControlPlane, latest: string | null): Promise<string[]> {
  return await byIndex(plane, {}, async (index) => {
    const { rows, unread } = await lineWithLeaves(plane, index, { latest, worktreeId: WORKTREE_ID });
    return [...Array.from(rows, (row) => index.table.id(row)), ...unread.map((id) => `not ${id}`)];
  });
}

Deno.test("lineWithLeaves() gives a line, and the worktree's autosaves and partial snapshots beside it", async () => {
  using plane = controlPlane();
  const [a, b] = await publishLine(plane, [{}, {}]) as [Descriptor, Descriptor];
  const off = (parent: Descriptor, more: Partial<Descriptor>) =>
    publishSnapshot(plane, { parent_snapshot_id: parent.snapshot_id, ...more });
  const saved = await off(a, { kind: "autosave" });
  const partial = await off(b, { kind: "partial", paths: ["x"] });
  await off(b, { kind: "autosave", worktree_id: "22222222-2222-4222-8222-222222222222" });
  await off(b, { note: "another line" });
  const wentOnFrom = await off(b, { kind: "autosave" });
  const onSaved = await off(saved, { kind: "autosave" });
  const damaged = await off(b, { kind: "autosave" });
  Deno.writeTextFileSync(plane.layout.descriptor(damaged.snapshot_id).path, "");
  const ids = (descriptors: Descriptor[]) => descriptors.map((each) => each.snapshot_id).sort().reverse();
  assertEquals(await idsOf(plane, b.snapshot_id), ids([a, b, saved, partial, wentOnFrom, onSaved]));
  const latest = await off(wentOnFrom, {});
  assertEquals(
    await idsOf(plane, latest.snapshot_id),
    ids([a, b, wentOnFrom, latest, saved, partial, onSaved]),
  );
  assertEquals((await idsOf(plane, null)).length, 4);
  Deno.writeTextFileSync(plane.layout.descriptor(a.snapshot_id).path, "");
  assertEquals(
    await idsOf(plane, latest.snapshot_id),
    [...ids([b, wentOnFrom, latest, saved, partial, onSaved]), `not ${a.snapshot_id}`],
  );
  Deno.writeTextFileSync(plane.layout.descriptor(latest.snapshot_id).path, "");
  const error = await assertRejects(() => idsOf(plane, latest.snapshot_id), JvsError);
  assertEquals(error.code, "E_DESCRIPTOR_CORRUPT");
});
