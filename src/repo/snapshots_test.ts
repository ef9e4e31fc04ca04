import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
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
  const { layout, snapshots, unfinished } = plane;
  const id = await unfinished.newId();
  layout.unfinishedPayload(id).make();
  const seen: boolean[] = [];
  const look = () =>
    seen.push(snapshots.exists(id) || snapshots.list().includes(id) || snapshots.newest() === id);
  const descriptor = await unfinished.sealDescriptor(fieldsOf(id));
  look();
  unfinished.writeDescriptor(descriptor);
  look();
  unfinished.publishPayload(id);
  look();
  unfinished.publishDescriptor(id);
  look();
  assertEquals(seen, [false, false, false, false]);
  assertEquals(await codeOfAsync(() => snapshots.descriptor(id)), "E_NOT_FOUND");
  assertEquals(codeOf(() => snapshots.openPayload(id)), "E_NOT_FOUND");
  assertEquals(codeOf(() => snapshots.ready(id)), "E_NOT_FOUND");
  unfinished.writeReady(descriptor);
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
  const unfinished = await plane.unfinished.newId();
  for (
    const name of [`${SOME_ID}.READY.tmp`, `.${SOME_ID}.READY`, "READY", `${SOME_ID}READY`, `${SOME_ID}`]
  ) {
    Deno.writeTextFileSync(`${plane.layout.snapshots}/${name}`, "");
  }
  assertEquals(plane.snapshots.list(), [a.snapshot_id, c.snapshot_id]);
  assertEquals(plane.snapshots.listKnown(), [a, b, c].map((d) => d.snapshot_id));
  assertEquals(plane.snapshots.newest(), c.snapshot_id);
  assertEquals(plane.unfinished.leftovers(), [SOME_ID, unfinished].sort());
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
  const forged = await plane.unfinished.sealDescriptor({ ...fields, note: "forged" });
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

Deno.test("Snapshots.manifest() reads the one that the descriptor proves", async () => {
  using plane = controlPlane();
  const { snapshots, layout, unfinished } = plane;
  const id = await unfinished.newId();
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
  assertEquals([plane.snapshots.list(), plane.unfinished.leftovers(), plane.snapshots.newest()], [
    [],
    [],
    null,
  ]);
});
