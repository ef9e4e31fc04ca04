import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { doctor } from "../src/operation/doctor.ts";
import { gcPin } from "../src/operation/gc_pin.ts";
import { snapshot } from "../src/operation/snapshot.ts";
import { isAt } from "../src/repo/discover.ts";
import { worktreeCreate } from "../src/operation/worktree_create.ts";
import { worktreeRemove } from "../src/operation/worktree_remove.ts";
import { worktreeRename } from "../src/operation/worktree_rename.ts";
import { killedAt } from "./support/kill_point.ts";
import { TestRepository } from "./support/repository.ts";
import { mustRun } from "./support/run.ts";

/** `old` was renamed to `new`; then the records of before were copied back, and work went on in both. */
async function withTwo(): Promise<TestRepository> {
  const repository = await TestRepository.make();
  const records = `${repository.path}/.jvs/worktrees`;
  await repository.call(worktreeCreate, { name: "old" });
  repository.write("worktrees/old/f", "1\n");
  await repository.save("1", "worktrees/old");
  mustRun("cp", "-a", `${records}/old`, `${repository.outside}/safe`);
  await repository.call(worktreeRename, { name: "old", new_name: "new" });
  repository.write("worktrees/new/f", "2\n");
  await repository.save("2", "worktrees/new");
  repository.write("worktrees/new/f", "precious\n");
  mustRun("cp", "-a", `${repository.outside}/safe`, `${records}/old`);
  repository.write("worktrees/old/f", "again\n");
  await repository.call(doctor, { repair_runtime: true });
  return repository;
}

async function told(repository: TestRepository): Promise<string[]> {
  return (await repository.call(doctor)).findings.map(({ code, message, severity }) =>
    `${severity} ${code} ${message}`
  );
}

Deno.test("doctor finds two worktrees with one id, says which is older by the audit trail, and how to go on", async () => {
  using repository = await withTwo();
  const [found = "", ...more] = (await told(repository)).filter((each) => each.includes("has the id of"));
  assertEquals(more, []);
  assertStringIncludes(found, 'critical E_DESCRIPTOR_CORRUPT The record of worktree "old"');
  assertStringIncludes(found, 'has the id of worktree "new"');
  await repository.call(gcPin, { snapshot: "old@", line: true });
  mustRun("mv", `${repository.path}/.jvs/worktrees/old`, `${repository.outside}/record`);
  mustRun("mv", `${repository.path}/worktrees/old`, `${repository.outside}/files`);
  assertEquals(await told(repository), []);
});

Deno.test("worktreeRemove(), killed anywhere, takes no other worktree whose record has the same id", async () => {
  using repository = await withTwo();
  const record = (name: string) =>
    Deno.readTextFileSync(`${repository.path}/.jvs/worktrees/${name}/config.json`);
  const before = record("new");
  const isRecordThere = () => isAt(`${repository.path}/.jvs/worktrees/old/config.json`);
  let afterRecord = 0;
  for (let n = 1;; n++) {
    const remove = () => repository.call(worktreeRemove, { name: "old", discard: true });
    const wasKilled = await killedAt(n, remove);
    const isGone = !isRecordThere();
    if (wasKilled && isGone) afterRecord++;
    await repository.call(doctor, { repair_runtime: true });
    assertEquals(
      [record("new"), repository.read("worktrees/new/f")],
      [before, "precious\n"],
      `killed at ${n}`,
    );
    assertEquals((await repository.open()).store.intents.list(), [], `killed at ${n}`);
    if (!isGone) assertEquals(repository.read("worktrees/old/f"), "again\n", `killed at ${n}`);
    else break;
  }
  assert(afterRecord > 0, "it was never killed after the record was gone");
  assertEquals(
    (await repository.audit()).filter(({ operation }) => operation === "worktree remove").length,
    1,
  );
  await repository.call(doctor, { repair: ["clean_tmp"] });
  assertEquals(await told(repository), []);
  await repository.call(snapshot, { note: "goes on" }, { in: "worktrees/new" });
});
