import { assert, assertEquals } from "@std/assert";
import { testWorkers } from "../../tests/support/team_worker.ts";
import { silentReporter } from "../model/progress.ts";
import { MOST_HASHING, MOST_THREADS, Shared, Team, workersOf } from "./worker_team.ts";

/** For tests in which nothing is found. */
function onFound(): never {
  throw new Error("a worker told what it could not have found");
}

Deno.test("workersOf() says how many may work beside the caller", () => {
  const module = "file:///somewhere.ts";
  assertEquals(workersOf(undefined), 0);
  assertEquals(workersOf({ module, threads: 1 }), 0);
  assertEquals(workersOf({ module, threads: 3 }), 2);
  assertEquals(workersOf({ module }), Math.min(navigator.hardwareConcurrency, MOST_THREADS) - 1);
  for (const other of ["", "https://example.com/main.ts"]) assertEquals(workersOf({ module: other }), 0);
});

Deno.test("workersOf() gives hashing all cores, and never more than the user says or than there are cores", () => {
  const module = "file:///somewhere.ts";
  const original = Object.getOwnPropertyDescriptor(Navigator.prototype, "hardwareConcurrency");
  assert(original !== undefined);
  const cores = (value: number) =>
    Object.defineProperty(Navigator.prototype, "hardwareConcurrency", { value, configurable: true });
  try {
    cores(12);
    assertEquals([workersOf({ module }), workersOf({ module }, MOST_HASHING)], [3, 11]);
    assertEquals([workersOf({ module, threads: 1000 }), workersOf({ module, threads: 8 })], [11, 7]);
    assertEquals(workersOf({ module, threads: 2 }, MOST_HASHING), 1);
    cores(96);
    assertEquals([workersOf({ module }, MOST_HASHING), workersOf({ module, threads: 1000 })], [15, 62]);
    cores(1);
    assertEquals([workersOf({ module }, MOST_HASHING), workersOf({ module, threads: 1000 })], [0, 3]);
  } finally {
    Object.defineProperty(Navigator.prototype, "hardwareConcurrency", original);
  }
});

Deno.test("Team gives each piece to one thread, and hears what workers found and how far they are", async () => {
  const most = 100_000;
  const seen: string[] = [];
  const reporter = { ...silentReporter, beside: (worker: string) => void seen.push(worker) };
  const found: number[][] = [];
  const onFound = (taken: number[]) => void found.push(taken);
  const task = { job: "count", input: { most }, phase: "counting", onFound, reporter };
  await using team = new Team(testWorkers("", 3), task);
  const own: number[] = [];
  while (!team.shared.hasBegun(1)) await team.wait(1); // else this thread has all before one starts
  for (let piece = team.shared.next(); piece < most; piece = team.shared.next()) own.push(piece);
  assertEquals([await team.wait(600_000), seen.length], [true, found.length]);
  const all = [...own, ...found.flat()].sort((a, b) => a - b);
  assertEquals(all, Array.from({ length: most }, (_, i) => i));
  assertEquals(team.shared.takeProgress(), { entries: found.flat().length, bytes: 0 });
  assertEquals(team.shared.takeProgress(), { entries: 0, bytes: 0 });
});

Deno.test("Team does not wait for a worker that never begins", async () => {
  await using team = new Team(testWorkers("never"), { job: "count", input: {}, phase: "counting", onFound });
  assert(await team.wait(600_000));
});

Deno.test("Team waits no longer for a worker that dies or fails", async () => {
  for (const fault of ["dies", "fails"]) {
    await using team = new Team(testWorkers(fault), { job: "hash", input: {}, phase: "hashing", onFound });
    while (!team.shared.hasBegun(1)) await team.wait(1);
    assert(await team.wait(600_000), fault);
  }
});

Deno.test("Team ends when its workers have stopped, not before: they use what was lent to them", async () => {
  const state = new Int32Array(new SharedArrayBuffer(4));
  {
    await using team = new Team(testWorkers(), {
      job: "linger",
      input: { state },
      phase: "lingering",
      onFound,
    });
    while (Atomics.load(state, 0) === 0) await team.wait(1);
  }
  assertEquals(Atomics.load(state, 0), 2);
});

Deno.test("Shared lets no worker begin after all is stopped", () => {
  const shared = new Shared();
  const other = new Shared(shared.counters);
  assert(other.begin(1));
  assertEquals([shared.hasBegun(1), shared.hasBegun(2)], [true, false]);
  shared.stop();
  assertEquals([other.isStopped, other.begin(2)], [true, false]);
});
