import { assertEquals, assertRejects } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { callIn } from "../../tests/support/context.ts";
import { exists } from "../../tests/support/files.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { adopt } from "./adopt.ts";
import { snapshot } from "./snapshot.ts";
import { status } from "./status.ts";
import { worktreeFork } from "./worktree_fork.ts";
import { worktreeList } from "./worktree_list.ts";
import { worktreePath } from "./worktree_path.ts";
import { worktreeRename } from "./worktree_rename.ts";

Deno.test("worktreeRename() moves the folder with the name, and its line goes on", async () => {
  using repository = await TestRepository.saved();
  await repository.call(worktreeFork, { name: "try" });
  repository.write("worktrees/try/unsaved", "kept\n");
  const result = await repository.call(worktreeRename, { name: "try", new_name: "won" });
  assertEquals(result, { name: "won", old_name: "try", path: `${repository.path}/worktrees/won` });
  assertEquals(exists(`${repository.path}/worktrees/try`), false);
  assertEquals(repository.read("worktrees/won/unsaved"), "kept\n");
  assertEquals((await repository.call(status, {}, { in: "worktrees/won" })).worktree, "won");
  const saved = await repository.call(snapshot, {}, { in: "worktrees/won" });
  assertEquals(saved.snapshot.parent_snapshot_id, repository.first);
  const last = (await repository.audit()).filter(({ operation }) => operation === "worktree rename");
  assertEquals(last.map(({ target, details }) => [target, details.old_name]), [["won", "try"]]);
});

Deno.test("worktreeRename() of main keeps its folder", async () => {
  using repository = await TestRepository.saved();
  const result = await repository.call(worktreeRename, { name: "main", new_name: "trunk" });
  assertEquals(result.path, repository.main);
  assertEquals((await repository.call(worktreePath)).name, "trunk");
});

Deno.test("worktreeRename() refuses names that are taken or none, and changes nothing", async () => {
  using repository = await TestRepository.saved();
  await repository.call(worktreeFork, { name: "try" });
  await repository.call(worktreeFork, { name: "other" });
  repository.write("worktrees/stray/file", "not ours");
  const bad: [string, string][] = [
    ["main", "E_ALREADY_EXISTS"],
    ["other", "E_ALREADY_EXISTS"],
    ["try", "E_ALREADY_EXISTS"],
    ["stray", "E_ALREADY_EXISTS"],
    ["a/b", "E_PATH_ESCAPE"],
    ["..", "E_PATH_ESCAPE"],
    [".x", "E_NAME_INVALID"],
    ["a b", "E_NAME_INVALID"],
    ["x".repeat(200), "E_NAME_INVALID"],
  ];
  for (const [new_name, code] of bad) {
    const error = await assertRejects(
      () => repository.call(worktreeRename, { name: "try", new_name }),
      JvsError,
    );
    assertEquals(error.code, code, new_name);
  }
  const { worktrees } = await repository.call(worktreeList);
  assertEquals(worktrees.map(({ name, state }) => [name, state]), [["main", "ok"], ["other", "ok"], [
    "try",
    "ok",
  ]]);
});

Deno.test("worktreeRename() refuses the adopted folder", async () => {
  using folder = tempDir();
  Deno.mkdirSync(`${folder.path}/work`);
  await callIn(`${folder.path}/work`, adopt);
  const input = { name: "main", new_name: "other" };
  const error = await assertRejects(() => callIn(`${folder.path}/work`, worktreeRename, input), JvsError);
  assertEquals(error.code, "E_USAGE");
});

Deno.test("worktreeRename() of two to one name at once renames one", async () => {
  using repository = await TestRepository.saved();
  for (const name of ["a", "b"]) await repository.call(worktreeFork, { name });
  const results = await Promise.allSettled(
    ["a", "b"].map((name) => repository.call(worktreeRename, { name, new_name: "c" })),
  );
  assertEquals(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const { worktrees } = await repository.call(worktreeList);
  assertEquals(worktrees.map(({ state }) => state), ["ok", "ok", "ok"]);
});
