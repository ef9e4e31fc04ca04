import { assertEquals } from "@std/assert";
import { BlackBox } from "../tests/support/black_box.ts";
import { requires } from "../tests/support/requires.ts";
import { describeTree } from "../tests/support/trees.ts";

/** Names that mean something to JVS elsewhere, as files and in folders of a user. */
const NAMES = [
  ".READY",
  "READY",
  "1795236123903-66272f6d.READY",
  "1795236123903-66272f6d.PRUNED",
  "1795236123903-66272f6d.tmp/a.txt",
  "1795236123903-66272f6d.json.tmp",
  ".config.json.0123456789abcdef.tmp",
  ".jvs-anything",
  ".jvs-staging-5f0c62a6-98c2-4e2a-bd0b-0f0f4f8e1c55/new/a.txt",
  ".jvsignore.bak",
  "format_version",
  "config.jsonc",
  "snapshots/1795236123903-66272f6d/a.txt",
  "worktrees/main/config.json",
  "runtime/shared/locks/repository.lock",
  "HEAD",
  "audit.jsonl",
  ".git/HEAD",
];

Deno.test({
  name:
    "conformance 37: a file named like one of ours is saved, restored, forked and verified like any other",
  ...requires("python3"),
  async fn() {
    using box = await BlackBox.make();
    for (const name of NAMES) box.write(name, `the user's own ${name}\n`);
    const before = await describeTree(box.main);
    const saved = await box.save("whole");
    assertEquals(saved.stats.files, NAMES.length);
    for (const name of NAMES) {
      const text = Deno.readTextFileSync(`${box.control}/snapshots/${saved.snapshot_id}/${name}`);
      assertEquals(text, `the user's own ${name}\n`);
      box.write(name, "changed\n");
    }
    box.write("a.txt", "new\n");
    const second = await box.save("changed");
    assertEquals(second.stats.files, NAMES.length + 1);
    await box.json(["restore", saved.snapshot_id]);
    assertEquals(await describeTree(box.main), before);
    await box.json(["worktree", "fork", saved.snapshot_id, "other"]);
    assertEquals(await describeTree(`${box.path}/worktrees/other`), before);
    // One that comes and goes is a change like any other.
    Deno.removeSync(`${box.main}/.READY`);
    const { differences } = await box.json<{ differences: { path: string; kind: string }[] }>(["diff"]);
    assertEquals(differences.map(({ path }) => path), [".READY"]);
    await box.json(["restore", saved.snapshot_id]);
    assertEquals(await describeTree(box.main), before);
    assertEquals((await box.history()).filter((each) => each.kind === "manual").length, 2);
    await box.audit();
  },
});
