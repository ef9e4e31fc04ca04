import { assert, assertEquals } from "@std/assert";
import { BlackBox } from "../support/black_box.ts";
import { contentsOf, missingFrom, restoredTo, type RestoreSays } from "../support/kept_content.ts";
import { AROUND_PROGRAMS, killedAt, killPoints, sampled } from "../support/killed_by_strace.ts";
import { randomFrom } from "../support/random.ts";
import { requires } from "../support/requires.ts";
import { mustRun } from "../support/run.ts";
import { tempDir } from "../support/temp_dir.ts";
import { tried } from "../support/tried.ts";
import { trustHooks } from "../support/trusted_hooks.ts";
import { badlyTold, placesOf, runFaulty, sampleFaults, seeded } from "./faulty_calls.ts";

/*
 * Snapshots and restores with hooks, that are killed, or in which a system call fails: nothing is begun or it is done, the hooks ran
 * before and after it in their order, and no process of theirs is left.
 */

const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const kills = Number(Deno.env.get("JVS_TEST_KILLS") ?? 8);
const faults = Number(Deno.env.get("JVS_TEST_FAULTS") ?? 10);

/** Two states of main, and hooks for every operation, each of which leaves a process behind that would live for a minute. */
class Hooked implements Disposable {
  private constructor(
    readonly box: BlackBox,
    private readonly folder: Disposable & { readonly path: string },
    readonly first: string,
    readonly second: string,
    /** The content of the first state. */
    readonly old: ReadonlyMap<string, string>,
  ) {}

  static async make(): Promise<Hooked> {
    const folder = tempDir();
    const box = await BlackBox.make({ env: { XDG_CONFIG_HOME: folder.path } });
    mustRun("mkfifo", `${folder.path}/alive`);
    const ids: string[] = [];
    let old: Map<string, string> | undefined;
    for (const state of ["first", "second"]) {
      for (const n of [0, 1, 2]) box.write(`folder/${n}`, `${state} ${n}\n`);
      box.write(`only-${state}/file`, state);
      if (state === "second") Deno.removeSync(`${box.main}/only-first`, { recursive: true });
      ids.push((await box.save(state)).snapshot_id);
      old ??= contentsOf(box.main);
    }
    const text = `exec 9>${folder.path}/alive; { sleep 60; echo "outlived jvs" >&9; } & ` +
      `echo "$JVS_HOOK" >>${folder.path}/ran`;
    for (const hook of ["pre-snapshot", "post-snapshot", "pre-restore", "post-restore"]) {
      await box.json(["config", "set", `hooks.${hook}`, text]);
    }
    await trustHooks(box.main, `${folder.path}/jvs`);
    return new Hooked(box, folder, ids[0] ?? "", ids[1] ?? "", old ?? new Map());
  }

  /** Runs something; which hooks ran meanwhile, as soon as no process of them is left. Fails if one outlives it. */
  async watched<T>(body: () => Promise<T>): Promise<{ result: T; ran: string[] }> {
    const fifo = `${this.folder.path}/alive`;
    const log = `${this.folder.path}/ran`;
    Deno.writeTextFileSync(log, "");
    const open = Deno.openSync(fifo, { read: true, write: true }); // so that hooks need not wait for a reader
    let alive: Promise<string>;
    let result: T;
    try {
      result = await body();
    } finally {
      alive = new Response(Deno.openSync(fifo).readable).text(); // ends when no hook has it open any more
      open.close();
    }
    assertEquals(await alive, "", `a process of a hook lives on; seed ${seed}`);
    return { result, ran: Deno.readTextFileSync(log).split("\n").filter((line) => line !== "") };
  }

  [Symbol.dispose](): void {
    [this.box, this.folder].forEach((each) => each[Symbol.dispose]());
  }
}

/** One of the operations that have hooks: its command, and whether it is done. Before it main is edited. */
interface Subject {
  readonly name: "snapshot" | "restore";
  begin(scene: Hooked, round: number): Promise<readonly string[]>;
  isDone(scene: Hooked, round: number): Promise<boolean>;
}

const SUBJECTS: readonly Subject[] = [
  {
    name: "snapshot",
    begin({ box }, round) {
      box.write("folder/0", `precious ${round}\n`);
      return Promise.resolve(["snapshot", `round ${round}`]);
    },
    isDone: async ({ box }, round) => (await box.history()).some(({ note }) => note === `round ${round}`),
  },
  {
    name: "restore",
    async begin(scene, round) {
      await scene.watched(() => scene.box.json(["restore", scene.second]));
      scene.box.write("folder/1", `precious ${round}\n`);
      return ["restore", scene.first];
    },
    isDone: ({ box }) => Promise.resolve(contentsOf(box.main).has("only-first/file")),
  },
];

/** What a round did: which hooks ran, and what a restore that ended well says it left alone. */
interface Round {
  readonly ran: readonly string[];
  /** Main before it. */
  readonly before: ReadonlyMap<string, string>;
  readonly note: string;
  readonly left_alone?: readonly string[];
}

/** After a run that ended anywhere: it is done or not begun, and its hooks ran before and after. */
async function assertWhole(
  scene: Hooked,
  { name, isDone }: Subject,
  round: number,
  { ran, before, note, left_alone = [] }: Round,
): Promise<boolean> {
  const { box } = scene;
  await box.json(["doctor", "--repair-runtime"]);
  const done = await isDone(scene, round);
  const allowed = done ? [[`pre-${name}`], [`pre-${name}`, `post-${name}`]] : [[], [`pre-${name}`]];
  assert(allowed.some((each) => `${each}` === `${ran}`), `${note}: done ${done}, but ran: ${ran}`);
  const isNew = name === "restore" && done;
  const expected = isNew ? restoredTo(scene.old, before, { left_alone }) : before;
  assertEquals(contentsOf(box.main), expected, note);
  assertEquals(missingFrom(before, box.main, box.control), [], note);
  return done;
}

for (const subject of SUBJECTS) {
  Deno.test({
    name: `a ${subject.name} with hooks that is killed at any step is done or not begun, and leaves no hook`,
    ...requires("strace", "python3"),
    async fn() {
      using scene = await Hooked.make();
      const { box } = scene;
      const counted = await subject.begin(scene, -1);
      const { result: points } = await scene.watched(() => killPoints(box, counted, AROUND_PROGRAMS));
      const ends = { killed: 0, begun: 0 };
      for (const [round, point] of sampled(kills, points, randomFrom(seed)).entries()) {
        const args = await subject.begin(scene, round);
        const before = contentsOf(box.main);
        const note = `killed at ${point.call} number ${point.when}, round ${round}, seed ${seed}`;
        const { result, ran } = await scene.watched(() => killedAt(box, args, point));
        if (result) ends.killed++;
        if (ran.length > 0) ends.begun++;
        const done = await assertWhole(scene, subject, round, { ran, before, note });
        if (!result) assert(done && ran.length === 2, `${note}: it ended well, and ran: ${ran}`);
      }
      tried("kills", ends.killed, `at ${points.length} steps of a ${subject.name} with hooks, seed ${seed}`);
      assert(ends.killed > kills / 2, `only ${ends.killed} of ${kills} were killed`);
      assert(ends.begun > 0, "no kill came after a hook had begun");
      await box.audit();
    },
  });

  Deno.test({
    name: `a ${subject.name} with hooks says what failed, whichever system call fails, and leaves no hook`,
    ...requires("strace", "ffi"),
    async fn() {
      using scene = await Hooked.make();
      const { box } = scene;
      const traced = await subject.begin(scene, -1);
      const { result: { run, places } } = await scene.watched(() => placesOf(box, traced, { starts: true }));
      assertEquals(run.code, 0, run.stderr);
      assert(places.some(({ call }) => call === "pidfd_open" || call === "clone"), "no hook was started");
      let reached = 0;
      for (const [round, fault] of sampleFaults(places, faults, seeded(seed)).entries()) {
        const args = await subject.begin(scene, round);
        const before = contentsOf(box.main);
        const { result: { failed, run }, ran } = await scene.watched(() => runFaulty(box, args, fault));
        if (failed === undefined) continue;
        reached++;
        const note =
          `seed ${seed}, ${fault.call} number ${fault.when} gives ${fault.error}: ${failed}\n${run.stdout}${run.stderr}`;
        assertEquals(badlyTold(run), undefined, note);
        const left = run.code === 0 ? (run.json as unknown as Partial<RestoreSays>).left_alone ?? [] : [];
        const done = await assertWhole(scene, subject, round, { ran, before, note, left_alone: left });
        if (run.code === 0) assert(done && ran[0] === `pre-${subject.name}`, note);
      }
      tried("failing calls", reached, `of a ${subject.name} with hooks, seed ${seed}`);
      assert(reached >= faults / 2, `only ${reached} of ${faults} faults were reached`);
      await box.audit();
    },
  });
}
