import { assert, assertEquals, assertRejects } from "@std/assert";
import { namesIn } from "../../../tests/support/files.ts";
import { changesUntil, killedAt } from "../../../tests/support/kill_point.ts";
import { TestRepository } from "../../../tests/support/repository.ts";
import { JvsError } from "../../model/errors.ts";
import { doctor } from "../../operation/doctor.ts";
import { gcPin } from "../../operation/gc_pin.ts";
import { gcPlan } from "../../operation/gc_plan.ts";
import { gcRun } from "../../operation/gc_run.ts";
import { gcUnpin } from "../../operation/gc_unpin.ts";
import { restore } from "../../operation/restore.ts";
import { verify } from "../../operation/verify.ts";
import { worktreeFork } from "../../operation/worktree_fork.ts";
import { worktreeRemove } from "../../operation/worktree_remove.ts";

/** Four in main, of which two are to be pruned, and two of a line that was removed, which are to be deleted. */
async function someGarbage(): Promise<TestRepository & { readonly ids: string[] }> {
  const repository = await TestRepository.saved();
  const ids = [repository.first];
  for (const text of ["2\n", "3\n", "4\n"]) {
    repository.write("main/a.txt", text);
    ids.push(await repository.save());
  }
  await repository.call(worktreeFork, { name: "old", snapshot: ids[1] ?? "" });
  for (const text of ["5\n", "6\n"]) {
    repository.write("worktrees/old/a.txt", text);
    ids.push(await repository.save("", "worktrees/old"));
  }
  await repository.call(worktreeRemove, { name: "old" });
  await repository.call(gcUnpin, { pin: ids[5] ?? "" });
  // By age everything would stay, by number two of each worktree: what goes must be the same at every kill.
  const limit = (max_repo_bytes: number) =>
    Deno.writeTextFileSync(
      `${repository.path}/.jvs/gc/retention.json`,
      JSON.stringify({ two: { prune_ancestors: true, keep_days: 1, max_repo_bytes } }),
    );
  limit(1);
  const refused = await assertRejects(() => repository.call(gcPlan, { policy: "two" }), JvsError);
  limit(Number(refused.details["kept_bytes"]));
  return Object.assign(repository, { ids });
}

/** What a snapshot is: whole, without content, or gone. Anything between is named. */
async function stateOf(repository: TestRepository, id: string): Promise<string> {
  const { store } = await repository.open();
  const { snapshots, layout } = store;
  if (snapshots.exists(id)) {
    const { severity } = await repository.call(verify, { snapshot: id });
    return severity === "ok" && layout.payload(id).isThere() ? "whole" : `there, but ${severity}`;
  }
  if (layout.payload(id).isThere()) return "a payload without a marker";
  if (snapshots.isPruned(id)) {
    return (await snapshots.readable(id)) === undefined ? "a marker alone" : "pruned";
  }
  return "gone";
}

Deno.test("gc run: killed at any moment, each snapshot is whole or out, and the next run ends it", async () => {
  let kills = 0;
  for (let n = 1;; n++) {
    using repository = await someGarbage();
    const collect = () => repository.call(gcRun, { yes: true, policy: "two" });
    const killed = await killedAt(n, collect);
    const where = `killed at ${n}`;
    await repository.call(gcPin, { snapshot: "HEAD" }); // any change recovers what was interrupted
    const states = await Promise.all(repository.ids.map((id) => stateOf(repository, id)));
    for (const [i, state] of states.entries()) {
      const meant = i < 3 ? "pruned" : i === 3 ? "whole" : "gone";
      assert(state === meant || state === "whole", `${where}: snapshot ${i} is ${state}`);
    }
    const { findings } = await repository.call(doctor, { strict: true });
    const left = findings.filter(({ code }) => code !== "LEFTOVER");
    assertEquals(left, [], where);
    await collect();
    assertEquals(await Promise.all(repository.ids.map((id) => stateOf(repository, id))), [
      "pruned",
      "pruned",
      "pruned",
      "whole",
      "gone",
      "gone",
    ], where);
    await everythingIsTold(repository, where);
    if (!killed) break;
    kills++;
  }
  assert(kills > 30, `only ${kills} changes were seen`);
});

Deno.test("gc run: killed at any moment, and its tombstone lost: nothing stays of what went, and doctor never takes it for damage", async () => {
  for (let n = await changesToTombstone();; n++) {
    using repository = await someGarbage();
    const collect = () => repository.call(gcRun, { yes: true, policy: "two" });
    const killed = await killedAt(n, collect);
    const where = `killed at ${n}`;
    const tombstones = `${repository.path}/.jvs/gc/tombstones`;
    for (const name of namesIn(tombstones)) Deno.removeSync(`${tombstones}/${name}`, { recursive: true });
    const { findings } = await repository.call(doctor, { strict: true });
    assertEquals(
      findings.filter(({ code }) => !["AUDIT_PENDING", "INTENT_OPEN", "LEFTOVER"].includes(code)),
      [],
      where,
    );
    await collect();
    await repository.call(doctor, { repair: ["clean_tmp"] });
    assertEquals(
      partsOf(repository),
      [
        ...repository.ids.slice(0, 3).map((id) => `${id}.PRUNED`),
        repository.ids[3],
        `${repository.ids[3]}.READY`,
      ].toSorted(),
      where,
    );
    assertEquals((await repository.call(doctor, { strict: true })).findings, [], where);
    if (!killed) break;
  }
});

/** How many changes of the file system a run makes until there is a tombstone. */
async function changesToTombstone(): Promise<number> {
  using repository = await someGarbage();
  const isMarked = () =>
    namesIn(`${repository.path}/.jvs/gc/tombstones`).some((name) => name.endsWith(".json"));
  return await changesUntil(isMarked, () => repository.call(gcRun, { yes: true, policy: "two" }));
}

/** What is among the snapshots; fails if a descriptor or manifest is there of a snapshot of which nothing should be. */
function partsOf({ ids, path }: TestRepository & { readonly ids: string[] }): string[] {
  const gone = ids.slice(4);
  const records = ["descriptors", "manifests"].flatMap((folder) => namesIn(`${path}/.jvs/${folder}`));
  assertEquals(
    records.filter((name) => !name.endsWith(".pack") && gone.some((id) => name.startsWith(id))),
    [],
  );
  return namesIn(`${path}/.jvs/snapshots`).toSorted();
}

/** Nothing is left over, and the audit trail names each snapshot that went once. */
async function everythingIsTold(
  repository: TestRepository & { readonly ids: string[] },
  where: string,
): Promise<void> {
  const records = (await repository.audit()).filter(({ operation }) => operation === "gc run");
  const told = records.flatMap(({ details }) => [details.pruned, details.deleted].flat());
  assertEquals(told.toSorted(), repository.ids.filter((_, i) => i !== 3), where);
  const { store: { intents } } = await repository.open();
  assertEquals([intents.list(), namesIn(`${repository.path}/.jvs/gc/tombstones`)], [[], []], where);
  const { findings, healthy } = await repository.call(doctor, { strict: true });
  assertEquals([healthy, findings.filter(({ code }) => code !== "LEFTOVER")], [true, []], where);
  await repository.call(restore, { snapshot: "HEAD" });
}
