import { assertEquals } from "@std/assert";
import { fullAudit } from "../tests/support/full_audit.ts";
import { jvsError, jvsJson } from "../tests/support/jvs.ts";
import { namesIn } from "../tests/support/files.ts";
import { tempDir } from "../tests/support/temp_dir.ts";

const LEADING_OUT = ["../out", "../../out", "a/b", "/tmp/out", "..", "a\\b"];

Deno.test("rule 7: jvs refuses every name that would lead out of the repository", async () => {
  using folder = tempDir();
  const at = { cwd: folder.path };
  for (const name of LEADING_OUT) await jvsError("E_PATH_ESCAPE", ["init", name], at);
  await jvsJson(["init", "p"], at);
  const main = { cwd: `${folder.path}/p/main` };
  Deno.writeTextFileSync(`${main.cwd}/a`, "1");
  await jvsJson(["snapshot", "first"], main);
  await jvsJson(["worktree", "fork", "try"], main);
  const commands = [
    ["worktree", "create"],
    ["worktree", "fork"],
    ["worktree", "fork", "HEAD"],
    ["worktree", "fork", "--live"],
    ["worktree", "rename", "try"],
    ["worktree", "remove"],
    ["worktree", "path"],
    ["ref", "create"],
    ["ref", "delete"],
    ["restore", "HEAD", "--name"],
  ];
  for (const command of commands) {
    for (const name of LEADING_OUT) await jvsError("E_PATH_ESCAPE", [...command, name], main);
  }
  assertEquals(namesIn(folder.path), ["p"]);
  assertEquals(namesIn(`${folder.path}/p`), [".jvs", "main", "worktrees"]);
  assertEquals(namesIn(`${folder.path}/p/worktrees`), ["try"]);
  await fullAudit(`${folder.path}/p`);
});

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
