import { assertEquals, assertMatch } from "@std/assert";
import { TestRepository } from "../../tests/support/repository.ts";
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
    "a.txt": "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1,2 @@\n one\n+more\n",
    "binary": "Binary files a/binary and b/binary differ\n",
    "data": null,
    "data/b.txt": "diff --git a/data/b.txt b/data/b.txt\ndeleted file mode 100644\n" +
      "--- a/data/b.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-two\n",
    "large": "a/large and b/large differ. The parts that differ are too large to compare by lines.\n",
    "latin": "Binary files a/latin and b/latin differ\n",
    "link": null,
    "mode": "diff --git a/mode b/mode\nold mode 100644\nnew mode 100755\n",
    "new": null,
    "new/größe x":
      'diff --git "a/new/gr\\303\\266\\303\\237e x" "b/new/gr\\303\\266\\303\\237e x"\nnew file mode 100644\n' +
      "--- /dev/null\n+++ b/new/größe x\t\n@@ -0,0 +1 @@\n+new\n\\ No newline at end of file\n",
    "to": "diff --git a/moved b/to\nsimilarity index 100%\nrename from moved\nrename to to\n",
  });
  const between = await patches(repository, { from: repository.first, to: last });
  assertEquals(
    between["moved"],
    "diff --git a/moved b/moved\nnew file mode 100644\n--- /dev/null\n+++ b/moved\n@@ -0,0 +1 @@\n+moved\n",
  );
  const back = await patches(repository, { from: "@", to: last });
  assertEquals(
    back["a.txt"],
    "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1 @@\n one\n-more\n",
  );
});

Deno.test("diff() shows all as new before the first snapshot, and a file that became a link as removed", async () => {
  using repository = await TestRepository.make();
  repository.write("main/x", "1\n");
  assertEquals(await patches(repository), {
    "x": "diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+1\n",
  });
  await repository.save();
  Deno.removeSync(`${repository.main}/x`);
  Deno.symlinkSync("elsewhere", `${repository.main}/x`);
  assertEquals(await patches(repository), {
    "x": "diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n",
  });
});

Deno.test("patchesOf() says which file vanished meanwhile, and where the patches are too many", async () => {
  using repository = await TestRepository.saved();
  repository.write("main/a.txt", "other\n");
  repository.write("main/data/b.txt", "another\n");
  const context = await repository.open();
  using from = await snapshotSide(context, repository.first);
  using to = await nowSide(context, context.store.worktrees.get("main"));
  const { differences } = await compareSides(context, from, to, { metadata: false });
  Deno.removeSync(`${repository.main}/a.txt`);
  const [vanished, other] = await patchesOf(from, to, differences, context);
  assertMatch(
    vanished ?? "",
    /^a\/a\.txt and b\/a\.txt differ\. Cannot open ".*a\.txt": it is not there\.\n$/,
  );
  assertMatch(other ?? "", /^\+another$/m);
  const [, cut] = await patchesOf(from, to, differences, context, 1);
  assertMatch(cut ?? "", /^a\/data\/b\.txt and b\/data\/b\.txt differ\. The patches before are too many/);
});
