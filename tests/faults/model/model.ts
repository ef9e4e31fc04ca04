import { auditVerify } from "../../../src/operation/audit_verify.ts";
import { configSet } from "../../../src/operation/config_set.ts";
import { doctor } from "../../../src/operation/doctor.ts";
import { verify } from "../../../src/operation/verify.ts";
import { callIn } from "../../support/context.ts";
import { pastLease } from "../../support/leases.ts";
import { randomFrom } from "../../support/random.ts";
import { pick } from "../../support/random_tree.ts";
import { TestRepository } from "../../support/repository.ts";
import { type Act, POLICIES } from "./act.ts";
import { drawAct } from "./draw.ts";
import { type Call, callHere, callKilledHere, callProgram, type Outcome } from "./caller.ts";
import { edit } from "./edits.ts";
import { explain, type Run } from "./explain.ts";
import { Mismatch, Seen } from "./seen.ts";
import { treeOf } from "./tree.ts";
import { World } from "./world.ts";

/** What was done. */
export class Counts {
  steps = 0;
  refused = 0;
  killed = 0;
  programs = 0;
  pairs = 0;
  compared = 0;
}

/** How often something else happens than one call in this process; of 1. */
export interface Rates {
  /** As if this process were killed, which costs little. */
  readonly kills: number;
  /** By a program of its own. */
  readonly programs: number;
  /** Of those, how many are killed by the kernel. */
  readonly programsKilled: number;
  /** Two at once, one of them a program. */
  readonly pairs: number;
}

/** The calls at which the kernel kills a program. */
const KILLING = ["renameat2", "fsync", "mkdirat", "unlinkat", "linkat", "fchmod", "syncfs", "utimensat"];
/** Few operations change the file system more often. */
const MOST_CHANGES = 60;
/** The trail goes on in a new file every few steps. */
const AUDIT_FILE_BYTES = 5000;
/** What doctor finds after kills, and the next change or collection mends. */
const OF_KILLS = ["LEFTOVER", "AUDIT_PENDING"];
/** After so many steps everything is compared. */
const EACH_WHOLE = 25;

/** A repository, and the world that says what it must be. */
export class Model implements Disposable {
  /** What was done, in words. */
  readonly told: string[] = [];
  #world = new World();

  private constructor(
    private readonly repository: TestRepository,
    private readonly rates: Rates,
    private readonly counts: Counts,
  ) {}

  /** An empty repository. */
  static async make(rates: Rates, counts = new Counts()): Promise<Model> {
    const model = new Model(await TestRepository.make(), rates, counts);
    const policies = Object.entries(POLICIES).filter(([name]) => name !== "default").map(([name, policy]) => {
      const { keepAutosaveDays: keep_autosave_days, keepLast: keep_last_n, prunesAncestors } = policy;
      return [name, { prune_ancestors: prunesAncestors, keep_autosave_days, keep_last_n }];
    });
    model.repository.write(".jvs/gc/retention.json", JSON.stringify(Object.fromEntries(policies)));
    await model.repository.call(configSet, { key: "audit.rotate_bytes", value: `${AUDIT_FILE_BYTES}` });
    model.#world.note("config set");
    const nowhere = { base: null, head: null, latest: null, lease: null, token: 0 };
    model.#world.worktrees.set("main", { id: "", path: "main", tree: new Map(), ...nowhere });
    model.#learn(new Seen(model.repository.path), model.#world);
    return model;
  }

  /** One step. It is drawn by numbers of its own, so that a sequence from which steps were taken goes on as before as far as it can. */
  async step(seed: number, number: number): Promise<void> {
    const random = randomFrom(seed + number * 7919);
    this.counts.steps++;
    try {
      this.#edit(random, `${seed}-${number}`);
      const runs = await this.#act(random, `${seed}-${number}`);
      this.told.push(...runs.map((run) => `#${number} ${inWords(run)}`));
      if (runs.some(({ outcome }) => outcome.as === "killed")) await this.#recover(runs);
      const seen = new Seen(this.repository.path);
      this.#learn(seen, explain(this.#world, runs, seen));
      if (number % EACH_WHOLE === EACH_WHOLE - 1) await this.compareAll();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new Mismatch(`step ${number}: ${error.message}`, { cause: error });
    }
  }

  /** Compares all of it: every snapshot's records and files, and what `verify`, `doctor` and `audit verify` say. */
  async compareAll(): Promise<void> {
    this.counts.compared++;
    const wrong = new Seen(this.repository.path).snapshotsFrom(this.#world, this.#world.snapshots.keys());
    const cwd = this.repository.path;
    const { findings } = await callIn(cwd, doctor, { strict: true });
    for (const { code, message } of findings) {
      if (!OF_KILLS.includes(code)) wrong.push(`doctor: ${code} ${message}`);
    }
    const { severity } = await callIn(cwd, verify, { all: true });
    if (severity !== "ok") wrong.push(`verify: ${severity}`);
    await callIn(cwd, auditVerify);
    if (wrong.length > 0) throw new Mismatch(`\n  ${wrong.join("\n  ")}`);
  }

  /** The user works in a worktree, and a lease may run out. */
  #edit(random: () => number, fresh: string): void {
    const worktrees = [...this.#world.worktrees];
    const [name, worktree] = pick(random, worktrees);
    const root = `${this.repository.path}/${worktree.path}`;
    for (let n = Math.floor(random() * 4); n > 0; n--) edit(root, random, `${fresh}-${n}\n`);
    worktree.tree = treeOf(root);
    if (worktree.lease === null || random() < 0.8) return;
    pastLease(this.repository, 2 * 86_400_000, name);
    worktree.lease = { ...worktree.lease, isOver: true };
  }

  /** One call or two at once, and what came of them. */
  async #act(random: () => number, fresh: string): Promise<Run[]> {
    const { kills, pairs, programs, programsKilled } = this.rates;
    const act = drawAct({ world: this.#world, random, fresh });
    const chance = random();
    const under = random() < programsKilled ? killing(random) : undefined;
    const other = drawAct({ world: this.#world, random, fresh: `${fresh}-other` });
    if (chance < pairs && isFreeOf(act, other) && isFreeOf(other, act)) {
      this.counts.pairs++;
      // What a killed collection did is known only after it was repeated, and then another act has seen part of it.
      const call = callProgram(this.#call(act), act.goesOn ? undefined : under);
      const [one, two] = await Promise.all([call, callHere(this.#call(other))]);
      return [this.#counted(act, one), this.#counted(other, two)];
    }
    if (chance < pairs + programs) {
      this.counts.programs++;
      return [this.#counted(act, await callProgram(this.#call(act), under))];
    }
    const outcome = chance < pairs + programs + kills
      ? await callKilledHere(this.#call(act), 1 + Math.floor(random() * MOST_CHANGES))
      : await callHere(this.#call(act));
    return [this.#counted(act, outcome)];
  }

  #counted(act: Act, outcome: Outcome): Run {
    if (outcome.as === "killed") this.counts.killed++;
    if (outcome.as === "refused") this.counts.refused++;
    return { act, outcome };
  }

  #call({ operation, input, session, worktree }: Act): Call {
    const path = worktree === undefined ? undefined : this.#world.worktrees.get(worktree)?.path;
    const folder = path === undefined ? this.repository.path : `${this.repository.path}/${path}`;
    return { operation, input, session, folder };
  }

  /** Recovers what was killed: by the next change there, as far as that recovers it, then by doctor; and repeats what goes on. */
  async #recover(runs: readonly Run[]): Promise<void> {
    for (const { act, outcome } of runs) {
      if (outcome.as !== "killed") continue;
      const { session, worktree } = act;
      const folder = this.repository.path;
      if (worktree !== undefined && act.operation !== "restore") {
        const input = { snapshot: "LATEST", paths: ["no such path"], worktree };
        await callHere({ operation: "restore", input, session, folder });
      }
      const repair = { operation: "doctor", input: { repair_runtime: true }, session, folder };
      await callKilledHere(repair, 1 + this.counts.killed % 20); // recovery may be killed, too
      const repaired = await callHere(repair);
      if (repaired.as !== "done") throw new Mismatch(`doctor cannot repair it: ${JSON.stringify(repaired)}`);
      if (act.goesOn) {
        const again = await callHere(this.#call(act));
        const wasWhole = again.as === "refused" && again.error === act.isOverBy;
        if (again.as !== "done" && !wasWhole) throw new Mismatch(`it cannot go on: ${JSON.stringify(again)}`);
      }
    }
  }

  /** Takes a world as the present one, with what only the disk knows. */
  #learn(seen: Seen, world: World): void {
    for (const [name, worktree] of world.worktrees) {
      const found = seen.worktrees.get(name);
      worktree.id = String(found?.worktree_id);
      worktree.token = Number(found?.fencing_token);
    }
    this.#world = world;
  }

  [Symbol.dispose](): void {
    this.repository[Symbol.dispose]();
  }
}

/**
 * Whether an act may run beside another one. It must not take away the folder in which that is called, which would find no repository; nor
 * collect the autosave that the other one makes, which nobody would see.
 */
function isFreeOf({ goesOn, input, operation }: Act, other: Act): boolean {
  const takesFolder = ["worktree remove", "worktree rename"].includes(operation) &&
    input.name === other.worktree;
  const takesAutosave = goesOn === true && ["worktree remove", "restore"].includes(other.operation);
  // A change whose lease is given back meanwhile is refused, which it is neither before nor after.
  const takesLease = operation === "lock release" && input.worktree === other.worktree;
  // Of a plan that holds only when it begins a part is left, which is neither before nor after.
  const isPlanned = "plan_id" in input;
  return !takesFolder && !takesAutosave && !takesLease && !isPlanned;
}

function killing(random: () => number): string[] {
  const call = pick(random, KILLING);
  const inject = `inject=${call}:signal=KILL:when=${1 + Math.floor(random() * 8)}`;
  return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`, "-e", inject];
}

function inWords({ act: { input, operation, session }, outcome }: Run): string {
  const by = session === undefined ? "" : ` by ${session}`;
  const what = outcome.as === "refused" ? outcome.error : outcome.as;
  return `${operation} ${JSON.stringify(input)}${by}: ${what}`;
}
