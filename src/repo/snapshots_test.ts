import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { idsFromWorkers } from "../../tests/support/ids_from_workers.ts";
import { JvsError } from "../model/errors.ts";
import { idTime } from "../model/ids.ts";
import type { Descriptor } from "../model/records.ts";
import { tableOf } from "../../tests/support/tree_cases.ts";
import { inFolder } from "../../tests/support/by_path.ts";
import * as manifest from "../tree/manifest.ts";
import {
  controlPlane,
  fieldsOf,
  prune,
  publishLine,
  publishSnapshot,
} from "../../tests/support/control_plane.ts";

const writeManifest = inFolder(manifest.writeManifest);
const SOME_ID = "1700000000000-0123abcd";

function codeOf(act: () => unknown): string {
  return assertThrows(act, JvsError).code;
}

async function codeOfAsync(act: () => Promise<unknown>): Promise<string> {
  return (await assertRejects(act, JvsError)).code;
}

Deno.test("Snapshots.exists() is true from READY on, and for nothing before it", async () => {
  using plane = controlPlane();
  const { layout, snapshots } = plane;
  const id = await snapshots.newId();
  layout.unfinishedPayload(id).make();
  const seen: boolean[] = [];
  const look = () =>
    seen.push(snapshots.exists(id) || snapshots.list().includes(id) || snapshots.newest() === id);
  const descriptor = await snapshots.sealDescriptor(fieldsOf(id));
  look();
  snapshots.writeDescriptor(descriptor);
  look();
  snapshots.publishPayload(id);
  look();
  snapshots.publishDescriptor(id);
  look();
  assertEquals(seen, [false, false, false, false]);
  assertEquals(await codeOfAsync(() => snapshots.descriptor(id)), "E_NOT_FOUND");
  assertEquals(codeOf(() => snapshots.openPayload(id)), "E_NOT_FOUND");
  assertEquals(codeOf(() => snapshots.ready(id)), "E_NOT_FOUND");
  snapshots.writeReady(descriptor);
  assert(snapshots.exists(id));
  assertEquals(snapshots.list(), [id]);
  assertEquals(await snapshots.descriptor(id), descriptor);
  assertEquals(snapshots.ready(id).descriptor_checksum, descriptor.descriptor_checksum);
});

Deno.test("Snapshots.exists() is not misled by names that are no ids", () => {
  using plane = controlPlane();
  Deno.writeTextFileSync(`${plane.layout.snapshots}/x.READY`, "");
  Deno.writeTextFileSync(`${plane.layout.control}/y.READY`, "");
  assertEquals(plane.snapshots.exists("x"), false);
  assertEquals(plane.snapshots.exists("../y"), false);
  assertEquals(plane.snapshots.list(), []);
});

Deno.test("Snapshots.list() gives those that exist, oldest first, and nothing unfinished, pruned or foreign", async () => {
  using plane = controlPlane();
  const [a, b, c] = await publishLine(plane, [{}, {}, {}]) as [Descriptor, Descriptor, Descriptor];
  prune(plane, b.snapshot_id);
  const unfinished = await plane.snapshots.newId();
  for (
    const name of [`${SOME_ID}.READY.tmp`, `.${SOME_ID}.READY`, "READY", `${SOME_ID}READY`, `${SOME_ID}`]
  ) {
    Deno.writeTextFileSync(`${plane.layout.snapshots}/${name}`, "");
  }
  assertEquals(plane.snapshots.list(), [a.snapshot_id, c.snapshot_id]);
  assertEquals(plane.snapshots.listKnown(), [a, b, c].map((d) => d.snapshot_id));
  assertEquals(plane.snapshots.newest(), c.snapshot_id);
  assertEquals(plane.snapshots.leftovers(), [SOME_ID, unfinished].sort());
});

Deno.test("Snapshots.leftovers() leaves out a pack that may have outlived its snapshot", () => {
  using plane = controlPlane();
  const place = (name: string) => plane.layout.manifests.at(name).path;
  Deno.writeTextFileSync(place(`${SOME_ID}.pack`), "");
  assertEquals(plane.snapshots.leftovers(), []);
  Deno.writeTextFileSync(place(SOME_ID), "");
  assertEquals(plane.snapshots.leftovers(), [SOME_ID]);
});

Deno.test("Snapshots.newId() rises strictly over what is there, reserved and unfinished, whatever the clock says", async () => {
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
    const id = await plane.snapshots.newId();
    assertEquals(idTime(id), time + 1);
    ids.push(id, await plane.snapshots.newId());
    Deno.removeSync(plane.layout.unfinishedDescriptor(ids.at(-1) ?? "").path);
    Deno.removeSync(plane.layout.unfinishedDescriptor(ids.at(-2) ?? "").path);
  }
  assertEquals(ids, ids.toSorted());
  assertEquals(new Set(ids).size, ids.length);
});

Deno.test("Snapshots.newId() never gives one id twice to those who ask at once", async () => {
  using plane = controlPlane();
  const ids = await idsFromWorkers(3, { root: plane.layout.root, count: 300 });
  assertEquals(new Set(ids.map(idTime)).size, 900);
  assertEquals(plane.snapshots.leftovers(), ids.sort());
});

Deno.test("Snapshots.sealDescriptor() gives what is read back, odd values included", async () => {
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

Deno.test("Snapshots.descriptor() finds every field that was changed", async () => {
  using plane = controlPlane();
  const { snapshot_id: id } = await publishSnapshot(plane, { note: "a note", tags: ["v1"] });
  const path = plane.layout.descriptor(id);
  const whole = Deno.readTextFileSync(path.path);
  const fields = JSON.parse(whole) as Record<string, unknown>;
  const changed: Record<string, unknown> = {
    snapshot_id: SOME_ID,
    note: "another note",
    tags: ["v2"],
    parent_snapshot_id: SOME_ID,
    kind: "autosave",
    meta: { more: 1 },
    manifest_hash: { algo: "sha256", value: "2".repeat(64) },
    descriptor_checksum: { algo: "sha256", value: "2".repeat(64) },
    added: true,
  };
  for (const [name, value] of Object.entries(changed)) {
    Deno.writeTextFileSync(path.path, JSON.stringify({ ...fields, [name]: value }));
    const error = await assertRejects(() => plane.snapshots.descriptor(id), JvsError);
    assertEquals(error.code, "E_DESCRIPTOR_CORRUPT", name);
    assertStringIncludes(error.message, path.path);
  }
  Deno.writeTextFileSync(path.path, JSON.stringify(fields)); // only written otherwise
  assertEquals((await plane.snapshots.descriptor(id)).note, "a note");
  for (const cut of [0, 1, whole.length >> 1, whole.length - 3]) {
    Deno.writeTextFileSync(path.path, whole.slice(0, cut));
    assertEquals(await codeOfAsync(() => plane.snapshots.descriptor(id)), "E_DESCRIPTOR_CORRUPT");
  }
  Deno.removeSync(path.path);
  assertEquals(await codeOfAsync(() => plane.snapshots.descriptor(id)), "E_DESCRIPTOR_CORRUPT");
  assertEquals(await plane.snapshots.readable(id), undefined);
});

Deno.test("Snapshots.descriptor() finds a descriptor that was exchanged together with its checksum", async () => {
  using plane = controlPlane();
  const made = await publishSnapshot(plane);
  const { descriptor_checksum: _, ...fields } = made;
  const forged = await plane.snapshots.sealDescriptor({ ...fields, note: "forged" });
  Deno.writeTextFileSync(plane.layout.descriptor(made.snapshot_id).path, JSON.stringify(forged));
  const error = await assertRejects(() => plane.snapshots.descriptor(made.snapshot_id), JvsError);
  assertEquals(error.code, "E_DESCRIPTOR_CORRUPT");
  assertStringIncludes(error.message, plane.layout.ready(made.snapshot_id).path);
});

Deno.test("Snapshots.ready() refuses a marker that is cut, empty or another's; the snapshot still exists", async () => {
  using plane = controlPlane();
  const [a, b] = await publishLine(plane, [{}, {}]) as [Descriptor, Descriptor];
  const path = plane.layout.ready(a.snapshot_id);
  const whole = Deno.readTextFileSync(path.path);
  const damages = [
    "",
    whole.slice(0, 40),
    "{}",
    "\0\0\0",
    Deno.readTextFileSync(plane.layout.ready(b.snapshot_id).path),
  ];
  for (const content of damages) {
    Deno.writeTextFileSync(path.path, content);
    assert(plane.snapshots.exists(a.snapshot_id));
    assertEquals(plane.snapshots.list().length, 2);
    assertEquals(codeOf(() => plane.snapshots.ready(a.snapshot_id)), "E_DESCRIPTOR_CORRUPT", content);
    assertEquals(await codeOfAsync(() => plane.snapshots.descriptor(a.snapshot_id)), "E_DESCRIPTOR_CORRUPT");
  }
});

Deno.test("Snapshots.descriptor() accepts a pruned snapshot; what needs its files explains", async () => {
  using plane = controlPlane();
  const made = await publishSnapshot(plane);
  const id = made.snapshot_id;
  prune(plane, id);
  assertEquals([plane.snapshots.exists(id), plane.snapshots.isPruned(id)], [false, true]);
  assertEquals(await plane.snapshots.descriptor(id), made);
  for (const act of [() => plane.snapshots.openPayload(id), () => plane.snapshots.ready(id)]) {
    const error = assertThrows(act, JvsError);
    assertEquals(error.code, "E_NOT_FOUND");
    assertStringIncludes(error.message, "its content was pruned");
  }
});

Deno.test("Snapshots.publishPayload() and the steps after it may each be repeated", async () => {
  using plane = controlPlane();
  const { snapshots, layout } = plane;
  const id = await snapshots.newId();
  Deno.mkdirSync(layout.unfinishedPayload(id).path);
  Deno.writeTextFileSync(`${layout.unfinishedPayload(id)}/file`, "content");
  const descriptor = await snapshots.sealDescriptor(fieldsOf(id));
  snapshots.writeDescriptor(descriptor);
  for (let i = 0; i < 2; i++) snapshots.publishPayload(id);
  for (let i = 0; i < 2; i++) snapshots.publishDescriptor(id);
  for (let i = 0; i < 2; i++) snapshots.writeReady(descriptor);
  assertEquals(await snapshots.descriptor(id), descriptor);
  assertEquals(Deno.readTextFileSync(`${layout.payload(id)}/file`), "content");
  assertEquals(snapshots.leftovers(), []);
  assertThrows(() => snapshots.publishPayload(SOME_ID), JvsError, "it is not there");
});

Deno.test("Snapshots.discardUnfinished() removes what any step left, and never a snapshot", async () => {
  using plane = controlPlane();
  const { snapshots, layout } = plane;
  const kept = await publishSnapshot(plane);
  const foldersOf = () =>
    [layout.snapshots, layout.descriptors, layout.manifests]
      .map((folder) => [...Deno.readDirSync(folder.path)].map((e) => e.name).sort());
  const before = foldersOf();
  for (let step = 0; step < 4; step++) {
    const id = await snapshots.newId();
    Deno.mkdirSync(layout.unfinishedPayload(id).path);
    Deno.mkdirSync(`${layout.unfinishedPayload(id)}/folder`, { mode: 0o500 });
    Deno.writeTextFileSync(`${layout.unfinishedPayload(id)}/file`, "content", { mode: 0o400 });
    if (step >= 1) await writeManifest(layout.manifests.path, id, tableOf("a", "b/"), null);
    if (step >= 1) snapshots.writeDescriptor(await snapshots.sealDescriptor(fieldsOf(id)));
    if (step >= 2) snapshots.publishPayload(id);
    if (step >= 3) snapshots.publishDescriptor(id);
    assertEquals(snapshots.leftovers(), [id]);
    for (let i = 0; i < 2; i++) await snapshots.discardUnfinished(id);
    assertEquals(foldersOf(), before, `step ${step}`);
  }
  assertEquals(await codeOfAsync(() => snapshots.discardUnfinished(kept.snapshot_id)), "E_INTERNAL");
  assertEquals(await codeOfAsync(() => snapshots.discardUnfinished("..")), "E_INTERNAL");
  prune(plane, kept.snapshot_id);
  assertEquals(await codeOfAsync(() => snapshots.discardUnfinished(kept.snapshot_id)), "E_INTERNAL");
});

Deno.test("Snapshots.manifest() reads the one that the descriptor proves", async () => {
  using plane = controlPlane();
  const { snapshots, layout } = plane;
  const id = await snapshots.newId();
  const { hash } = await writeManifest(layout.manifests.path, id, tableOf("a", "b/", "b/c"), null);
  await publishSnapshot(plane, { snapshot_id: id, manifest_hash: { algo: "sha256", value: hash } });
  assertEquals((await snapshots.manifest(id, { verify: true })).count, 4);
  await writeManifest(layout.manifests.path, id, tableOf("another"), null);
  assertEquals(await codeOfAsync(() => snapshots.manifest(id)), "E_DESCRIPTOR_CORRUPT");
  assertEquals(await codeOfAsync(() => snapshots.manifest(SOME_ID)), "E_NOT_FOUND");
});

Deno.test("Snapshots.list() misses folders that a copier left out as if they were empty", () => {
  using plane = controlPlane();
  for (const folder of [plane.layout.snapshots, plane.layout.descriptors, plane.layout.manifests]) {
    Deno.removeSync(folder.path);
  }
  assertEquals([plane.snapshots.list(), plane.snapshots.leftovers(), plane.snapshots.newest()], [
    [],
    [],
    null,
  ]);
});
