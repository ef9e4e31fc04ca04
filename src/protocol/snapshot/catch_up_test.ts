import { assertEquals, assertStringIncludes } from "@std/assert";
import { Signed } from "../../../tests/support/signed_repository.ts";
import { TestRepository } from "../../../tests/support/repository.ts";
import { doctor } from "../../operation/doctor.ts";
import { gcPins } from "../../operation/gc_pins.ts";
import { gcPlan } from "../../operation/gc_plan.ts";
import { keyTrust } from "../../operation/key_trust.ts";
import { restore } from "../../operation/restore.ts";
import { show } from "../../operation/show.ts";
import { snapshot } from "../../operation/snapshot.ts";
import { worktreeFork } from "../../operation/worktree_fork.ts";
import { worktreeRemove } from "../../operation/worktree_remove.ts";

type Repository = Pick<TestRepository, "path">;

const recordOf = ({ path }: Repository, name: string) => `${path}/.jvs/worktrees/${name}/config.json`;

/** Brings the record of a worktree back from before `work`, as from an old copy. */
async function forgetting(repository: Repository, name: string, work: () => Promise<unknown>): Promise<void> {
  const before = Deno.readTextFileSync(recordOf(repository, name));
  await work();
  Deno.writeTextFileSync(recordOf(repository, name), before);
}

/** Saves a change of a worktree, and gives the id. */
async function save(repository: TestRepository, text: string, where = "main"): Promise<string> {
  repository.write(`${where}/a.txt`, text);
  return await repository.save(text, where);
}

/** Collects sentences for the user. */
function warnings() {
  const said: string[] = [];
  return { said, reporter: { begin() {}, advance() {}, warn: (text: string) => void said.push(text) } };
}

async function candidatesOf(repository: TestRepository): Promise<readonly string[]> {
  return (await repository.call(gcPlan)).candidates;
}

Deno.test("catchUp() goes on from the last snapshot that the worktree's record does not know", async () => {
  using repository = await TestRepository.saved();
  const saved: string[] = [];
  await forgetting(repository, "main", async () => {
    saved.push(await save(repository, "2\n"), await save(repository, "3\n"));
  });
  repository.write("main/a.txt", "4\n");
  const { reporter, said } = warnings();
  const { snapshot: made } = await repository.call(snapshot, { note: "4" }, { reporter });
  assertEquals(made.parent_snapshot_id, saved[1]);
  assertEquals(said.length, 1);
  assertStringIncludes(said[0] ?? "", "2 snapshots that were saved in it");
  assertEquals(await candidatesOf(repository), []);
  assertEquals((await repository.call(doctor)).findings, []);
  const told = (await repository.audit()).filter(({ operation }) => operation === "doctor advance_head");
  assertEquals(told.map(({ target }) => target), saved.slice(1));
});

Deno.test("catchUp() follows the first snapshot of a worktree, too", async () => {
  using repository = await TestRepository.make();
  let first = "";
  await forgetting(repository, "main", async () => void (first = await save(repository, "1\n")));
  const second = await save(repository, "2\n");
  assertEquals((await repository.call(show, { snapshot: second })).snapshot.parent_snapshot_id, first);
  const { base_snapshot_id } = JSON.parse(Deno.readTextFileSync(recordOf(repository, "main")));
  assertEquals(base_snapshot_id, first);
});

Deno.test("catchUp() pins each line that the worktree's record does not know, where there are several", async () => {
  using repository = await TestRepository.saved();
  let [left, right] = ["", ""];
  const ready = () => `${repository.path}/.jvs/snapshots/${left}.READY`;
  await forgetting(repository, "main", async () => {
    await forgetting(repository, "main", async () => {
      await save(repository, "2\n");
      left = await save(repository, "3\n");
    });
    // Two lines from one snapshot, as two copies have them that were brought together.
    const ids = (await repository.open()).store.snapshots.list().slice(1);
    for (const id of ids) Deno.renameSync(ready().replace(left, id), `${repository.outside}/${id}`);
    right = await save(repository, "other\n");
    for (const id of ids) Deno.renameSync(`${repository.outside}/${id}`, ready().replace(left, id));
  });
  await save(repository, "4\n");
  const pins = (await repository.call(gcPins)).pins;
  assertEquals(pins.map(({ keeps_line, snapshot_id }) => [snapshot_id, keeps_line]).sort(), [
    [left, true],
    [right, true],
  ]);
  assertEquals(await candidatesOf(repository), []);
  await save(repository, "5\n");
  assertEquals((await repository.call(gcPins)).pins.length, 2, "once is enough");
});

Deno.test("catchUp() keeps the line when the worktree is left by --branch, or removed", async () => {
  using repository = await TestRepository.saved();
  await repository.call(worktreeFork, { name: "try" });
  const first = await save(repository, "2\n", "worktrees/try");
  await forgetting(repository, "try", async () => {
    await save(repository, "3\n", "worktrees/try");
    await save(repository, "4\n", "worktrees/try");
  });
  await repository.call(worktreeRemove, { name: "try", force: true });
  assertEquals(await candidatesOf(repository), []);

  await forgetting(repository, "main", async () => {
    await save(repository, "5\n");
    await save(repository, "6\n");
  });
  await repository.call(restore, { snapshot: first, discard: true });
  repository.write("main/a.txt", "7\n");
  await repository.call(snapshot, { branch: true });
  assertEquals(await candidatesOf(repository), []);
});

Deno.test("catchUp() finds them among many snapshots of other worktrees", async () => {
  using repository = await TestRepository.saved();
  await repository.call(worktreeFork, { name: "busy" });
  let lost = "";
  await forgetting(repository, "main", async () => void (lost = await save(repository, "2\n")));
  for (let n = 0; n < 70; n++) await save(repository, `${n}\n`, "worktrees/busy");
  const next = await save(repository, "3\n");
  assertEquals((await repository.call(show, { snapshot: next })).snapshot.parent_snapshot_id, lost);
});

Deno.test("catchUp() follows no snapshot that is not signed as it must be, and keeps it", async () => {
  using repository = await Signed.make();
  const first = await repository.save("first");
  await repository.call(keyTrust, { require: true });
  let forged = "";
  await forgetting(repository, "main", async () => void (forged = await repository.save("forged")));
  Deno.removeSync(`${repository.path}/.jvs/signatures/${forged}.json`);
  const next = await repository.save("next");
  assertEquals((await repository.call(show, { snapshot: next })).snapshot.parent_snapshot_id, first);
  assertEquals((await repository.call(gcPins)).pins.map(({ snapshot_id }) => snapshot_id), [forged]);
});
