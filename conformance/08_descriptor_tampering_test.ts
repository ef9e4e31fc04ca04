import { assert, assertEquals } from "@std/assert";
import { BlackBox, editFile } from "../tests/support/black_box.ts";
import type { Json } from "../tests/support/jvs.ts";
import { fingerprint, independentChecksum } from "../tests/support/trees.ts";
import { requires } from "../tests/support/requires.ts";

interface Files {
  readonly descriptor: string;
  readonly ready: string;
  readonly other: string;
}

/** Ways to tamper with a snapshot's records. */
const TAMPERINGS: [what: string, how: (files: Files) => void][] = [
  ["another note", ({ descriptor }) => editFile(descriptor, '"note": "first"', '"note": "worst"')],
  ["another parent", ({ descriptor }) => {
    editFile(descriptor, '"parent_snapshot_id": null', '"parent_snapshot_id": "1795236123903-66272f6d"');
  }],
  ["another time", ({ descriptor }) => editFile(descriptor, '"created_at": "2', '"created_at": "3')],
  ["a field less", ({ descriptor }) => editFile(descriptor, '"tags": [],', "")],
  ["a field more", ({ descriptor }) => editFile(descriptor, '"meta": {}', '"meta": { "a": 1 }')],
  ["cut in half", ({ descriptor }) => Deno.truncateSync(descriptor, 300)],
  ["empty", ({ descriptor }) => Deno.truncateSync(descriptor, 0)],
  ["no descriptor", ({ descriptor }) => Deno.removeSync(descriptor)],
  ["another snapshot's", ({ descriptor, other }) => Deno.copyFileSync(other, descriptor)],
  ["another READY", ({ ready }) => editFile(ready, '"created_at": "2', '"created_at": "3')],
  ["another engine in READY", ({ ready }) => editFile(ready, '"engine": "copy"', '"engine": "reflink-copy"')],
  ["an empty READY", ({ ready }) => Deno.truncateSync(ready, 0)],
];

Deno.test({
  name: "conformance 08: tampering with a descriptor or its READY is found, and nothing is restored by it",
  ...requires("python3"),
  async fn() {
    using box = await BlackBox.make({ env: { JVS_SNAPSHOT_ENGINE: "copy" } });
    box.write("a.txt", "one\n");
    const { snapshot_id: id } = await box.save("first");
    box.write("a.txt", "two\n");
    const { snapshot_id: other } = await box.save("second");
    const files: Files = {
      descriptor: `${box.control}/descriptors/${id}.json`,
      ready: `${box.control}/snapshots/${id}.READY`,
      other: `${box.control}/descriptors/${other}.json`,
    };
    const before = await fingerprint(box.main);
    for (const [what, tamper] of TAMPERINGS) {
      using _ = preserved(files.descriptor, files.ready);
      tamper(files);
      const all = await box.run(["verify", "--all", "--json"]);
      assertEquals(all.code, 1, `${what}: ${all.stdout}`);
      assertCorrupt(all.json, id, what);
      const doctor = await box.run(["doctor", "--json"]);
      assertEquals(doctor.json.healthy, false, `${what}: ${doctor.stdout}`);
      await box.error("E_DESCRIPTOR_CORRUPT", ["restore", id]);
    }
    assertEquals(await fingerprint(box.main), before);
    await box.audit();
  },
});

Deno.test({
  name:
    "conformance 08: a descriptor that was changed together with its own checksum does not match its READY",
  ...requires("python3"),
  async fn() {
    using box = await BlackBox.make();
    box.write("a.txt", "one\n");
    const first = await box.save("first");
    box.write("a.txt", "two\n");
    const second = await box.save("second");
    const path = (id: string) => `${box.control}/descriptors/${id}.json`;
    // The other's descriptor is consistent in itself: only its id has to be exchanged to look right in this place.
    const forged = Deno.readTextFileSync(path(second.snapshot_id)).replaceAll(
      second.snapshot_id,
      first.snapshot_id,
    );
    Deno.writeTextFileSync(path(first.snapshot_id), forged);
    const right = await independentChecksum(path(first.snapshot_id));
    editFile(path(first.snapshot_id), second.descriptor_checksum.value, right);
    const run = await box.run(["verify", first.snapshot_id, "--json"]);
    assertEquals(run.code, 1, run.stdout);
    assertCorrupt(run.json, first.snapshot_id, "forged");
  },
});

function assertCorrupt(result: Json, id: string, what: string): void {
  const snapshots = result.snapshots as { snapshot_id: string; error: string; checksum_valid: boolean }[];
  const found = snapshots.find((each) => each.snapshot_id === id);
  assert(found !== undefined, `${what}: ${JSON.stringify(result)}`);
  assertEquals(found.error, "E_DESCRIPTOR_CORRUPT", what);
  assertEquals(found.checksum_valid, false, what);
  assertEquals([result.tamper_detected, result.checksum_valid], [true, false], what);
  for (const other of snapshots) if (other !== found) assertEquals(other.checksum_valid, true, what);
}

/** Puts files back as they are now when the block ends. */
function preserved(...paths: string[]): Disposable {
  const contents = paths.map((path) => Deno.readFileSync(path));
  return {
    [Symbol.dispose]: () => paths.forEach((path, i) => Deno.writeFileSync(path, contents[i] as Uint8Array)),
  };
}
