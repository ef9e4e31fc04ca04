import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import type { Descriptor } from "../model/records.ts";
import {
  controlPlane,
  prune,
  publishLine,
  publishSnapshot,
  worktreeAt,
} from "../../tests/support/control_plane.ts";
import { ancestors, leavesOf } from "./lineage.ts";

const ids = (descriptors: readonly Descriptor[]) => descriptors.map((d) => d.snapshot_id);

Deno.test("ancestors() gives a snapshot and its ancestors, newest first, pruned ones too", async () => {
  using plane = controlPlane();
  const made = await publishLine(plane, [{}, {}, {}, {}]);
  prune(plane, made[1]?.snapshot_id ?? "");
  assertEquals(
    ids(await Array.fromAsync(ancestors(plane, made[2]?.snapshot_id ?? ""))),
    ids(made.slice(0, 3).reverse()),
  );
  assertEquals(
    ids(await Array.fromAsync(ancestors(plane, made[0]?.snapshot_id ?? ""))),
    ids(made.slice(0, 1)),
  );
});

Deno.test("ancestors() names the snapshot whose parent is missing", async () => {
  using plane = controlPlane();
  const [a, b, c] = await publishLine(plane, [{}, {}, {}]) as [Descriptor, Descriptor, Descriptor];
  Deno.removeSync(plane.layout.ready(a.snapshot_id).path);
  const error = await assertRejects(() => Array.fromAsync(ancestors(plane, c.snapshot_id)), JvsError);
  assertEquals(error.code, "E_LINEAGE_BROKEN");
  assertEquals(error.details, { snapshot_id: b.snapshot_id, parent_snapshot_id: a.snapshot_id });
  const itself = await assertRejects(() => Array.fromAsync(ancestors(plane, a.snapshot_id)), JvsError);
  assertEquals(itself.code, "E_NOT_FOUND");
});

Deno.test("ancestors() ends in a circle of well-made descriptors with an error", async () => {
  using plane = controlPlane();
  const [first, second] = [await plane.snapshots.newId(), await plane.snapshots.newId()];
  await publishSnapshot(plane, { snapshot_id: first, parent_snapshot_id: second });
  await publishSnapshot(plane, { snapshot_id: second, parent_snapshot_id: first });
  for (const id of [first, second]) {
    const error = await assertRejects(() => Array.fromAsync(ancestors(plane, id)), JvsError);
    assertEquals(error.code, "E_LINEAGE_BROKEN");
    assertStringIncludes(error.message, "not older");
  }
  const own = await plane.snapshots.newId();
  await publishSnapshot(plane, { snapshot_id: own, parent_snapshot_id: own });
  assertEquals(
    (await assertRejects(() => Array.fromAsync(ancestors(plane, own)), JvsError)).code,
    "E_LINEAGE_BROKEN",
  );
});

Deno.test("ancestors() reads no further than it is asked", async () => {
  using plane = controlPlane();
  const made = await publishLine(plane, [{}, {}, {}]);
  Deno.writeTextFileSync(plane.layout.descriptor(made[0]?.snapshot_id ?? "").path, "damaged");
  const seen: Descriptor[] = [];
  for await (const descriptor of ancestors(plane, made[2]?.snapshot_id ?? "")) {
    if (seen.push(descriptor) === 2) break;
  }
  assertEquals(ids(seen), ids([made[2], made[1]] as Descriptor[]));
});

Deno.test("leavesOf() gives a worktree's autosaves and partial snapshots beside its line", async () => {
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
  const worktree = worktreeAt(plane, { head: b.snapshot_id });
  assertEquals(ids(await leavesOf(plane, worktree)), ids([saved, partial, wentOnFrom, onSaved]));
  const latest = await off(wentOnFrom, {});
  assertEquals(
    ids(await leavesOf(plane, worktreeAt(plane, { head: latest.snapshot_id }))),
    ids([saved, partial, onSaved]),
  );
  assertEquals((await leavesOf(plane, worktreeAt(plane, { head: null }))).length, 4);
});
