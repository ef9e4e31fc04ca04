import { assertEquals, assertRejects } from "@std/assert";
import { type ErrorCode, JvsError } from "../../src/model/errors.ts";
import { gcUnpin } from "../../src/operation/gc_unpin.ts";
import { worktreeFork } from "../../src/operation/worktree_fork.ts";
import { worktreeRemove } from "../../src/operation/worktree_remove.ts";
import { TestRepository } from "./repository.ts";

/** A line of three in main, and a line of two that was removed with its pin; ids in their order. */
export async function twoLines(): Promise<TestRepository & { readonly ids: string[] }> {
  const repository = await TestRepository.saved();
  const ids = [repository.first];
  for (const text of ["2\n", "3\n"]) {
    repository.write("main/a.txt", text);
    ids.push(await repository.save(text));
  }
  await repository.call(worktreeFork, { name: "old" });
  for (const text of ["4\n", "5\n"]) {
    repository.write("worktrees/old/a.txt", text);
    ids.push(await repository.save(text, "worktrees/old"));
  }
  await repository.call(worktreeRemove, { name: "old" });
  await repository.call(gcUnpin, { pin: ids[4] ?? "" });
  return Object.assign(repository, { ids });
}

/** The error of a call, which must be of this class. */
export async function fails(code: ErrorCode, call: Promise<unknown>): Promise<JvsError> {
  const error = await assertRejects(() => call, JvsError);
  assertEquals(error.code, code, error.message);
  return error;
}
