import type { Reporter } from "../model/progress.ts";
import { phase } from "../model/progress.ts";
import type { Laboratory } from "./black_box/laboratory.ts";
import type { Program } from "./black_box/program.ts";
import { randomFrom } from "./black_box/random.ts";
import { Broken, isForRoom, NO_ROOM, NotRun, short } from "./black_box/promises.ts";
import type { PROFILES, Rule } from "./black_box/rule.ts";
import type { Scratch } from "./scratch.ts";

/** What became of a rule. */
export interface Checked {
  readonly rule: number;
  readonly promise: string;
  readonly result: "passed" | "failed" | "not run";
  /** What happened, or why it was not run. */
  readonly reason: string | null;
  /** What it means where the rule failed. */
  readonly means: string | null;
  readonly ms: number;
}

/** How rules are checked. */
export interface RunRules {
  readonly program: Program;
  readonly scratch: Scratch;
  readonly profile: typeof PROFILES[number];
  /** Whether the user named these rules: then each is checked in either profile. */
  readonly areNamed: boolean;
  readonly seed: number;
  /** Whether the folders of rules that failed stay. */
  readonly keep: boolean;
  /** How many are checked at once. */
  readonly atOnce: number;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** Checks rules in the order of their numbers, some at once. Interrupted, it throws, and nothing of it runs any more. */
export async function runRules(rules: readonly Rule[], how: RunRules): Promise<Checked[]> {
  const { program, reporter, signal } = how;
  using _phase = phase(reporter, "checking", { entries: rules.length, unit: "rule" });
  const killAll = () => program.killAll();
  signal.addEventListener("abort", killAll, { once: true });
  const results: Checked[] = [];
  let next = 0;
  const worker = async () => {
    for (let rule = rules[next++]; rule !== undefined && !signal.aborted; rule = rules[next++]) {
      results.push(await checked(rule, how));
      reporter.advance(1, 0);
    }
  };
  await Promise.all(Array.from({ length: how.atOnce }, worker));
  signal.removeEventListener("abort", killAll);
  signal.throwIfAborted();
  return results.sort((a, b) => a.rule - b.rule);
}

async function checked(rule: Rule, how: RunRules): Promise<Checked> {
  const { number, promise } = rule;
  const began = performance.now();
  const result = (result: Checked["result"], reason: string | null = null): Checked => {
    const ms = Math.round(performance.now() - began);
    return { rule: number, promise, result, reason, means: result === "failed" ? rule.means : null, ms };
  };
  const why = whyNot(rule, how);
  if (why !== undefined) return result("not run", why);
  const name = `rule-${String(number).padStart(2, "0")}`;
  let isKept = false;
  try {
    await rule.check(laboratoryOf(rule, name, how));
    return result("passed");
  } catch (error) {
    if (how.signal.aborted) return result("not run", "interrupted");
    if (error instanceof NotRun) return result("not run", error.message);
    if (isForRoom(error) || how.scratch.isFull()) return result("not run", NO_ROOM);
    isKept = how.keep;
    return result("failed", error instanceof Broken ? error.message : unexpected(error));
  } finally {
    if (!isKept && !how.signal.aborted) await how.scratch.remove(name);
  }
}

function whyNot({ from, needs }: Rule, { areNamed, profile }: RunRules): string | undefined {
  if (from === "release" && profile === "dev" && !areNamed) return "only with --profile release";
  const isRoot = Deno.uid() === 0;
  if (needs === "root" && !isRoot) return "only root can make files of another user";
  if (needs === "ordinary user" && isRoot) return "root may do everything: run it as an ordinary user";
}

function laboratoryOf(
  rule: Rule,
  name: string,
  { program, profile, scratch, seed, signal }: RunRules,
): Laboratory {
  return {
    program,
    folder: scratch.folder(name),
    isThorough: profile === "release",
    random: randomFrom(seed + rule.number),
    signal,
  };
}

/** Such as a file that is not where format.md has it. */
function unexpected(error: unknown): string {
  return short(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}
