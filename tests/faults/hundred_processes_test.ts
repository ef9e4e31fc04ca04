import { assert, assertEquals } from "@std/assert";
import { worktreeFork } from "../../src/operation/worktree_fork.ts";
import type { AuditRecord, Descriptor } from "../../src/model/records.ts";
import { fullAudit } from "../support/full_audit.ts";
import { type JvsRun, runJvs } from "../support/jvs.ts";
import { payloadsOf } from "../support/kept_content.ts";
import { TestRepository } from "../support/repository.ts";
import { requires } from "../support/requires.ts";
import { tempDir } from "../support/temp_dir.ts";

/*
 * A hundred processes at once on twenty worktrees: nothing is lost, none waits for ever, and none much longer than the others. Seen to fail
 * where `lockWorktree` (src/protocol/change/locks.ts) takes a lock of a random name.
 */

const WORKTREES = 20;
/** So many save the same worktree: they wait for each other. */
const SAVING_ONE = 30;
/**
 * Fair is: of those that wait for the same worktree none waits longer than so many times the one in the middle. Garbage collections,
 * forks and restores wait for other locks, of different length and with too few rivals to compare: they must only end.
 */
const FAIR = 10;
/** Of forks to one name and takers of one lease, one wins. */
const RIVALS = 5;

/** What a process does. */
interface Job {
  readonly args: readonly string[];
  /** How it may be refused. */
  readonly refusedBy?: string;
}

function jobsFor(first: string): Job[] {
  const names = Array.from({ length: WORKTREES - 1 }, (_, i) => `w${i}`);
  const inEach = (args: (name: string) => string[]) => names.map((name) => ({ args: args(name) }));
  const rivals = (args: (n: number) => string[], refusedBy: string) =>
    Array.from({ length: RIVALS }, (_, n) => ({ args: args(n), refusedBy }));
  return [
    ...Array.from(
      { length: SAVING_ONE },
      (_, n) => ({ args: ["snapshot", `main ${n}`, "--worktree", "main"] }),
    ),
    ...inEach((name) => ["snapshot", `${name}`, "--worktree", name, "--branch"]),
    ...inEach((name) => ["restore", first, "--worktree", name]),
    ...inEach((name) => ["worktree", "fork", "--live", `fork-of-${name}`, "--worktree", name]).slice(0, 9),
    ...rivals(() => ["worktree", "fork", first, "only-one"], "E_ALREADY_EXISTS"),
    ...rivals((n) => ["lock", "acquire", "--worktree", "leased", "--session", `${n}`], "E_LOCK_CONFLICT"),
    ...Array.from({ length: RIVALS }, () => ({ args: ["gc", "run", "--yes"] })),
    ...Array.from({ length: RIVALS }, () => ({ args: ["verify", "--all"] })),
    ...Array.from({ length: 3 }, () => ({ args: ["doctor"] })),
  ];
}

Deno.test({
  name: "a hundred processes at once lose nothing, end, and wait about as long as each other",
  ...requires("ffi"),
  async fn() {
    using repository = await TestRepository.make();
    using traces = tempDir();
    repository.write("main/a", "first\n");
    const first = await repository.save("first");
    for (let i = 0; i < WORKTREES - 1; i++) await repository.call(worktreeFork, { name: `w${i}` });
    await repository.call(worktreeFork, { name: "leased" });
    const unsaved = Array.from({ length: WORKTREES - 1 }, (_, i) => `unsaved ${i}\n`);
    for (const [i, text] of unsaved.entries()) repository.write(`worktrees/w${i}/a`, text);

    const jobs = jobsFor(first);
    assertEquals(jobs.length, 100);
    const runs = await Promise.all(jobs.map(async (job, i) => {
      const args = [...job.args, "--json", "--progress=json", "--lock-timeout", "10m"];
      const env = { JVS_TRACE: `${traces.path}/${i}` };
      return { job, run: await runJvs(args, { cwd: repository.path, env }), trace: env.JVS_TRACE };
    }));

    for (const { job, run } of runs) assertWellEnded(job, run);
    for (const refusedBy of ["E_ALREADY_EXISTS", "E_LOCK_CONFLICT"]) {
      const rivals = runs.filter(({ job }) => job.refusedBy === refusedBy);
      assertEquals(
        rivals.filter(({ run }) => run.code === 0).length,
        1,
        `one of those with ${refusedBy} wins`,
      );
    }
    const saving = runs.slice(0, SAVING_ONE);
    assertOneLine(first, saving.map(({ run }) => run.json.snapshot as Descriptor));
    const kept = [...payloadsOf(`${repository.path}/.jvs`).values()].map((files) => files.get("a"));
    assertEquals(unsaved.filter((text) => !kept.includes(text)), [], "unsaved work is in no snapshot");
    const waits = saving.map(({ trace }) => waited(trace)).sort((a, b) => a - b);
    const [middle = 0, longest = 0] = [waits[SAVING_ONE / 2], waits.at(-1)];
    console.log(
      `hundred: waited for one lock ${Math.round(middle / 1000)} ms (median), ${
        Math.round(longest / 1000)
      } ms (longest)`,
    );
    assert(longest <= FAIR * middle, `one waited ${longest / middle} times as long as the one in the middle`);
    assertRecords(await repository.audit(), runs.map(({ run }) => run));
    await fullAudit(repository.path);
  },
});

/** It succeeded or was refused as it may be; and each line that it printed is whole. */
function assertWellEnded({ args, refusedBy }: Job, { code, json, stderr, stdout }: JvsRun): void {
  const shown = `jvs ${args.join(" ")}: ${stdout}${stderr}`;
  if (code !== 0) assertEquals(json.error, refusedBy, shown);
  assert(stdout.endsWith("}\n"), shown);
  const lines = stderr.split("\n");
  assertEquals(lines.pop(), "", `the last line is cut: ${shown}`);
  for (const line of lines) {
    if (line.startsWith("{")) JSON.parse(line);
    else assert(/^[A-Za-z]+: \S.*[.)]$/.test(line), `no whole line: ${line}`);
  }
}

/** Each of the snapshots follows the one before. */
function assertOneLine(first: string, saved: readonly Descriptor[]): void {
  const ids = saved.map(({ snapshot_id }) => snapshot_id).sort();
  const parents = saved.toSorted((a, b) => a.snapshot_id < b.snapshot_id ? -1 : 1)
    .map(({ parent_snapshot_id }) => parent_snapshot_id);
  assertEquals(parents, [first, ...ids.slice(0, -1)]);
}

/** How long a process waited for its locks, in microseconds. */
function waited(trace: string): number {
  const { traceEvents }: { traceEvents: { name: string; ph: string; dur?: number }[] } = JSON.parse(
    Deno.readTextFileSync(trace),
  );
  return traceEvents.filter(({ name }) => name === "taking the lock").reduce(
    (sum, { dur = 0 }) => sum + dur,
    0,
  );
}

/** Each change that was done has one record. */
function assertRecords(records: readonly AuditRecord[], runs: readonly JvsRun[]): void {
  const count = (operation: string) => records.filter((record) => record.operation === operation).length;
  const done = (field: string) => runs.filter(({ code, json }) => code === 0 && field in json).length;
  assertEquals(count("restore"), done("previous_head"));
  assertEquals(count("lock acquire"), 1);
  assertEquals(new Set(records.map(({ event_id }) => event_id)).size, records.length);
}
