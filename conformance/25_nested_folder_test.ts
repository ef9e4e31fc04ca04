import { assertEquals } from "@std/assert";
import { fullAudit } from "../tests/support/full_audit.ts";
import { jvsJson } from "../tests/support/jvs.ts";
import { tempDir } from "../tests/support/temp_dir.ts";

async function worktreeAt(cwd: string): Promise<string> {
  return (await jvsJson<{ worktree: string }>(["status"], { cwd })).worktree;
}

Deno.test("rule 25: jvs finds the worktree from a nested folder", async () => {
  using folder = tempDir();
  await jvsJson(["init", "p"], { cwd: folder.path });
  const root = `${folder.path}/p`;
  Deno.mkdirSync(`${root}/main/deep/er`, { recursive: true });
  Deno.writeTextFileSync(`${root}/main/deep/er/file`, "1");
  await jvsJson(["snapshot", "first"], { cwd: `${root}/main/deep/er` });
  await jvsJson(["worktree", "fork", "try"], { cwd: `${root}/main/deep` });
  assertEquals(await worktreeAt(`${root}/main/deep/er`), "main");
  assertEquals(await worktreeAt(`${root}/worktrees/try/deep/er`), "try");
  // Where there is no worktree the first one is meant.
  assertEquals(await worktreeAt(root), "main");
  await fullAudit(root);
});

Deno.test("rule 25: jvs finds an adopted worktree from a nested folder", async () => {
  using folder = tempDir();
  Deno.mkdirSync(`${folder.path}/work/deep`, { recursive: true });
  Deno.writeTextFileSync(`${folder.path}/work/deep/file`, "1");
  await jvsJson(["adopt", "work"], { cwd: folder.path });
  await jvsJson(["snapshot", "first"], { cwd: `${folder.path}/work/deep` });
  assertEquals(await worktreeAt(`${folder.path}/work/deep`), "main");
  await fullAudit(`${folder.path}/work`);
});
