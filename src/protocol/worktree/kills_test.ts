import { assert, assertEquals } from "@std/assert";
import { killedAt } from "../../../tests/support/kill_point.ts";
import { exists, namesIn } from "../../../tests/support/files.ts";
import { TestRepository } from "../../../tests/support/repository.ts";
import { doctor } from "../../operation/doctor.ts";
import { worktreeCreate } from "../../operation/worktree_create.ts";
import { worktreeFork } from "../../operation/worktree_fork.ts";
import { worktreeList } from "../../operation/worktree_list.ts";
import { worktreeRemove } from "../../operation/worktree_remove.ts";
import { worktreeRename } from "../../operation/worktree_rename.ts";

/** Kills an operation at each of its changes in turn, lets the next change recover, and looks at what came of it. */
async function everywhere(
  prepare: (repository: TestRepository) => Promise<unknown>,
  operate: (repository: TestRepository) => Promise<unknown>,
  look: (repository: TestRepository, where: string) => Promise<void>,
): Promise<void> {
  let done = 0;
  for (let n = 1;; n++) {
    using repository = await TestRepository.saved();
    await prepare(repository);
    const killed = await killedAt(n, () => operate(repository));
    await repository.call(worktreeCreate, { name: "next" });
    await look(repository, `killed at ${n}`);
    assertEquals((await repository.open()).store.intents.list(), [], `killed at ${n}`);
    assertEquals(namesIn(`${repository.path}/.jvs/runtime/shared/staging`), [], `killed at ${n}`);
    if (!killed) break;
    done++;
  }
  assert(done > 10, `only ${done} changes were seen`);
}

async function namesAndFolders(repository: TestRepository): Promise<string[][]> {
  const { worktrees } = await repository.call(worktreeList);
  for (const { name, state } of worktrees) assertEquals(state, "ok", name);
  return [worktrees.map(({ name }) => name), namesIn(`${repository.path}/worktrees`)];
}

async function records(repository: TestRepository, operation: string): Promise<number> {
  return (await repository.audit()).filter((record) => record.operation === operation).length;
}

Deno.test("worktree changes: leaves all or nothing of a fork killed at any moment", async () => {
  await everywhere(
    () => Promise.resolve(),
    (repository) => repository.call(worktreeFork, { name: "try" }),
    async (repository, where) => {
      const [names, folders] = await namesAndFolders(repository);
      const isMade = await records(repository, "worktree fork") === 1;
      assertEquals(names, isMade ? ["main", "next", "try"] : ["main", "next"], where);
      assertEquals(folders, isMade ? ["next", "try"] : ["next"], where);
      if (isMade) assertEquals(repository.read("worktrees/try/data/b.txt"), "two\n", where);
    },
  );
});

Deno.test("worktree changes: leaves the old or the new name of a worktree killed while it is renamed", async () => {
  await everywhere(
    (repository) => repository.call(worktreeFork, { name: "try" }),
    (repository) => repository.call(worktreeRename, { name: "try", new_name: "won" }),
    async (repository, where) => {
      const [names, folders] = await namesAndFolders(repository);
      const name = await records(repository, "worktree rename") === 1 ? "won" : "try";
      assertEquals(names, ["main", "next", name], where);
      assertEquals(folders, ["next", name], where);
      assertEquals(repository.read(`worktrees/${name}/a.txt`), "one\n", where);
    },
  );
});

Deno.test("worktree changes: puts a worktree back, or removes all of it, when its removal is killed", async () => {
  await everywhere(
    (repository) => repository.call(worktreeFork, { name: "try" }),
    (repository) => repository.call(worktreeRemove, { name: "try" }),
    async (repository, where) => {
      const [names, folders] = await namesAndFolders(repository);
      const isGone = await records(repository, "worktree remove") === 1;
      assertEquals(names, isGone ? ["main", "next"] : ["main", "next", "try"], where);
      assertEquals(folders, isGone ? ["next"] : ["next", "try"], where);
      if (!isGone) assertEquals(repository.read("worktrees/try/data/b.txt"), "two\n", where);
      const { store } = await repository.open();
      assertEquals(store.pins.list().length, isGone ? 1 : 0, where);
    },
  );
});

Deno.test("worktree changes: frees a name that a killed fork had taken", async () => {
  using repository = await TestRepository.saved();
  for (let n = 1; await killedAt(n, () => repository.call(worktreeFork, { name: `try${n}` })); n++) {
    if (!(await repository.call(worktreeList)).worktrees.some(({ name }) => name === `try${n}`)) {
      await repository.call(worktreeFork, { name: `try${n}` }).catch((error) => {
        // Killed after the folder became visible: then it was finished instead.
        assertEquals(error.code, "E_ALREADY_EXISTS");
      });
    }
    assertEquals(repository.read(`worktrees/try${n}/a.txt`), "one\n");
  }
});

Deno.test("worktree changes: a killed fork is undone where the folder for worktrees is gone and none can be made", async () => {
  let undone = 0;
  for (let n = 1;; n++) {
    using repository = await TestRepository.saved();
    if (!await killedAt(n, () => repository.call(worktreeFork, { name: "try" }))) break;
    const folder = `${repository.path}/worktrees`;
    if (!exists(folder) || namesIn(folder).length > 0) continue;
    Deno.removeSync(folder);
    await repository.call(doctor, { repair_runtime: true });
    assertEquals((await repository.open()).store.intents.list(), [], `killed at ${n}`);
    assertEquals(exists(folder), false, `killed at ${n}: it was made to undo the fork`);
    undone++;
  }
  assert(undone > 10, `only ${undone} were undone`);
});
