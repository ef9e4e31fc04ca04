import { assertEquals } from "@std/assert";
import { fullAudit } from "../tests/support/full_audit.ts";
import { jvsJson } from "../tests/support/jvs.ts";
import { namesIn } from "../tests/support/files.ts";
import { tempDir } from "../tests/support/temp_dir.ts";

Deno.test("rule 26: jvs leaves no file of its own in a payload root", async () => {
  using folder = tempDir();
  await jvsJson(["init", "p"], { cwd: folder.path });
  const root = `${folder.path}/p`;
  const main = { cwd: `${root}/main` };
  assertEquals(namesIn(main.cwd), []);
  Deno.writeTextFileSync(`${main.cwd}/a`, "1");
  const { snapshot } = await jvsJson<{ snapshot: { snapshot_id: string } }>(["snapshot", "first"], main);
  Deno.writeTextFileSync(`${main.cwd}/a`, "2");
  await jvsJson(["restore", snapshot.snapshot_id], main);
  await jvsJson(["worktree", "fork", "fork"], main);
  await jvsJson(["worktree", "fork", "--live", "live"], main);
  await jvsJson(["worktree", "create", "empty"], main);
  assertEquals(namesIn(main.cwd), ["a"]);
  assertEquals(namesIn(`${root}/worktrees/fork`), ["a"]);
  assertEquals(namesIn(`${root}/worktrees/live`), ["a"]);
  assertEquals(namesIn(`${root}/worktrees/empty`), []);
  assertEquals(namesIn(`${root}/.jvs/snapshots/${snapshot.snapshot_id}`), ["a"]);
  await fullAudit(root);
});
