import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import type { Descriptor } from "../model/records.ts";
import { controlPlane, prune, publishLine, publishSnapshot } from "../../tests/support/control_plane.ts";
import { putSnapshot } from "../../tests/support/many_snapshots.ts";
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
  const [first, second] = [await plane.unfinished.newId(), await plane.unfinished.newId()];
  await publishSnapshot(plane, { snapshot_id: first, parent_snapshot_id: second });
  await publishSnapshot(plane, { snapshot_id: second, parent_snapshot_id: first });
  for (const id of [first, second]) {
    const error = await assertRejects(() => Array.fromAsync(ancestors(plane, id)), JvsError);
    assertEquals(error.code, "E_LINEAGE_BROKEN");
    assertStringIncludes(error.message, "not older");
  }
  const own = await plane.unfinished.newId();
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
  const all: string[] = []; // newest first
  for (let n = 0; n < 130; n++) {
    const snapshot_id = `${1_700_000_000_000 + n}-00000000`;
    await putSnapshot(plane, { snapshot_id, parent_snapshot_id: all[0] ?? null });
    all.unshift(snapshot_id);
  }
  const [newest = "", near = "", far = "", farther = ""] = [0, 20, 110, 120].map((n) => all[n] ?? "");
  assertEquals(await Array.fromAsync(ancestors(plane, newest)), all);
  Deno.removeSync(plane.layout.descriptor(far).path);
  assertEquals(await Array.fromAsync(ancestors(plane, newest)), all, "the index knows the way");
  Deno.removeSync(plane.layout.ready(farther).path);
  const error = await assertRejects(() => Array.fromAsync(ancestors(plane, newest)), JvsError);
  assertEquals(error.code, "E_LINEAGE_BROKEN");
  assertEquals(error.details, { snapshot_id: all[119], parent_snapshot_id: farther });
  Deno.writeTextFileSync(plane.layout.descriptor(near).path, "damaged");
  const damage = await assertRejects(() => Array.fromAsync(ancestors(plane, newest)), JvsError);
  assertEquals(damage.code, "E_DESCRIPTOR_CORRUPT");
});
