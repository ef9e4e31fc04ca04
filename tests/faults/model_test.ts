import { assertEquals } from "@std/assert";
import { requires } from "../support/requires.ts";
import { tried } from "../support/tried.ts";
import { randomFrom } from "../support/random.ts";
import { operations } from "../../src/operation/registry.ts";
import { drawnOperations } from "./model/draw.ts";
import { World } from "./model/world.ts";
import { Counts, Model, type Rates } from "./model/model.ts";

/*
 * Random sequences of all operations beside a model in memory of what must be (model/world.ts): each step is compared with it. How it was
 * seen to fail: CONTRIBUTING.md.
 */

const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const steps = Number(Deno.env.get("JVS_TEST_STEPS") ?? 1000);
/** Only these steps of the first sequence: what is left of one that failed. */
const onlySteps = Deno.env.get("JVS_TEST_ONLY_STEPS")?.split(",").map(Number);
/** Each sequence has a repository of its own. */
const SEQUENCE = 200;
const MOST_TOLD = 40;

const RATES: Rates = { kills: 0.3, programs: 0.02, programsKilled: 0.5, pairs: 0.03 };

Deno.test({
  name: `random sequences of all operations, killed and two at once, leave what the model says`,
  ...requires("ffi", "strace"),
  async fn() {
    const counts = new Counts();
    for (let n = 0; n * SEQUENCE < steps; n++) {
      const numbers = onlySteps ??
        Array.from({ length: Math.min(SEQUENCE, steps - n * SEQUENCE) }, (_, i) => i);
      const failed = await failureOf(seed + n, numbers, counts);
      if (failed === undefined) continue;
      throw new Error(await report(failed, seed + n, numbers));
    }
    tried("model steps", counts.steps);
    tried("kills", counts.killed, "in the model");
    console.log(
      `model: seed ${seed}, ${Object.entries(counts).map(([what, n]) => `${what} ${n}`).join(", ")}`,
    );
  },
});

/** What went wrong in a sequence, and all that was done. */
interface Failure {
  readonly message: string;
  readonly told: readonly string[];
}

async function failureOf(
  seed: number,
  numbers: readonly number[],
  counts = new Counts(),
): Promise<Failure | undefined> {
  using model = await Model.make(RATES, counts);
  try {
    for (const number of numbers) await model.step(seed, number);
    await model.compareAll();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const message = error.cause instanceof Error && !error.cause.message.includes("\n")
      ? `${error.message}\n${error.cause.stack}`
      : error.message;
    return { message, told: model.told };
  }
}

/** A failure with the fewest steps that give one: parts are taken out as long as it still fails. */
async function report(failed: Failure, seed: number, numbers: readonly number[]): Promise<string> {
  let [least, steps] = [failed, numbers];
  const tries = Number(Deno.env.get("JVS_TEST_SHRINK") ?? 0);
  const random = randomFrom(seed);
  for (let size = Math.ceil(steps.length / 2), n = 0; n < tries; n++) {
    const from = Math.floor(random() * steps.length);
    const fewer = steps.toSpliced(from, size);
    const found = fewer.length === steps.length ? undefined : await failureOf(seed, fewer);
    if (found !== undefined) [least, steps] = [found, fewer];
    else if (n % 4 === 3) size = Math.max(1, Math.floor(size / 2));
  }
  const again = `JVS_TEST_SEED=${seed}` +
    (steps.length < numbers.length ? ` JVS_TEST_ONLY_STEPS=${steps.join()}` : " JVS_TEST_SHRINK=60");
  return `${least.message}\nafter\n${least.told.slice(-MOST_TOLD).join("\n")}\n` +
    `Run it again with ${again} deno test -P=tests tests/faults/model_test.ts`;
}

/** The operations that no act is drawn of, with the reason. */
const NOT_DRAWN = new Map<string, string>(
  [
    ...["init", "adopt", "demo"].map((name) => [name, "each makes a repository of its own"] as const),
    ...["info", "path", "worktree path", "config get", "config list", "completion", "version", "help"].map((
      name,
    ) => [name, "says what no other operation changes"] as const),
    ...["key create", "key list", "key trust", "key revoke", "key export", "config trust"].map((name) =>
      [
        name,
        "is about the user's settings and not about the repository; signed_test.ts has signed snapshots",
      ] as const
    ),
    ...["pin add", "pin list", "pin remove"].map((name) => [name, "another name of a gc command"] as const),
    ["show", "its fields are those of history, which is compared with the records of every snapshot"],
    ["lock status", "the records of leases are compared themselves"],
    ["lock run", "needs a program of the user's: tests/lock_run_test.ts"],
    ["conformance run", "runs all of JVS elsewhere"],
  ] as const,
);

Deno.test("every operation is drawn by the model, or it is said why not", () => {
  const world = new World();
  const nowhere = { base: null, head: null, latest: null, lease: null, token: 0 };
  world.worktrees.set("main", { id: "", path: "main", tree: new Map(), ...nowhere });
  const drawn = drawnOperations({ world, random: randomFrom(1), fresh: "x" });
  assertEquals(operations.names.filter((name) => !drawn.has(name) && !NOT_DRAWN.has(name)), [], "not drawn");
  assertEquals([...NOT_DRAWN.keys()].filter((name) => drawn.has(name)), [], "these are drawn");
});
