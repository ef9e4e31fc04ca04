import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Descriptor } from "../src/model/records.ts";
import { BlackBox } from "../tests/support/black_box.ts";
import { USER } from "../tests/support/as_user.ts";
import { requires } from "../tests/support/requires.ts";
import { mustRun } from "../tests/support/run.ts";
import { fingerprint } from "../tests/support/trees.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(35);

interface Restored {
  autosave_snapshot_id: string | null;
  kept: string[];
  sentence: string;
}

/** Content that no snapshot holds, in each way it can stand in a restore's way; how it is made after the first save. */
const WAYS: [what: string, rules: string, path: string, make: (box: BlackBox) => void][] = [
  ["ignored now", "*.log\n", "run.log", (box) => box.write("run.log", "precious\n")],
  [
    "ignored now, beneath a folder that is ignored",
    "out/\n",
    "out/deep/x",
    (box) => box.write("out/deep/x", "precious\n"),
  ],
  ["untracked", "", "new.txt", (box) => box.write("new.txt", "precious\n")],
  ["beneath a folder that becomes a file", "", "thing/x", (box) => {
    Deno.removeSync(`${box.main}/thing`);
    box.write("thing/x", "precious\n");
  }],
  ["ignored, beneath a folder that becomes a file", "*.log\n", "thing/x.log", (box) => {
    Deno.removeSync(`${box.main}/thing`);
    box.write("thing/x.log", "precious\n");
  }],
  ["ignored, where the snapshot has a file", "*.txt\n", "thing", (box) => {
    box.write(".jvsignore", "thing\n");
    box.write("thing", "precious\n");
  }],
];

for (const [what, rules, path, make] of WAYS) {
  Deno.test(`conformance 35: what is ${what} is not lost by a restore`, async () => {
    using box = await BlackBox.make();
    if (rules !== "") box.write(".jvsignore", rules);
    box.write("thing", "a file\n");
    box.write("a.txt", "one\n");
    const { snapshot_id: first } = await box.save("first");
    make(box);
    const restored = await box.json<Restored>(["restore", first]);
    assertEquals(box.read("thing"), "a file\n");
    if (isThere(`${box.main}/${path}`) && path !== "thing") {
      // It was not in the way: it stays, and did not need to be saved.
      assertEquals(box.read(path), "precious\n");
      assert(rules !== "", "only what is ignored may stay");
      assert(restored.kept.some((each) => path === each || path.startsWith(`${each}/`)), `${restored.kept}`);
    } else {
      const payload = `${box.control}/snapshots/${restored.autosave_snapshot_id}`;
      assertEquals(Deno.readTextFileSync(`${payload}/${path}`), "precious\n");
      await box.json(["restore", restored.autosave_snapshot_id ?? ""]);
      assertEquals(box.read(path), "precious\n");
    }
    await box.audit();
  });
}

Deno.test("conformance 35: an ignored file in the way is saved even when it is all that no snapshot holds", async () => {
  using box = await BlackBox.make();
  box.write("thing", "a file\n");
  const { snapshot_id: first } = await box.save("first");
  Deno.removeSync(`${box.main}/thing`);
  box.write(".jvsignore", "thing\n");
  await box.save("ignored from now on");
  box.write("thing", "precious\n");
  assertEquals((await box.json(["status"])).clean, true);
  const { autosave_snapshot_id: kept } = await box.json<Restored>(["restore", first]);
  assertEquals(box.read("thing"), "a file\n");
  assertEquals(Deno.readTextFileSync(`${box.control}/snapshots/${kept}/thing`), "precious\n");
  await box.audit();
});

Deno.test("conformance 35: what was ignored when a snapshot was made, and is ignored no more, is not lost either", async () => {
  using box = await BlackBox.make();
  box.write(".jvsignore", "*.log\n");
  box.write("a.txt", "one\n");
  box.write("run.log", "precious\n");
  const { snapshot_id: first } = await box.save("first");
  Deno.removeSync(`${box.main}/.jvsignore`);
  box.write("a.txt", "two\n");
  const { snapshot_id: second } = await box.save("second");
  await box.json(["restore", first]);
  assertEquals(box.read("run.log"), "precious\n");
  await box.json(["restore", second]);
  assertEquals(box.read("run.log"), "precious\n");
  await box.audit();
});

Deno.test({
  name:
    "conformance 35: what cannot be read is left alone, or the restore refuses before it changes anything",
  ...requires("root", "user", "python3"),
  async fn() {
    using box = await BlackBox.make({ user: USER });
    box.write("a.txt", "one\n");
    box.write("thing", "a file\n");
    mustRun("chown", "-R", `${USER}:${USER}`, box.main);
    const first = await box.save("first");
    // Of another user, and closed: JVS can neither save it nor put it back.
    box.write("theirs", "precious\n");
    Deno.chmodSync(`${box.main}/theirs`, 0o600);
    box.write("a.txt", "unsaved\n");
    const restored = await box.json<Restored>(["restore", first.snapshot_id]);
    assertEquals([box.read("theirs"), box.read("a.txt")], ["precious\n", "one\n"]);
    assert(restored.kept.includes("theirs"), `${restored.kept}`);

    Deno.removeSync(`${box.main}/thing`);
    box.write("thing/theirs", "precious, too\n");
    Deno.chmodSync(`${box.main}/thing/theirs`, 0o600);
    mustRun("chown", `${USER}:${USER}`, `${box.main}/thing`);
    const before = await fingerprint(box.main);
    const { message } = await box.error("E_UNSAVED_CHANGES", ["restore", first.snapshot_id]);
    assert(message.includes("thing/theirs"), message);
    assertEquals(await fingerprint(box.main), before);
    await box.audit();
  },
});

Deno.test("conformance 35: nothing is saved when nothing could be lost, and an mtime alone is no work", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "one\n");
  const { snapshot_id: first } = await box.save("first");
  box.write("a.txt", "two\n");
  await box.save("second");
  mustRun("touch", "-d", "@1", `${box.main}/a.txt`);
  assertEquals((await box.json<Restored>(["restore", first])).autosave_snapshot_id, null);
  assertEquals((await box.history()).length, 2);
  await box.audit();
});

Deno.test("conformance 35: refuse and discard do what they say, and only those", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "one\n");
  const { snapshot_id: first } = await box.save("first");
  await box.json(["config", "set", "restore.unsaved", "refuse"]);
  box.write("a.txt", "unsaved\n");
  await box.error("E_UNSAVED_CHANGES", ["restore", first]);
  assertEquals(box.read("a.txt"), "unsaved\n");
  for (const flags of [["--discard"], ["--inplace", "--force", "--reason", "I am sure"]]) {
    box.write("a.txt", "unsaved\n");
    const restored = await box.json<Restored>(["restore", first, ...flags]);
    assertEquals([restored.autosave_snapshot_id, box.read("a.txt")], [null, "one\n"]);
    assertStringIncludes(restored.sentence, "unsaved work given up");
  }
  assertEquals(box.records().at(-1)?.reason, "I am sure");
  assertEquals((await box.history()).length, 1);
  await box.audit();
});

Deno.test("conformance 35: a worktree that was never saved is saved before a snapshot of another is put in its place", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "one\n");
  const { snapshot_id: first } = await box.save("first");
  await box.json(["worktree", "create", "other"]);
  const other = { cwd: `${box.path}/worktrees/other` };
  Deno.writeTextFileSync(`${other.cwd}/mine.txt`, "precious\n");
  const restored = await box.json<Restored>(["restore", first], other);
  const saved: Descriptor | undefined = (await box.history()).find((each) =>
    each.snapshot_id === restored.autosave_snapshot_id
  );
  assertEquals([saved?.kind, saved?.parent_snapshot_id], ["autosave", null]);
  assertEquals(
    Deno.readTextFileSync(`${box.control}/snapshots/${saved?.snapshot_id}/mine.txt`),
    "precious\n",
  );
  await box.audit();
});

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false; // that is the answer
  }
}
