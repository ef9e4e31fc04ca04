import { assert, assertEquals } from "@std/assert";
import { isJvsError } from "../src/model/errors.ts";
import { configSet } from "../src/operation/config_set.ts";
import { doctor } from "../src/operation/doctor.ts";
import { gcPlan } from "../src/operation/gc_plan.ts";
import { gcRun } from "../src/operation/gc_run.ts";
import { lockAcquire } from "../src/operation/lock_acquire.ts";
import { refCreate } from "../src/operation/ref_create.ts";
import { restore } from "../src/operation/restore.ts";
import { snapshot } from "../src/operation/snapshot.ts";
import { worktreeCreate } from "../src/operation/worktree_create.ts";
import { worktreeRemove } from "../src/operation/worktree_remove.ts";
import { worktreeRename } from "../src/operation/worktree_rename.ts";
import { FORGETTING } from "../src/repo/lost_records.ts";
import { exists, namesIn } from "./support/files.ts";
import { killedAt } from "./support/kill_point.ts";
import { TestRepository } from "./support/repository.ts";

/* A change was killed, and the record of a worktree is lost too: what is open must hide no loss, nor stop all other changes for ever. */

/** A repository with a worktree `w` that has two snapshots, of which no other worktree knows, and a file that is not saved. */
async function withW(): Promise<TestRepository & { first: string }> {
  const repository = await TestRepository.make();
  await repository.call(worktreeCreate, { name: "w" });
  repository.write("worktrees/w/a", "1\n");
  const first = await repository.save("1", "worktrees/w");
  repository.write("worktrees/w/a", "2\n");
  await repository.save("2", "worktrees/w");
  return Object.assign(repository, { first });
}
type Repository = Awaited<ReturnType<typeof withW>>;

const recordOf = ({ path }: TestRepository) => `${path}/.jvs/worktrees/w`;
const stagingOf = ({ path }: TestRepository) => `${path}/.jvs/runtime/shared/staging`;

async function steps(repository: TestRepository): Promise<readonly string[] | undefined> {
  return (await repository.open()).store.intents.list()[0]?.steps;
}

async function lossesTold(repository: TestRepository): Promise<number> {
  const { findings } = await repository.call(doctor);
  return findings.filter(({ code, severity }) => severity === "critical" && code === "E_DESCRIPTOR_CORRUPT")
    .length;
}

/** Kills an operation at each change where it has an open intent, and loses the record of `w`. Returns how often. */
async function everywhere(
  operate: (repository: Repository) => Promise<unknown>,
  look: (repository: Repository, where: string) => Promise<void>,
): Promise<number> {
  let tried = 0;
  for (let n = 1;; n++) {
    using repository = await withW();
    if (!await killedAt(n, () => operate(repository))) return tried;
    if (await steps(repository) === undefined || !exists(`${recordOf(repository)}/config.json`)) continue;
    Deno.removeSync(recordOf(repository), { recursive: true });
    tried++;
    await look(repository, `killed at ${n}`);
  }
}

/** A plan that has nothing to take may be made: what a removal pinned is kept. */
async function nothingIsCollected(repository: TestRepository, where: string): Promise<void> {
  try {
    assertEquals((await repository.call(gcPlan)).candidates, [], where);
  } catch (error) {
    if (!isJvsError(error, "E_DESCRIPTOR_CORRUPT")) throw error;
  }
  assert(await lossesTold(repository) > 0, `doctor finds nothing, ${where}`);
}

/** Recovery ends what was open, and other worktrees can be made. */
async function othersGoOn(repository: TestRepository, where: string): Promise<void> {
  await repository.call(worktreeCreate, { name: "next" });
  await repository.call(doctor, { repair_runtime: true });
  assertEquals(await steps(repository), undefined, where);
  assertEquals(namesIn(stagingOf(repository)), [], where);
  await nothingIsCollected(repository, `${where}, and recovered`);
}

Deno.test("a killed snapshot, or ref or lease of the worktree's name, hides no lost record", async () => {
  const operations = [
    (repository: Repository) => repository.call(snapshot, { note: "3" }, { in: "worktrees/w" }),
    (repository: Repository) => repository.call(refCreate, { name: "w", snapshot: repository.first }),
    (repository: Repository) => repository.call(lockAcquire, {}, { in: "worktrees/w" }),
  ];
  for (const operate of operations) {
    const tried = await everywhere(operate, async (repository, where) => {
      await nothingIsCollected(repository, where);
      await othersGoOn(repository, where);
    });
    assert(tried > 2, `only ${tried} kills`);
  }
});

Deno.test("a killed restore whose worktree lost its record is ended, and what it took out is kept until a person saw it", async () => {
  let kept = 0;
  await everywhere(async (repository) => {
    repository.write("worktrees/w/a", "precious\n");
    await repository.call(restore, { snapshot: repository.first, discard: true }, { in: "worktrees/w" });
  }, async (repository, where) => {
    const isOut = repository.read("worktrees/w/a") === "1\n" &&
      !(await steps(repository))?.includes("committing");
    await nothingIsCollected(repository, where);
    await othersGoOn(repository, where);
    if (!isOut) return;
    kept++;
    const replaced = `${repository.path}/.jvs/runtime/shared/replaced`;
    assertEquals(namesIn(replaced).map((name) => name.slice(0, 5)), ["kept-"], where);
    await repository.call(configSet, { key: "restore.keep_replaced", value: "0s" });
    Deno.renameSync(`${repository.path}/worktrees/w`, `${repository.outside}/w`);
    await repository.call(worktreeCreate, { name: "w", from: repository.first });
    await repository.call(gcRun, { yes: true });
    const [name] = namesIn(replaced);
    assertEquals(Deno.readTextFileSync(`${replaced}/${name}/new/a`), "precious\n", where);
    const told = (await repository.call(doctor)).findings.filter(({ code }) => code !== "LEFTOVER");
    assertEquals(
      told.map(({ code, path }) => [code, path]),
      [["FOREIGN_FILE", `${replaced}/${name}`]],
      where,
    );
  });
  assert(kept > 0, "it was never killed when the file was out");
});

Deno.test("a killed new name of a worktree that lost its record hides nothing, and its folder gets the old name back", async () => {
  let moved = 0;
  await everywhere(
    (repository) => repository.call(worktreeRename, { name: "w", new_name: "v" }),
    async (repository, where) => {
      if (exists(`${repository.path}/worktrees/v`)) moved++;
      await nothingIsCollected(repository, where);
      await othersGoOn(repository, where);
      assertEquals(repository.read("worktrees/w/a"), "2\n", where);
    },
  );
  assert(moved > 0, "it was never killed when the folder had its new name");
});

Deno.test("a killed removal deletes no folder of a worktree that lost its record in another way", async () => {
  let out = 0;
  await everywhere(
    (repository) => repository.call(worktreeRemove, { name: "w" }),
    async (repository, where) => {
      if ((await steps(repository))?.includes(FORGETTING)) return; // from then on only its content is left to delete
      const [staged] = namesIn(stagingOf(repository));
      if (staged !== undefined) {
        Deno.writeTextFileSync(
          `${stagingOf(repository)}/${staged}/note`,
          "precious\n",
        );
      }
      await nothingIsCollected(repository, where);
      await othersGoOn(repository, where);
      if (staged === undefined) return assertEquals(repository.read("worktrees/w/a"), "2\n", where);
      out++;
      assertEquals(repository.read(`.jvs/runtime/shared/replaced/kept-${staged}/note`), "precious\n", where);
    },
  );
  assert(out > 0, "it was never killed when the folder was out of sight");
});
