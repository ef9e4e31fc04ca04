import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { idsFromWorkers } from "../../tests/support/ids_from_workers.ts";
import { JvsError } from "../model/errors.ts";
import { idTime } from "../model/ids.ts";
import { tableOf } from "../../tests/support/tree_cases.ts";
import { controlPlane, fieldsOf, prune, publishSnapshot } from "../../tests/support/control_plane.ts";
import { inFolder } from "../../tests/support/by_path.ts";
import * as manifest from "../tree/manifest.ts";

const writeManifest = inFolder(manifest.writeManifest);
const SOME_ID = "1700000000000-0123abcd";

async function codeOfAsync(act: () => Promise<unknown>): Promise<string> {
  return (await assertRejects(act, JvsError)).code;
}

Deno.test("UnfinishedSnapshots.leftovers() leaves out a pack that may have outlived its snapshot", () => {
  using plane = controlPlane();
  const place = (name: string) => plane.layout.manifests.at(name).path;
  Deno.writeTextFileSync(place(`${SOME_ID}.pack`), "");
  assertEquals(plane.unfinished.leftovers(), []);
  Deno.writeTextFileSync(place(SOME_ID), "");
  assertEquals(plane.unfinished.leftovers(), [SOME_ID]);
});

Deno.test("UnfinishedSnapshots.newId() rises strictly over what is there, reserved and unfinished, whatever the clock says", async () => {
  using plane = controlPlane();
  const future = Date.now() + 3_600_000;
  const ids: string[] = [];
  const places = [
    (id: string) => Deno.writeTextFileSync(plane.layout.ready(id).path, ""),
    (id: string) => Deno.writeTextFileSync(plane.layout.pruned(id).path, ""),
    (id: string) => Deno.mkdirSync(plane.layout.payload(id).path),
    (id: string) => Deno.mkdirSync(plane.layout.unfinishedPayload(id).path),
    (id: string) => Deno.writeTextFileSync(plane.layout.descriptor(id).path, ""),
    (id: string) => Deno.writeTextFileSync(plane.layout.unfinishedDescriptor(id).path, ""),
  ];
  for (const [i, place] of places.entries()) {
    const time = future + 1000 * i;
    place(`${time}-ffffffff`);
    const id = await plane.unfinished.newId();
    assertEquals(idTime(id), time + 1);
    ids.push(id, await plane.unfinished.newId());
    Deno.removeSync(plane.layout.unfinishedDescriptor(ids.at(-1) ?? "").path);
    Deno.removeSync(plane.layout.unfinishedDescriptor(ids.at(-2) ?? "").path);
  }
  assertEquals(ids, ids.toSorted());
  assertEquals(new Set(ids).size, ids.length);
});

Deno.test("UnfinishedSnapshots.newId() never gives one id twice to those who ask at once", async () => {
  using plane = controlPlane();
  const ids = await idsFromWorkers(3, { root: plane.layout.root, count: 300 });
  assertEquals(new Set(ids.map(idTime)).size, 900);
  assertEquals(plane.unfinished.leftovers(), ids.sort());
});

Deno.test("UnfinishedSnapshots.sealDescriptor() gives what is read back, odd values included", async () => {
  using plane = controlPlane();
  const made = await publishSnapshot(plane, {
    note: "half \ud800 a pair",
    meta: { gone: undefined, deep: { b: 1, a: [undefined] } },
    environment: { python: "3.12" },
  });
  assertEquals(made.note, "half \ufffd a pair");
  assertEquals(made.meta, { deep: { b: 1, a: [null] } });
  assertEquals(await plane.snapshots.descriptor(made.snapshot_id), made);
});

Deno.test("UnfinishedSnapshots.publishPayload() and the steps after it may each be repeated", async () => {
  using plane = controlPlane();
  const { layout, snapshots, unfinished } = plane;
  const id = await unfinished.newId();
  Deno.mkdirSync(layout.unfinishedPayload(id).path);
  Deno.writeTextFileSync(`${layout.unfinishedPayload(id)}/file`, "content");
  const descriptor = await unfinished.sealDescriptor(fieldsOf(id));
  unfinished.writeDescriptor(descriptor);
  for (let i = 0; i < 2; i++) unfinished.publishPayload(id);
  for (let i = 0; i < 2; i++) unfinished.publishDescriptor(id);
  for (let i = 0; i < 2; i++) unfinished.writeReady(descriptor);
  assertEquals(await snapshots.descriptor(id), descriptor);
  assertEquals(Deno.readTextFileSync(`${layout.payload(id)}/file`), "content");
  assertEquals(unfinished.leftovers(), []);
  assertThrows(() => unfinished.publishPayload(SOME_ID), JvsError, "it is not there");
});

Deno.test("UnfinishedSnapshots.discard() removes what any step left, and never a snapshot", async () => {
  using plane = controlPlane();
  const { layout, unfinished } = plane;
  const kept = await publishSnapshot(plane);
  const foldersOf = () =>
    [layout.snapshots, layout.descriptors, layout.manifests]
      .map((folder) => [...Deno.readDirSync(folder.path)].map((e) => e.name).sort());
  const before = foldersOf();
  for (let step = 0; step < 4; step++) {
    const id = await unfinished.newId();
    Deno.mkdirSync(layout.unfinishedPayload(id).path);
    Deno.mkdirSync(`${layout.unfinishedPayload(id)}/folder`, { mode: 0o500 });
    Deno.writeTextFileSync(`${layout.unfinishedPayload(id)}/file`, "content", { mode: 0o400 });
    if (step >= 1) await writeManifest(layout.manifests.path, id, tableOf("a", "b/"), null);
    if (step >= 1) unfinished.writeDescriptor(await unfinished.sealDescriptor(fieldsOf(id)));
    if (step >= 2) unfinished.publishPayload(id);
    if (step >= 3) unfinished.publishDescriptor(id);
    assertEquals(unfinished.leftovers(), [id]);
    for (let i = 0; i < 2; i++) await unfinished.discard(id);
    assertEquals(foldersOf(), before, `step ${step}`);
  }
  assertEquals(await codeOfAsync(() => unfinished.discard(kept.snapshot_id)), "E_INTERNAL");
  assertEquals(await codeOfAsync(() => unfinished.discard("..")), "E_INTERNAL");
  prune(plane, kept.snapshot_id);
  assertEquals(await codeOfAsync(() => unfinished.discard(kept.snapshot_id)), "E_INTERNAL");
});
