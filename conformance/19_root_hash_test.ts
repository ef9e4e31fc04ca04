import { assert, assertEquals } from "@std/assert";
import type { Descriptor } from "../src/model/records.ts";
import { BlackBox } from "../tests/support/black_box.ts";
import { type DiskKind, sharedDisk } from "../tests/support/disk_image.ts";
import { withoutFfi } from "../tests/support/without_ffi.ts";
import { requires } from "../tests/support/requires.ts";
import { mustRun } from "../tests/support/run.ts";
import { tempDir } from "../tests/support/temp_dir.ts";
import { independentRootHash, makeRichTree } from "../tests/support/trees.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(19);

/** SPEC 4's worked example. */
const EXAMPLE = "984fceb383a3e68a4ba25b43d9d7fc881c44f25f70786b71c208711c1e8bfa17";

Deno.test("conformance 19: the worked example of SPEC 4 has the hash that stands there", async () => {
  using box = await BlackBox.make();
  makeExample(box.main);
  assertEquals(rootHashOf(await box.save()), EXAMPLE);
  await box.audit();
});

const PLACES: [kind: DiskKind, engine: string][] = [["ext4", "copy"], ["xfs", "copy"], [
  "xfs",
  "reflink-copy",
]];

Deno.test({
  name:
    "conformance 19: a tree of everything has one root hash with every engine on ext4 and XFS, and it is the one computed independently",
  ...requires("root", "python3", "ext4", "xfs"),
  async fn() {
    const found: string[] = [];
    for (const [kind, engine] of PLACES) {
      using disk = await sharedDisk(kind);
      using box = await BlackBox.make({ parent: disk.path, env: { JVS_SNAPSHOT_ENGINE: engine } });
      assertEquals(await makeRichTree(box.main), []);
      const expected = await independentRootHash(box.main);
      const first = await box.save("first");
      assertEquals([first.engine, rootHashOf(first)], [engine, expected], kind);
      // Again, with what is known of the first: another way to the same hash.
      const second = await box.save("second");
      assertEquals(rootHashOf(second), expected, `${kind}, ${engine}, again`);
      found.push(expected);
      await box.audit();
    }
    assertEquals(new Set(found).size, 1, found.join(" "));
  },
});

const WITHOUT: [kind: DiskKind, engine: string][] = [["ext4", "copy"], ["xfs", "reflink-copy"]];

Deno.test({
  name: "conformance 19: without the C library the root hash is the same, on copy and by cp --reflink",
  ...requires("root", "python3", "ext4", "xfs"),
  async fn() {
    using folder = tempDir();
    for (const [kind, engine] of WITHOUT) {
      using disk = await sharedDisk(kind);
      const env = { ...withoutFfi(folder.path), JVS_SNAPSHOT_ENGINE: engine };
      using box = await BlackBox.make({ parent: disk.path, env });
      const { permissions } = await box.json<{ permissions: { c_library: boolean } }>(["info"]);
      assertEquals(permissions.c_library, false);
      makeExample(box.main);
      const saved = await box.save();
      assertEquals([saved.engine, rootHashOf(saved)], [engine, EXAMPLE], kind);
      box.write("more", "to share with\n");
      assertEquals(rootHashOf(await box.save()), await independentRootHash(box.main), kind);
      await box.audit();
      // With it the same repository is as sound.
      await box.json(["doctor", "--strict"], { env: {} });
      await box.json(["verify", "--all"], { env: {} });
    }
  },
});

Deno.test({
  name: "conformance 19: the root hash tells every difference that it covers, and no other",
  ...requires("python3"),
  async fn() {
    using box = await BlackBox.make();
    makeExample(box.main);
    await box.save();
    const seen = new Set([EXAMPLE]);
    const same = ["touch a.txt", "touch -h -d @1 link", "touch -d @2 a"];
    const other = [
      "chmod 600 a.txt",
      "printf x > a.txt",
      "mkdir empty",
      "mv a.txt b.txt",
      "ln -sfn b.txt link",
      "mkfifo fifo",
    ];
    for (const command of [...same, ...other]) {
      mustRun("sh", "-ec", `cd '${box.main}'; ${command}`);
      const hash = rootHashOf(await box.save(command));
      assertEquals(hash, await independentRootHash(box.main), command);
      assertEquals(seen.has(hash), same.includes(command), command);
      seen.add(hash);
    }
    await box.audit();
  },
});

function makeExample(folder: string): void {
  mustRun(
    "sh",
    "-ec",
    `cd '${folder}'; umask 022; mkdir a; : > a.txt; printf 'hi\\n' > a/b:c; chmod 640 a/b:c; ln -s a.txt link`,
  );
}

function rootHashOf(descriptor: Descriptor): string {
  assert(descriptor.payload_root_hash !== null);
  return descriptor.payload_root_hash.value;
}
