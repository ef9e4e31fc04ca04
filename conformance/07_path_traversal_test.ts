import { assertEquals } from "@std/assert";
import { jvsError, jvsJson } from "../tests/support/jvs.ts";
import { namesIn } from "../tests/support/files.ts";
import { tempDir } from "../tests/support/temp_dir.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(7);

Deno.test("rule 7: jvs follows no link that was put where worktrees stand", async () => {
  using folder = tempDir();
  await jvsJson(["init", "p"], { cwd: folder.path });
  const main = { cwd: `${folder.path}/p/main` };
  Deno.mkdirSync(`${folder.path}/elsewhere`);
  Deno.symlinkSync(`${folder.path}/elsewhere`, `${folder.path}/p/worktrees`);
  await jvsError("E_PATH_ESCAPE", ["worktree", "create", "try"], main);
  Deno.removeSync(`${folder.path}/p/worktrees`);
  await jvsJson(["worktree", "create", "try"], main);
  Deno.removeSync(`${folder.path}/p/worktrees/try`);
  Deno.symlinkSync(`${folder.path}/elsewhere`, `${folder.path}/p/worktrees/try`);
  Deno.writeTextFileSync(`${folder.path}/elsewhere/precious`, "mine");
  for (const command of [["snapshot", "--worktree", "try"], ["worktree", "remove", "try", "--force"]]) {
    await jvsError("E_PATH_ESCAPE", command, main);
  }
  assertEquals(namesIn(`${folder.path}/elsewhere`), ["precious"]);
});
