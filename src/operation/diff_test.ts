import { assertEquals, assertMatch } from "@std/assert";
import { TestRepository } from "../../tests/support/repository.ts";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { patchesOf } from "../protocol/look/patches.ts";
import { compareSides } from "../protocol/look/differences.ts";
import { nowSide, snapshotSide } from "../protocol/look/side.ts";
import { diff } from "./diff.ts";

type Input = { from?: string; to?: string; stat?: boolean };

/** Patches by path. */
async function patches(repository: TestRepository, input: Input = {}): Promise<Record<string, unknown>> {
  const { differences } = await repository.call(diff, { ...input, patch: true });
  return Object.fromEntries(differences.map(({ path, patch }) => [path, patch]));
}

Deno.test("diff() has no patches unless they are asked for", async () => {
  using repository = await TestRepository.saved();
  repository.write("main/a.txt", "other\n");
  const { differences } = await repository.call(diff);
  assertEquals(differences.map((each) => "patch" in each), [false]);
  assertEquals(await patches(repository, { stat: true }), {});
});

Deno.test("diff() shows lines of changed, added and removed texts, and says which files are no text", async () => {
  using repository = await TestRepository.saved();
  repository.write("main/binary", "a\0b");
  repository.write("main/latin", "x");
  repository.write("main/large", "x");
  repository.write("main/moved", "moved\n");
  repository.write("main/mode", "mode\n");
  const last = await repository.save();
  repository.write("main/a.txt", "one\nmore\n");
  Deno.removeSync(`${repository.main}/data`, { recursive: true });
  repository.write("main/new/größe x", "new");
  repository.write("main/binary", "a\0c");
  Deno.writeFileSync(`${repository.main}/latin`, Uint8Array.of(0xe4));
  Deno.writeFileSync(`${repository.main}/large`, new Uint8Array(5_000_001).fill(0x61));
  Deno.renameSync(`${repository.main}/moved`, `${repository.main}/to`);
  Deno.chmodSync(`${repository.main}/mode`, 0o755);
  Deno.symlinkSync("a.txt", `${repository.main}/link`);
  assertEquals(await patches(repository), {
    "a.txt": "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1,2 @@\n one\n+more\n",
    "binary": "Binary files a/binary and b/binary differ\n",
    "data": null,
    "data/b.txt": "--- a/data/b.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-two\n",
    "large": "Binary files a/large and b/large differ\n",
    "latin": "Binary files a/latin and b/latin differ\n",
    "link": null,
    "mode": null,
    "new": null,
    "new/größe x": "--- /dev/null\n+++ b/new/größe x\t\n@@ -0,0 +1 @@\n+new\n\\ No newline at end of file\n",
    "to": null,
  });
  const between = await patches(repository, { from: repository.first, to: last });
  assertEquals(between["moved"], "--- /dev/null\n+++ b/moved\n@@ -0,0 +1 @@\n+moved\n");
  const back = await patches(repository, { from: "@", to: last });
  assertEquals(back["a.txt"], "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1 @@\n one\n-more\n");
});

Deno.test("diff() shows all as new before the first snapshot, and a file that became a link as removed", async () => {
  using repository = await TestRepository.make();
  repository.write("main/x", "1\n");
  assertEquals(await patches(repository), { "x": "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+1\n" });
  await repository.save();
  Deno.removeSync(`${repository.main}/x`);
  Deno.symlinkSync("elsewhere", `${repository.main}/x`);
  assertEquals(await patches(repository), { "x": "--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n" });
});

Deno.test("patchesOf() says which file vanished meanwhile, and where the patches are too many", async () => {
  using repository = await TestRepository.saved();
  repository.write("main/a.txt", "other\n");
  repository.write("main/data/b.txt", "another\n");
  const context = await repository.open();
  using from = await snapshotSide(context, repository.first);
  using to = await nowSide(context, context.store.worktrees.get("main"));
  const { differences } = await compareSides(from, to, { metadata: false });
  Deno.removeSync(`${repository.main}/a.txt`);
  const [vanished, other] = await patchesOf(from, to, differences, context.signal);
  assertMatch(
    vanished ?? "",
    /^a\/a\.txt and b\/a\.txt differ\. Cannot open ".*a\.txt": it is not there\.\n$/,
  );
  assertMatch(other ?? "", /^\+another$/m);
  const [, cut] = await patchesOf(from, to, differences, context.signal, 1);
  assertMatch(cut ?? "", /^a\/data\/b\.txt and b\/data\/b\.txt differ\. The patches before are too many/);
});

Deno.test("diff() gives patches that make the old tree the new one", requires("git"), async () => {
  using repository = await TestRepository.saved();
  using folder = tempDir();
  const copy = `${folder.path}/copy`;
  mustRun("cp", "-a", repository.main, copy);
  repository.write("main/a.txt", "changed\n");
  repository.write("main/new/c d", "new");
  Deno.removeSync(`${repository.main}/data/b.txt`);
  const all = Object.values(await patches(repository)).filter((patch) => typeof patch === "string");
  Deno.writeTextFileSync(`${folder.path}/patch`, all.join(""));
  mustRun("git", "-C", copy, "apply", "../patch");
  assertEquals(Deno.readTextFileSync(`${copy}/a.txt`), "changed\n");
  assertEquals(Deno.readTextFileSync(`${copy}/new/c d`), "new");
  assertEquals([...Deno.readDirSync(copy)].map(({ name }) => name).sort(), ["a.txt", "new"]);
});
