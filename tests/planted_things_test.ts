import { assert, assertEquals } from "@std/assert";
import { configSet } from "../src/operation/config_set.ts";
import { refCreate } from "../src/operation/ref_create.ts";
import { restore } from "../src/operation/restore.ts";
import { worktreeFork } from "../src/operation/worktree_fork.ts";
import { worktreeRemove } from "../src/operation/worktree_remove.ts";
import { killedAt } from "./support/kill_point.ts";
import { sampled } from "./support/killed_by_strace.ts";
import { randomFrom } from "./support/random.ts";
import { TestRepository } from "./support/repository.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";
import { tried } from "./support/tried.ts";
import { entriesOf, fewOfEach, type Plant, PLANTS } from "./support/try_planted.ts";

const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
/** At so many places each thing is planted: at all of them takes minutes. */
const places = Number(Deno.env.get("JVS_TEST_PLANTS") ?? 25);
const SCRIPT = new URL("./support/try_planted.ts", import.meta.url).pathname;
// A hang is what some of these tests are about; none of them takes a tenth of this on a machine that is not busy.
const MOST_MS = 900_000;

/** As much at once. */
const SHARES = 4;

/** A repository with something at each of its places, also what interrupted changes and a garbage collection leave. */
async function prepared(): Promise<TestRepository> {
  const repository = await TestRepository.saved();
  repository.write("main/a.txt", "two\n");
  await repository.save("second");
  await repository.call(worktreeFork, { name: "other" });
  await repository.call(refCreate, { name: "first" });
  await leavePin(repository);
  await leavePruned(repository);
  await leaveInterrupted(repository);
  // What restores replaced, so long ago that the next one deletes it.
  repository.write(".jvs/runtime/shared/replaced/old/new/a.txt", "replaced\n");
  Deno.utimeSync(`${repository.path}/.jvs/runtime/shared/replaced/old`, 1, 1);
  // No hash may be what notices other content.
  await repository.call(configSet, { key: "restore.verify_limit", value: "0" });
  return repository;
}

async function leavePin(repository: TestRepository): Promise<void> {
  await repository.call(worktreeFork, { name: "removed" });
  repository.write("worktrees/removed/a.txt", "pinned\n");
  await repository.save("pinned", "worktrees/removed");
  await repository.call(worktreeRemove, { name: "removed" });
}

async function leavePruned(repository: TestRepository): Promise<void> {
  repository.write("main/a.txt", "unsaved\n");
  const { autosave_snapshot_id: id } = await repository.call(restore, { snapshot: "HEAD" });
  const payload = `${repository.path}/.jvs/snapshots/${id}`;
  Deno.renameSync(`${payload}.READY`, `${payload}.PRUNED`);
  mustRun("rm", "-r", payload);
}

/** Interrupts a snapshot and a restore, where most of what they make is there under its temporary name. */
async function leaveInterrupted(repository: TestRepository): Promise<void> {
  const leave = async (made: readonly string[], change: () => Promise<unknown>) => {
    for (let n = 1; made.some((place) => !hasAny(repository, place)); n++) {
      assert(await killedAt(n, change), `it never leaves ${made.join(" and ")}`);
    }
  };
  repository.write("worktrees/other/a.txt", "three\n");
  const inOther = { in: "worktrees/other" };
  await leave(
    ["runtime/shared/intents/", "snapshots/.*tmp", "descriptors/.*tmp"],
    () => repository.save("interrupted"),
  );
  await leave(
    ["runtime/shared/staging/."],
    () => repository.call(restore, { snapshot: "HEAD~1", discard: true }, inOther),
  );
}

function hasAny(repository: TestRepository, pattern: string): boolean {
  return entriesOf(`${repository.path}/.jvs`).some((entry) => new RegExp(`^${pattern}`).test(entry));
}

/** What went wrong when a thing stood in the place of each of these entries of the control plane in turn. */
async function plantEach(plant: Plant, { ffi }: { ffi: boolean }): Promise<void> {
  using repository = await prepared();
  const all = fewOfEach(entriesOf(`${repository.path}/.jvs`));
  const names = sampled(Math.min(places, all.length), all, randomFrom(seed + PLANTS.indexOf(plant)));
  const shares = Array.from(
    { length: SHARES },
    (_, share) => plantShare(repository, plant, names.filter((_, i) => i % SHARES === share), { ffi }),
  );
  assertEquals((await Promise.all(shares)).flat(), [], `seed ${seed}`);
  tried("plants", names.length, `each a ${plant}, at ${all.length} places, seed ${seed}`);
}

async function plantShare(
  repository: TestRepository,
  plant: Plant,
  names: readonly string[],
  { ffi }: { ffi: boolean },
): Promise<string[]> {
  using folder = tempDir();
  const allowed = ["-R", "-W", "--allow-run", "-S", "-E", ...(ffi ? ["--allow-ffi"] : [])];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", ...allowed, SCRIPT, repository.path, folder.path, plant, ...names],
    stdout: "piped",
    stderr: "inherit",
    signal: AbortSignal.timeout(MOST_MS),
  }).spawn();
  const { stdout } = await child.output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const faults = lines.filter((line) => line.startsWith("! "));
  return lines.at(-1) === "done" ? faults : [...faults, `hangs or ends at: ${lines.at(-1)}`];
}

for (const plant of PLANTS) {
  Deno.test({
    name:
      `a ${plant} in the place of any part of the control plane is refused, and nothing behind it is touched`,
    ...requires("ffi", ...(plant === "device" ? ["root" as const] : [])),
    fn: () => plantEach(plant, { ffi: true }),
  });
}

for (const plant of ["link", "FIFO"] as const) {
  Deno.test(`a ${plant} in the control plane is refused without the C library, too`, () =>
    plantEach(plant, { ffi: false }));
}
