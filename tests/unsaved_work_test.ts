import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";
import { exists } from "./support/files.ts";
import { contentsOf, losingNothing, payloadsOf } from "./support/kept_content.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";

/** A repository with two snapshots that differ in everything the ways below need; main stands on the second. */
async function twoSnapshots(): Promise<BlackBox & { readonly first: string; readonly second: string }> {
  const box = await BlackBox.make();
  for (const path of ["both", "only-first", "folder/a", "folder/b"]) box.write(path, `first ${path}\n`);
  const first = (await box.save("first")).snapshot_id;
  Deno.removeSync(`${box.main}/only-first`);
  for (const path of ["both", "only-second", "folder/a", "second/x"]) box.write(path, `second ${path}\n`);
  const second = (await box.save("second")).snapshot_id;
  return Object.assign(box, { first, second });
}

/** The files of the snapshot that a result names, by path. */
function saved(box: BlackBox, id: string | null): Map<string, string> {
  assertNotEquals(id, null, "there is no autosave");
  return payloadsOf(box.control).get(id ?? "") ?? new Map();
}

Deno.test("jvs restore keeps an unsaved edit", async () => {
  using box = await twoSnapshots();
  box.write("both", "precious\n");
  const result = await losingNothing(box, ["restore", box.first]);
  assertEquals(saved(box, result.autosave_snapshot_id).get("both"), "precious\n");
  assertEquals(box.read("both"), "first both\n");
});

Deno.test("jvs restore keeps an unsaved edit of a file that the snapshot has as it is saved now", async () => {
  using box = await twoSnapshots();
  box.write("folder/b", "precious\n");
  const result = await losingNothing(box, ["restore", box.second]);
  assertEquals(saved(box, result.autosave_snapshot_id).get("folder/b"), "precious\n");
});

Deno.test("jvs restore keeps an edit that leaves size and time as they were", async () => {
  using box = await twoSnapshots();
  const { mtime, atime } = Deno.statSync(`${box.main}/both`);
  box.write("both", "SECOND both\n");
  Deno.utimeSync(`${box.main}/both`, atime ?? 0, mtime ?? 0);
  const result = await losingNothing(box, ["restore", box.second]);
  assertEquals(saved(box, result.autosave_snapshot_id).get("both"), "SECOND both\n");
});

Deno.test("jvs restore keeps a new file, beside others and in a new folder", async () => {
  using box = await twoSnapshots();
  box.write("folder/new", "precious\n");
  box.write("new/folder/file", "precious too\n");
  const result = await losingNothing(box, ["restore", box.first]);
  assertEquals(exists(`${box.main}/new`), false);
  assertEquals(saved(box, result.autosave_snapshot_id).get("new/folder/file"), "precious too\n");
});

Deno.test("jvs restore keeps what was made before there was any snapshot of the worktree", async () => {
  using box = await twoSnapshots();
  await box.json(["worktree", "create", "fresh"]);
  const worktree = `${box.path}/worktrees/fresh`;
  Deno.writeTextFileSync(`${worktree}/both`, "precious\n");
  const result = await losingNothing(box, ["restore", box.first], { worktree });
  assertEquals(saved(box, result.autosave_snapshot_id).get("both"), "precious\n");
});

Deno.test("jvs restore keeps the deletion of a file", async () => {
  using box = await twoSnapshots();
  Deno.removeSync(`${box.main}/both`);
  const result = await losingNothing(box, ["restore", box.second]);
  assertEquals(saved(box, result.autosave_snapshot_id).has("both"), false);
  assertEquals(box.read("both"), "second both\n");
});

Deno.test("jvs restore keeps a change of mode alone", async () => {
  using box = await twoSnapshots();
  Deno.chmodSync(`${box.main}/both`, 0o750);
  const { autosave_snapshot_id } = await losingNothing(box, ["restore", box.second]);
  assertNotEquals(autosave_snapshot_id, null);
  await losingNothing(box, ["restore", autosave_snapshot_id ?? ""]);
  assertEquals((Deno.statSync(`${box.main}/both`).mode ?? 0) & 0o777, 0o750);
});

Deno.test("jvs restore takes no autosave of a change in time alone", async () => {
  using box = await twoSnapshots();
  Deno.utimeSync(`${box.main}/both`, 1, 1);
  const result = await losingNothing(box, ["restore", box.second]);
  assertEquals(result.autosave_snapshot_id, null);
});

Deno.test("jvs restore leaves what is ignored now where it is", async () => {
  using box = await twoSnapshots();
  box.write(".jvsignore", "*.log\ncache/\n");
  await box.save("with rules");
  box.write("folder/run.log", "precious\n");
  box.write("cache/deep/down", "precious too\n");
  const result = await losingNothing(box, ["restore", box.first]);
  assertEquals(box.read("folder/run.log"), "precious\n");
  assertEquals(box.read("cache/deep/down"), "precious too\n");
  assertEquals(result.kept.toSorted(), ["cache", "folder/run.log"]);
});

Deno.test("jvs restore saves an ignored file that the snapshot has something else for", async () => {
  using box = await twoSnapshots();
  Deno.removeSync(`${box.main}/second/x`);
  Deno.removeSync(`${box.main}/second`);
  box.write(".jvsignore", "only-*\nsecond\n");
  const { snapshot_id } = await box.save("with rules");
  box.write("only-first", "precious\n");
  box.write("second/x/y", "precious too\n");
  const result = await losingNothing(box, ["restore", box.second]);
  assertEquals(box.read("second/x"), "second second/x\n");
  assertEquals(saved(box, result.autosave_snapshot_id).get("second/x/y"), "precious too\n");
  await losingNothing(box, ["restore", snapshot_id]);
  const again = await losingNothing(box, ["restore", box.first]);
  assertEquals(box.read("only-first"), "first only-first\n", again.sentence);
});

Deno.test("jvs restore leaves what was ignored when the snapshot was made where it is", async () => {
  using box = await twoSnapshots();
  box.write(".jvsignore", "*.log\n");
  const { snapshot_id } = await box.save("with rules");
  Deno.removeSync(`${box.main}/.jvsignore`);
  box.write("folder/run.log", "precious\n");
  await losingNothing(box, ["restore", snapshot_id]);
  assertEquals(box.read("folder/run.log"), "precious\n");
});

Deno.test("jvs restore keeps a file that was ignored when the head was made, and is not any more", async () => {
  using box = await twoSnapshots();
  box.write(".jvsignore", "*.log\n");
  box.write("run.log", "precious\n");
  await box.save("with rules");
  Deno.removeSync(`${box.main}/.jvsignore`);
  const result = await losingNothing(box, ["restore", box.first]);
  assertEquals(saved(box, result.autosave_snapshot_id).get("run.log"), "precious\n");
});

Deno.test("jvs restore takes no autosave of an ignored file that the head holds as it is, and one when it differs", async () => {
  using box = await BlackBox.make();
  box.write("x/f", "folder\n");
  const first = (await box.save("first")).snapshot_id;
  Deno.removeSync(`${box.main}/x`, { recursive: true });
  box.write(".jvsignore", "x\n");
  await box.save("second");
  box.write("x", "secret\n");
  const held = (await losingNothing(box, ["restore", first])).autosave_snapshot_id ?? "";
  assertEquals(saved(box, held).get("x"), "secret\n");

  assertEquals((await losingNothing(box, ["restore", held])).autosave_snapshot_id, null);
  assertEquals((await losingNothing(box, ["restore", held])).autosave_snapshot_id, null);
  assertEquals((await losingNothing(box, ["restore", first])).autosave_snapshot_id, null);
  await losingNothing(box, ["restore", held]);
  box.write("x", "SECRET\n");
  const { autosave_snapshot_id } = await losingNothing(box, ["restore", first]);
  assertEquals(saved(box, autosave_snapshot_id).get("x"), "SECRET\n");
});

Deno.test("jvs restore lets an ignored file keep its folder alive", async () => {
  using box = await twoSnapshots();
  box.write(".jvsignore", "*.log\n");
  await box.save("with rules");
  box.write("second/run.log", "precious\n");
  await losingNothing(box, ["restore", box.first]);
  assertEquals([...contentsOf(`${box.main}/second`)], [["run.log", "precious\n"]]);
});

Deno.test("jvs restore saves an ignored file in a folder that becomes a file", async () => {
  using box = await twoSnapshots();
  box.write("thing", "a file\n");
  const { snapshot_id } = await box.save("thing is a file");
  Deno.removeSync(`${box.main}/thing`);
  box.write("thing/inside", "saved\n");
  box.write(".jvsignore", "*.log\n");
  await box.save("thing is a folder");
  box.write("thing/deep/run.log", "precious\n");
  const result = await losingNothing(box, ["restore", snapshot_id]);
  assertEquals(box.read("thing"), "a file\n");
  assertEquals(saved(box, result.autosave_snapshot_id).get("thing/deep/run.log"), "precious\n");
});

Deno.test("jvs restore keeps what is beneath a folder that becomes a file, and the reverse", async () => {
  using box = await twoSnapshots();
  Deno.removeSync(`${box.main}/both`);
  box.write("both/deep/inside", "precious\n");
  Deno.removeSync(`${box.main}/folder`, { recursive: true });
  box.write("folder", "precious file\n");
  const result = await losingNothing(box, ["restore", box.first]);
  assertEquals(box.read("both"), "first both\n");
  assertEquals(box.read("folder/a"), "first folder/a\n");
  const kept = saved(box, result.autosave_snapshot_id);
  assertEquals(kept.get("both/deep/inside"), "precious\n");
  assertEquals(kept.get("folder"), "precious file\n");
});

Deno.test("jvs restore keeps links, and folders of the name of a link", async () => {
  using box = await twoSnapshots();
  Deno.removeSync(`${box.main}/both`);
  Deno.symlinkSync("precious/target", `${box.main}/both`);
  Deno.removeSync(`${box.main}/folder`, { recursive: true });
  Deno.symlinkSync(box.outside, `${box.main}/folder`);
  Deno.writeTextFileSync(`${box.outside}/a`, "outside\n");
  const result = await losingNothing(box, ["restore", box.first]);
  assertEquals(saved(box, result.autosave_snapshot_id).get("both"), "-> precious/target");
  assertEquals(Deno.readTextFileSync(`${box.outside}/a`), "outside\n");
  assertEquals(box.read("folder/a"), "first folder/a\n");
});

Deno.test("jvs restore does not change a hard link outside the tree", async () => {
  using box = await twoSnapshots();
  const outside = `${box.outside}/other-name`;
  for (const [path, name] of [["both", "1"], ["only-second", "2"], ["folder/b", "3"]]) {
    Deno.linkSync(`${box.main}/${path}`, outside + name);
  }
  Deno.chmodSync(`${box.main}/folder/b`, 0o755);
  await losingNothing(box, ["restore", box.first]);
  assertEquals(Deno.readTextFileSync(`${outside}1`), "second both\n");
  assertEquals(Deno.readTextFileSync(`${outside}2`), "second only-second\n");
  assertEquals((Deno.statSync(`${outside}3`).mode ?? 0) & 0o777, 0o755);
  assertEquals((Deno.statSync(`${box.main}/folder/b`).mode ?? 0) & 0o777, 0o644);
  Deno.writeTextFileSync(`${outside}1`, "written by its other name\n");
  assertEquals(box.read("both"), "first both\n");
});

Deno.test("jvs restore --paths keeps unsaved work below those paths and leaves all else alone", async () => {
  using box = await twoSnapshots();
  box.write("folder/a", "precious\n");
  box.write("folder/new", "precious new\n");
  box.write("both", "not asked for\n");
  const result = await losingNothing(box, ["restore", box.first, "--paths", "folder"]);
  assertEquals(box.read("both"), "not asked for\n");
  assertEquals(box.read("folder/a"), "first folder/a\n");
  const kept = saved(box, result.autosave_snapshot_id);
  assertEquals([kept.get("folder/a"), kept.get("folder/new")], ["precious\n", "precious new\n"]);
});

Deno.test("jvs restore keeps unsaved work when the snapshot is another worktree's", async () => {
  using box = await twoSnapshots();
  await box.json(["worktree", "fork", box.first, "other"]);
  const worktree = `${box.path}/worktrees/other`;
  Deno.writeTextFileSync(`${worktree}/both`, "saved in main only\n");
  box.write("both", "saved in main only\n");
  await box.save("the same content, in main");
  Deno.writeTextFileSync(`${worktree}/mine`, "precious\n");
  const result = await losingNothing(box, ["restore", box.second], { worktree });
  assertEquals(saved(box, result.autosave_snapshot_id).get("mine"), "precious\n");
});

Deno.test("jvs restore keeps unsaved work when it goes back and forth between autosaves", async () => {
  using box = await twoSnapshots();
  box.write("both", "one\n");
  const one = await losingNothing(box, ["restore", box.first]);
  box.write("both", "two\n");
  const two = await losingNothing(box, ["restore", one.autosave_snapshot_id ?? ""]);
  assertEquals(box.read("both"), "one\n");
  box.write("folder/new", "three\n");
  await losingNothing(box, ["restore", two.autosave_snapshot_id ?? ""]);
  assertEquals(box.read("both"), "two\n");
});

Deno.test("jvs restore loses unsaved work with --discard and with --force only", async () => {
  for (const flag of ["--discard", "--force"]) {
    using box = await twoSnapshots();
    box.write("both", "given up\n");
    const result = await box.json(["restore", box.first, flag]);
    assertEquals(result.autosave_snapshot_id, null);
    for (const payload of payloadsOf(box.control).values()) {
      assertNotEquals(payload.get("both"), "given up\n");
    }
    await box.audit();
  }
});

Deno.test("jvs restore --preview changes nothing", async () => {
  using box = await twoSnapshots();
  box.write("both", "precious\n");
  const before = [...contentsOf(box.main)];
  await losingNothing(box, ["restore", box.first, "--preview"]);
  assertEquals([...contentsOf(box.main)], before);
  assertEquals(payloadsOf(box.control).size, 2);
});

Deno.test("jvs restore refuses unsaved work where restore.unsaved says so", async () => {
  using box = await twoSnapshots();
  await box.json(["config", "set", "restore.unsaved", "refuse"]);
  box.write("both", "precious\n");
  const { hint } = await box.error("E_UNSAVED_CHANGES", ["restore", box.first]);
  assertStringIncludes(hint, "--discard");
  assertEquals(box.read("both"), "precious\n");
  await box.audit();
});

Deno.test("jvs worktree remove --force saves everything, ignored files too", async () => {
  using box = await twoSnapshots();
  await box.json(["worktree", "fork", "other"]);
  const worktree = `${box.path}/worktrees/other`;
  Deno.writeTextFileSync(`${worktree}/.jvsignore`, "*.log\n");
  Deno.writeTextFileSync(`${worktree}/both`, "precious\n");
  Deno.writeTextFileSync(`${worktree}/folder/run.log`, "precious log\n");
  Deno.linkSync(`${worktree}/folder/b`, `${box.outside}/other-name`);
  const before = contentsOf(worktree);
  await box.error("E_UNSAVED_CHANGES", ["worktree", "remove", "other"]);
  assertEquals(contentsOf(worktree), before);
  const { autosave_snapshot_id } = await box.json<{ autosave_snapshot_id: string }>(
    ["worktree", "remove", "other", "--force"],
  );
  assertEquals(exists(worktree), false);
  assertEquals(saved(box, autosave_snapshot_id), before);
  assertEquals(Deno.readTextFileSync(`${box.outside}/other-name`), "first folder/b\n");
  await box.audit();
});

Deno.test("jvs worktree remove takes a worktree whose only unsaved files are ignored for unsaved", async () => {
  using box = await twoSnapshots();
  box.write(".jvsignore", "*.log\n");
  await box.save("with rules");
  await box.json(["worktree", "fork", "other"]);
  const log = `${box.path}/worktrees/other/run.log`;
  Deno.writeTextFileSync(log, "precious\n");
  await box.error("E_UNSAVED_CHANGES", ["worktree", "remove", "other"]);
  assertEquals(Deno.readTextFileSync(log), "precious\n");
  await box.audit();
});

Deno.test("jvs worktree create and rename never take the place of something that is there", async () => {
  using box = await twoSnapshots();
  await box.json(["worktree", "fork", "mine"]);
  const place = `${box.path}/worktrees/taken`;
  Deno.mkdirSync(place);
  Deno.writeTextFileSync(`${place}/file`, "precious\n");
  await box.error("E_ALREADY_EXISTS", ["worktree", "create", "taken"]);
  await box.error("E_ALREADY_EXISTS", ["worktree", "fork", box.first, "taken"]);
  await box.error("E_ALREADY_EXISTS", ["worktree", "rename", "mine", "taken"]);
  await box.error("E_ALREADY_EXISTS", ["restore", box.first, "--name", "taken"]);
  assertEquals(Deno.readTextFileSync(`${place}/file`), "precious\n");
  assert(exists(`${box.path}/worktrees/mine/both`));
  Deno.renameSync(place, `${box.outside}/taken`); // doctor and gc take it for a worktree that lost its record
  await box.audit();
});

Deno.test({
  name: "jvs restore keeps content that was stored through an open memory map",
  ...requires("python3"),
  fn: async () => {
    using box = await twoSnapshots();
    mustRun("python3", "-c", MAPPED, `${box.main}/both`);
    const result = await losingNothing(box, ["restore", box.first]);
    assertEquals(saved(box, result.autosave_snapshot_id).get("both"), "SECOND both\n");
  },
});

const MAPPED = `
import mmap, sys
with open(sys.argv[1], "r+b") as file, mmap.mmap(file.fileno(), 0) as view:
    view[0:6] = b"SECOND"
`;

Deno.test("jvs restore --paths brings back what lies below a file of today, and keeps that file", async () => {
  using box = await twoSnapshots();
  Deno.removeSync(`${box.main}/folder`, { recursive: true });
  box.write("folder", "precious\n");
  const result = await losingNothing(box, ["restore", box.first, "--paths", "folder/a"]);
  assertEquals([...contentsOf(`${box.main}/folder`)], [["a", "first folder/a\n"]]);
  assertEquals(saved(box, result.autosave_snapshot_id).get("folder"), "precious\n");
});

Deno.test("jvs restore --verify reads what an earlier restore brought back unread", async () => {
  using box = await BlackBox.make();
  box.write("f", "GOODGOOD");
  const { snapshot_id: first } = await box.save("first");
  box.write("more", "");
  const { snapshot_id: second } = await box.save("second");
  const copy = (id: string) => `${box.control}/snapshots/${id}/f`;
  Deno.removeSync(copy(second));
  Deno.writeTextFileSync(copy(second), "EVILEVIL"); // only the second one's copy is damaged
  mustRun("touch", "-r", copy(first), copy(second));
  Deno.removeSync(`${box.main}/f`);
  await box.json(["config", "set", "restore.verify_limit", "0"]);
  await box.json(["restore", second, "--discard"]);
  assertEquals(box.read("f"), "EVILEVIL");
  await box.json(["restore", first, "--verify"]);
  assertEquals(box.read("f"), "GOODGOOD");
});
