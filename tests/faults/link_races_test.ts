import { assert, assertEquals } from "@std/assert";
import { asUser, USER } from "../support/as_user.ts";
import { Canary } from "../support/canary.ts";
import { callHere } from "./model/caller.ts";
import { randomFrom } from "../support/random.ts";
import { pick } from "../support/random_tree.ts";
import { TestRepository } from "../support/repository.ts";
import { requires } from "../support/requires.ts";
import { mustRun, python } from "../support/run.ts";
import { configSet } from "../../src/operation/config_set.ts";
import type { Json } from "../support/jvs.ts";
import { doctor } from "../../src/operation/doctor.ts";
import { verify } from "../../src/operation/verify.ts";
import { tried } from "../support/tried.ts";

/*
 * A process exchanges folders and files of a worktree with symbolic links to a tree outside, thousands of times a second, while JVS works
 * there: nothing outside is read, written, changed or deleted. Seen to fail without O_NOFOLLOW in `src/platform/linux_folder.ts`, and
 * when only `removeTree` opens folders without it.
 */

const SWAPPER = new URL("../support/link_swapper.py", import.meta.url).pathname;
const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
/** So many calls of each operation. */
const rounds = Number(Deno.env.get("JVS_TEST_RACES") ?? 30);

/** Each sequence of rounds has a repository of its own. */
const SEQUENCE = 50;

/** So many that to remove them takes a while. */
const FOLDERS = ["d1", "d1/e", ...Array.from({ length: 16 }, (_, n) => `d${n + 2}`)];
/** What is being deleted: snapshots that were collected, and worktrees on their way in or out. */
const DELETED = [".jvs/snapshots/*.gone/d*", ".jvs/runtime/shared/staging/*/d*"];
const FILE = "file";
const OPERATIONS = ["snapshot", "restore", "worktree fork", "worktree remove", "gc run"];

/** Saves main twice; each file, folder and mode differs between the two, so that a restore changes, makes and removes everywhere. */
async function prepared(user: number): Promise<TestRepository & { readonly ids: readonly string[] }> {
  const repository = await TestRepository.make();
  Deno.mkdirSync(`${repository.path}/worktrees`);
  const ids: string[] = [];
  for (const version of ["one", "two"]) {
    for (const folder of ["", ...FOLDERS]) {
      const at = folder === "" ? "main" : `main/${folder}`;
      for (const name of [FILE, version, "same"]) {
        repository.write(`${at}/${name}`, name === "same" ? name : `${version} ${folder}`);
      }
      const other = `${repository.path}/${at}/${version === "one" ? "two" : "one"}`;
      mustRun("rm", "-f", other);
      mustRun("chmod", version === "one" ? "700" : "755", `${repository.path}/${at}`);
    }
    if (user !== 0) {
      mustRun("chown", "-hR", `${user}:${user}`, repository.main, `${repository.path}/worktrees`);
    }
    ids.push(await repository.save(version));
  }
  // So that there is something to collect in each round.
  await repository.call(configSet, { key: "retention.keep_autosave_days", value: "0" });
  return Object.assign(repository, { ids });
}

/** Begins to exchange entries of worktrees with links to their likes in the canary; `stop` says how often it did, and how often with what was being deleted. */
async function swapping(
  { outside, path: repository }: TestRepository,
  canary: Canary,
  user: number,
): Promise<{ stop(): Promise<[swaps: number, deleted: number]> }> {
  const aside = `${outside}/aside`;
  Deno.mkdirSync(aside);
  const inMain = [...FOLDERS.slice(0, 3), FILE, `d1/${FILE}`, `d1/e/${FILE}`].map((
    path,
  ) => [`main/${path}`, path]);
  // The root of a worktree, too: it comes and goes, and the program waits for it.
  const root = [["worktrees/live", ""]];
  // An ordinary user cannot reach what root's own .jvs holds.
  const deleted = user === Deno.uid() ? DELETED.map((path) => [path, "d1"]) : [];
  const pairs = [...inMain, ...root, ...deleted].flatMap(([path = "", target = ""], i) => {
    Deno.symlinkSync(`${canary.root}/${target}`, `${aside}/${i}`);
    return [`${repository}/${path}`, `${aside}/${i}`];
  });
  const swapper = `${outside}/link_swapper.py`; // the checkout may be where that user may not enter
  Deno.copyFileSync(SWAPPER, swapper);
  if (user !== 0) mustRun("chown", "-hR", `${user}:${user}`, aside, swapper);
  const [program, ...args] = asUser(user, python(), [swapper, ...pairs]);
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let said = ""; !said.includes("\n");) said += (await reader.read()).value ?? "\n";
  return {
    async stop() {
      await child.stdin.close();
      let said = "";
      for (let part = await reader.read(); !part.done; part = await reader.read()) said += part.value;
      await child.status;
      const [swaps = 0, ofDeleted = 0] = said.split(" ").map(Number);
      return [swaps, ofDeleted];
    },
  };
}

/** What is called in each round: what one makes another one removes. */
function callsOf(ids: readonly string[], random: () => number): [operation: string, input: Json][] {
  const name = pick(random, ["live", "again"]);
  const restore = (snapshot = "") =>
    ["restore", { worktree: "main", snapshot, discard: random() < 0.5 }] as const;
  return [
    ["snapshot", { consistency: "best_effort", worktree: "main" }],
    [...restore(ids[0])],
    [...restore(ids[1])],
    [...restore("LATEST")],
    ["worktree fork", { name, live: true, worktree: "main" }],
    ["worktree remove", { name, discard: true }],
    ["gc run", { yes: true }],
  ];
}

/** What came of the calls of a test. */
class Races {
  swaps = 0;
  /** Those with what was being deleted. */
  ofDeleted = 0;
  readonly ends = new Map<string, number>();

  count(end: string): void {
    this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
  }

  toString(): string {
    return `${this.swaps} exchanges, ${this.ofDeleted} of what was being deleted; ${
      [...this.ends].map(([end, n]) => `${end} ${n}`).sort().join(", ")
    }`;
  }
}

/** Calls everything while links come and go, so many times, and looks at what is outside after each call. */
async function raced(
  repository: TestRepository & { readonly ids: readonly string[] },
  { canary, count, number, races }: { canary: Canary; count: number; number: number; races: Races },
): Promise<void> {
  const random = randomFrom(number);
  for (let round = 0; round < count; round++) {
    for (const [operation, input] of callsOf(repository.ids, random)) {
      const outcome = await callHere({ operation, input, folder: repository.path });
      races.count(`${operation} ${outcome.as === "refused" ? outcome.error : outcome.as}`);
      const touched = canary.touched();
      const shown = `seed ${seed}, round ${round}: ${JSON.stringify(input)} ${JSON.stringify(outcome)}`;
      assert(touched === undefined, `${operation} touched what is outside; ${shown}\n${touched}`);
    }
  }
}

/** The same in a repository of its own, which is sound afterwards. */
async function racedInOne(user: number, number: number, count: number, races: Races): Promise<void> {
  using repository = await prepared(user);
  const canary = new Canary(`${repository.outside}/canary`, FOLDERS, FILE);
  const swapper = await swapping(repository, canary, user);
  try {
    await raced(repository, { canary, count, number, races });
  } finally {
    const [swaps, ofDeleted] = await swapper.stop();
    races.swaps += swaps;
    races.ofDeleted += ofDeleted;
  }
  assertEquals(canary.touched(), undefined);
  assertEquals(canary.copies(repository.path), [], "what is outside was copied");
  const { findings } = await repository.call(doctor, { strict: true, repair_runtime: true }, { in: "." });
  assertEquals(findings.filter(({ code }) => code !== "LEFTOVER"), []);
  assertEquals((await repository.call(verify, { all: true }, { in: "." })).severity, "ok");
}

async function testRaces(user: number): Promise<void> {
  const races = new Races();
  for (let done = 0; done < rounds; done += SEQUENCE) {
    await racedInOne(user, seed + done, Math.min(SEQUENCE, rounds - done), races);
  }
  tried("exchanges for links", races.swaps, `seed ${seed}: ${races}`);
  for (const operation of OPERATIONS) {
    assert((races.ends.get(`${operation} done`) ?? 0) > 0, `${operation} was never done: ${races}`);
  }
  assert(races.swaps > 10 * rounds, `too few exchanges: ${races}`);
  if (user === Deno.uid()) {
    assert(races.ofDeleted > 0, `nothing that was being deleted was exchanged: ${races}`);
  }
}

Deno.test({
  name: "a process that exchanges folders with links leads no operation outside of the worktree",
  ...requires("ffi", "python3"),
  fn: () => testRaces(Deno.uid() ?? 0),
});

Deno.test({
  name:
    "an ordinary user who exchanges folders with links leads no operation of root outside of the worktree",
  ...requires("ffi", "python3", "root", "user"),
  fn: () => testRaces(USER),
});
