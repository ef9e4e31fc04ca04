import { assert, assertEquals } from "@std/assert";
import { BlackBox, editFile } from "../tests/support/black_box.ts";
import type { Json } from "../tests/support/jvs.ts";
import { independentChecksum } from "../tests/support/trees.ts";
import { requires } from "../tests/support/requires.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(8);

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
