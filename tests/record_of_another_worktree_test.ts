import { assert, assertEquals } from "@std/assert";
import { isJvsError } from "../src/model/errors.ts";
import type { Finding } from "../src/model/records.ts";
import { doctor } from "../src/operation/doctor.ts";
import { gcPin } from "../src/operation/gc_pin.ts";
import { gcPins } from "../src/operation/gc_pins.ts";
import { gcPlan } from "../src/operation/gc_plan.ts";
import { gcUnpin } from "../src/operation/gc_unpin.ts";
import { snapshot } from "../src/operation/snapshot.ts";
import { worktreeCreate } from "../src/operation/worktree_create.ts";
import { worktreeRemove } from "../src/operation/worktree_remove.ts";
import { worktreeRename } from "../src/operation/worktree_rename.ts";
import { TestRepository } from "./support/repository.ts";

/* The record of another worktree is in the place of one: a copy brought back that of an earlier one of the same name, or the name was given away. */

const recordOf = ({ path }: Pick<TestRepository, "path">, name: string) =>
  `${path}/.jvs/worktrees/${name}/config.json`;

async function save(repository: TestRepository, text: string, where: string): Promise<string> {
  repository.write(`${where}/a.txt`, `${text}\n`);
  return await repository.save(text, where);
}

/** The codes of what doctor finds critical. */
async function critical(repository: TestRepository): Promise<string[]> {
  const { findings } = await repository.call(doctor);
  return findings.filter(({ severity }: Finding) => severity === "critical").map(({ code }) => code);
}

async function refusal(repository: TestRepository): Promise<string | undefined> {
  const error: unknown = await repository.call(gcPlan).then(() => undefined, (error) => error);
  return isJvsError(error) ? error.code : undefined;
}

/** A worktree `w` with two snapshots, and the record of an earlier one of that name, which `end` gave up, in the place of its own. */
async function withOfAnEarlierOne(end: (repository: TestRepository) => Promise<unknown>) {
  const repository = await TestRepository.saved();
  await repository.call(worktreeCreate, { name: "w" });
  await save(repository, "earlier", "worktrees/w");
  const earlier = Deno.readTextFileSync(recordOf(repository, "w"));
  await end(repository);
  await repository.call(worktreeCreate, { name: "w" });
  await save(repository, "precious", "worktrees/w");
  const newest = await save(repository, "more", "worktrees/w");
  const own = Deno.readTextFileSync(recordOf(repository, "w"));
  Deno.writeTextFileSync(recordOf(repository, "w"), earlier);
  return Object.assign(repository, { newest, own });
}

const ENDS = {
  "was removed": (repository: TestRepository) => repository.call(worktreeRemove, { name: "w" }),
  "has another name": (repository: TestRepository) =>
    repository.call(worktreeRename, { name: "w", new_name: "old" }),
};

for (const [what, end] of Object.entries(ENDS)) {
  Deno.test(`the record of an earlier worktree of that name, which ${what}: nothing is collected until the right one is back`, async () => {
    using repository = await withOfAnEarlierOne(end);
    assert((await critical(repository)).includes("E_DESCRIPTOR_CORRUPT"));
    assertEquals(await refusal(repository), "E_DESCRIPTOR_CORRUPT");
    Deno.writeTextFileSync(recordOf(repository, "w"), repository.own);
    assertEquals([await critical(repository), await refusal(repository)], [[], undefined]);
  });
}

Deno.test("the record of an earlier worktree hides no loss by being renamed or removed, and the later one is made again", async () => {
  for (const isRenamed of [true, false]) {
    using repository = await withOfAnEarlierOne(ENDS["was removed"]);
    if (isRenamed) await repository.call(worktreeRename, { name: "w", new_name: "earlier" });
    else await repository.call(worktreeRemove, { name: "w", discard: true });
    assertEquals([await critical(repository), await refusal(repository)], [
      ["E_DESCRIPTOR_CORRUPT"],
      "E_DESCRIPTOR_CORRUPT",
    ]);
    await repository.call(gcPin, { snapshot: repository.newest, line: true });
    await repository.call(worktreeCreate, { name: "w", from: repository.newest });
    assertEquals([await critical(repository), await refusal(repository)], [[], undefined]);
  }
});

Deno.test("the record of main, which was made again since, comes back from a copy: nothing is collected", async () => {
  using repository = await TestRepository.saved();
  const { first, path } = repository;
  const record = recordOf(repository, "main");
  const earlier = Deno.readTextFileSync(record);
  Deno.removeSync(`${path}/.jvs/worktrees/main`, { recursive: true });
  Deno.renameSync(`${path}/main`, `${repository.outside}/main`);
  const from = { in: "." };
  await repository.call(worktreeCreate, { name: "main", from: first }, from);
  repository.write("worktrees/main/a.txt", "precious\n");
  await repository.call(snapshot, { note: "precious" }, { in: "worktrees/main" });
  assertEquals((await repository.call(gcPlan, {}, from)).candidates, []);
  Deno.writeTextFileSync(record, earlier);
  const error: unknown = await repository.call(gcPlan, {}, from).catch((error) => error);
  assert(isJvsError(error, "E_DESCRIPTOR_CORRUPT"));
});

Deno.test("a worktree that lost its name to a renamed one is missed too", async () => {
  using repository = await TestRepository.saved();
  for (const name of ["w", "v"]) {
    await repository.call(worktreeCreate, { name });
    await save(repository, name, `worktrees/${name}`);
  }
  for (const lost of [".jvs/worktrees/w", "worktrees/w"]) {
    Deno.removeSync(`${repository.path}/${lost}`, { recursive: true });
  }
  await repository.call(worktreeRename, { name: "v", new_name: "w" });
  assertEquals([await critical(repository), await refusal(repository)], [
    ["E_DESCRIPTOR_CORRUPT"],
    "E_DESCRIPTOR_CORRUPT",
  ]);
});

Deno.test("a repaired audit trail, which may lack removals, keeps no garbage collection away, and takes nothing it is not sure of", async () => {
  using repository = await withOfAnEarlierOne(ENDS["was removed"]);
  await repository.call(worktreeCreate, { name: "goes" });
  const goes = await save(repository, "goes", "worktrees/goes");
  await repository.call(worktreeRemove, { name: "goes" });
  for (const { pin_id } of (await repository.call(gcPins)).pins) {
    await repository.call(gcUnpin, { pin: pin_id });
  }
  Deno.writeTextFileSync(`${repository.path}/.jvs/audit/audit.jsonl`, "{\n", { append: true });
  await repository.call(doctor, { repair: ["audit_repair"] });
  assertEquals((await repository.call(gcPlan)).candidates, [goes]);
  // A worktree that is made again, and removed, ends the one before it.
  await repository.call(worktreeRename, { name: "w", new_name: "earlier" });
  await repository.call(worktreeCreate, { name: "w" });
  assertEquals((await repository.call(gcPlan)).candidates.includes(repository.newest), false);
  await repository.call(worktreeRemove, { name: "w" });
  assertEquals((await repository.call(gcPlan)).candidates.includes(repository.newest), true);
});
