import { assertEquals } from "@std/assert";
import { TestRepository } from "../../tests/support/repository.ts";
import { doctor } from "../operation/doctor.ts";
import { worktreeCreate } from "../operation/worktree_create.ts";
import { worktreeRemove } from "../operation/worktree_remove.ts";
import { worktreeRename } from "../operation/worktree_rename.ts";
import { recordedWorktrees } from "./recorded_worktrees.ts";

async function recorded(repository: TestRepository): Promise<string[]> {
  const { store } = await repository.open();
  return [...recordedWorktrees(store.layout).values()]
    .map(({ isBeforeRepair, isFirst, name }) =>
      `${name}${isFirst ? " first" : ""}${isBeforeRepair ? " before" : ""}`
    ).sort();
}

Deno.test("recordedWorktrees() follows makings, new names and removals, also one that only HEAD has", async () => {
  using repository = await TestRepository.make();
  assertEquals(await recorded(repository), ["main first"]);
  for (const name of ["one", "two"]) await repository.call(worktreeCreate, { name });
  await repository.call(worktreeRename, { name: "main", new_name: "trunk" });
  assertEquals(await recorded(repository), ["one", "trunk first", "two"]);
  await repository.call(worktreeRename, { name: "one", new_name: "main" });
  const log = `${repository.path}/.jvs/audit/audit.jsonl`;
  const before = Deno.readTextFileSync(log);
  await repository.call(worktreeRemove, { name: "two" });
  Deno.writeTextFileSync(log, before);
  assertEquals(await recorded(repository), ["main", "trunk first"]);
});

Deno.test("recordedWorktrees() says which were made before the trail was repaired", async () => {
  using repository = await TestRepository.make();
  await repository.call(worktreeCreate, { name: "old" });
  const log = `${repository.path}/.jvs/audit/audit.jsonl`;
  Deno.writeTextFileSync(log, "{\n", { append: true });
  await repository.call(doctor, { repair: ["audit_repair"] });
  await repository.call(worktreeCreate, { name: "new" });
  assertEquals(await recorded(repository), ["main first before", "new", "old before"]);
});
