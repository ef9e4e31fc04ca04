import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import type { Descriptor } from "../model/records.ts";
import { controlPlane, prune, publishLine, publishSnapshot } from "../../tests/support/control_plane.ts";
import { ancestors } from "./lineage.ts";

const ids = (descriptors: readonly Descriptor[]) => descriptors.map((d) => d.snapshot_id);

Deno.test("ancestors() gives a snapshot and its ancestors, newest first, pruned ones too", async () => {
  using plane = controlPlane();
  const made = await publishLine(plane, [{}, {}, {}, {}]);
  prune(plane, made[1]?.snapshot_id ?? "");
  assertEquals(
    await Array.fromAsync(ancestors(plane, made[2]?.snapshot_id ?? "")),
    ids(made.slice(0, 3).reverse()),
  );
  assertEquals(
    await Array.fromAsync(ancestors(plane, made[0]?.snapshot_id ?? "")),
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
  const seen: string[] = [];
  for await (const id of ancestors(plane, made[2]?.snapshot_id ?? "")) if (seen.push(id) === 2) break;
  assertEquals(seen, ids([made[2], made[1]] as Descriptor[]));
});

Deno.test("ancestors() follows a long line by the index, and says where it is broken", async () => {
  using plane = controlPlane();
  const made = await publishLine(plane, Array.from({ length: 40 }, () => ({})));
  const all = ids(made).reverse();
  const newest = all[0] ?? "";
  assertEquals(await Array.fromAsync(ancestors(plane, newest)), all);
  Deno.removeSync(plane.layout.ready(all[30] ?? "").path);
  const error = await assertRejects(() => Array.fromAsync(ancestors(plane, newest)), JvsError);
  assertEquals(error.code, "E_LINEAGE_BROKEN");
  assertEquals(error.details, { snapshot_id: all[29], parent_snapshot_id: all[30] });
  Deno.writeTextFileSync(plane.layout.descriptor(all[20] ?? "").path, "damaged");
  const damage = await assertRejects(() => Array.fromAsync(ancestors(plane, newest)), JvsError);
  assertEquals(damage.code, "E_DESCRIPTOR_CORRUPT");
});
