import { assertEquals } from "@std/assert";
import { fullAudit } from "../tests/support/full_audit.ts";
import { jvsError, jvsJson } from "../tests/support/jvs.ts";
import { namesIn } from "../tests/support/files.ts";
import { tempDir } from "../tests/support/temp_dir.ts";

Deno.test("rule 28: jvs worktree remove removes payload and metadata, not snapshots", async () => {
  using folder = tempDir();
  await jvsJson(["init", "p"], { cwd: folder.path });
  const root = `${folder.path}/p`;
  const main = { cwd: `${root}/main` };
  Deno.writeTextFileSync(`${main.cwd}/a`, "1");
  await jvsJson(["snapshot", "first"], main);
  await jvsJson(["worktree", "fork", "try"], main);
  Deno.writeTextFileSync(`${root}/worktrees/try/b`, "2");
  const saved = await jvsJson<{ snapshot: { snapshot_id: string } }>(["snapshot", "in the fork"], {
    cwd: `${root}/worktrees/try`,
  });
  Deno.writeTextFileSync(`${root}/worktrees/try/c`, "unsaved");
  await jvsError("E_UNSAVED_CHANGES", ["worktree", "remove", "try"], main);
  const removed = await jvsJson<{ autosave_snapshot_id: string }>(
    ["worktree", "remove", "try", "--force"],
    main,
  );
  assertEquals(namesIn(`${root}/worktrees`), []);
  assertEquals(namesIn(`${root}/.jvs/worktrees`), ["main"]);
  const payloads = `${root}/.jvs/snapshots`;
  assertEquals(namesIn(`${payloads}/${saved.snapshot.snapshot_id}`), ["a", "b"]);
  assertEquals(namesIn(`${payloads}/${removed.autosave_snapshot_id}`), ["a", "b", "c"]);
  await jvsJson(["worktree", "fork", saved.snapshot.snapshot_id, "again"], main);
  assertEquals(namesIn(`${root}/worktrees/again`), ["a", "b"]);
  await jvsError("E_USAGE", ["worktree", "remove", "main", "--force"], main);
  await fullAudit(root);
});
