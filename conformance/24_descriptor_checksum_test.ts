import { assertEquals, assertNotEquals } from "@std/assert";
import type { Descriptor } from "../src/model/records.ts";
import { BlackBox, editFile } from "../tests/support/black_box.ts";
import { requires } from "../tests/support/requires.ts";
import { mustRun } from "../tests/support/run.ts";
import { independentChecksum } from "../tests/support/trees.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(24);

/** Notes in which canonical JSON has something to decide. */
const NOTES = [
  "plain",
  'quoted "so" and \\ so',
  "tab\tnew\nline\r\b\f\u0001\u001f\u007f",
  "é ö 中文 \u2028 \u2029",
  "outside the basic plane: 🌲 𝔘",
  "",
];

Deno.test({
  name:
    "conformance 24: each descriptor's checksum is that of its RFC 8785 form, computed independently, and READY has the same",
  ...requires("python3"),
  async fn() {
    using box = await BlackBox.make();
    for (const [i, note] of NOTES.entries()) {
      box.write("a.txt", `${i}\n`);
      await box.save(note, "--tag", `v${i}`, "--tag", "all");
    }
    // One with rules, paths that need encoding in its degradations, and a leaf.
    box.write(".jvsignore", "*.tmp\n# é\n");
    mustRun(
      "sh",
      "-ec",
      `cd '${box.main}'; mkdir nested; printf x > 'odd%:'; printf x > "$(printf 'no-utf8-\\377')"`,
    );
    await box.save("with rules");
    box.write("a.txt", "unsaved\n");
    await box.json(["restore", "HEAD"]);
    const listed = await box.history();
    assertEquals(listed.length, NOTES.length + 2);
    for (const { snapshot_id: id } of listed) {
      const path = `${box.control}/descriptors/${id}.json`;
      const stored: Descriptor = JSON.parse(Deno.readTextFileSync(path));
      const checksum = await independentChecksum(path);
      assertEquals(stored.descriptor_checksum, { algo: "sha256", value: checksum }, stored.note);
      const ready = JSON.parse(Deno.readTextFileSync(`${box.control}/snapshots/${id}.READY`));
      assertEquals(ready.descriptor_checksum, stored.descriptor_checksum);
    }
    assertEquals(new Set(listed.map((each) => each.note)).isSupersetOf(new Set(NOTES)), true);
    await box.audit();
  },
});

Deno.test({
  name: "conformance 24: the checksum covers every field",
  ...requires("python3"),
  async fn() {
    using box = await BlackBox.make();
    box.write("a.txt", "one\n");
    const saved = await box.save("first");
    const path = `${box.control}/descriptors/${saved.snapshot_id}.json`;
    const text = Deno.readTextFileSync(path);
    for (const field of Object.keys(saved).filter((name) => name !== "descriptor_checksum")) {
      editFile(path, `\n  "${field}":`, `\n  "${field}_":`);
      assertNotEquals(await independentChecksum(path), saved.descriptor_checksum.value, field);
      const run = await box.run(["verify", saved.snapshot_id, "--json"]);
      assertEquals([run.code, run.json.checksum_valid], [1, false], `${field}: ${run.stdout}`);
      Deno.writeTextFileSync(path, text);
    }
    await box.audit();
  },
});
