import { isJvsError } from "../../../src/model/errors.ts";
import { callOperation } from "../../../src/operation/call.ts";
import { operations } from "../../../src/operation/registry.ts";
import { argumentsOf } from "../../../src/surface/cli/line/arguments.ts";
import { contextIn } from "../../support/context.ts";
import { type Json, type JvsRun, runJvs } from "../../support/jvs.ts";
import { killedAt } from "../../support/kill_point.ts";

/** What came of a call. */
export type Outcome =
  | { readonly as: "done"; readonly result: Json }
  | { readonly as: "refused"; readonly error: string; readonly message: string }
  | { readonly as: "killed" };

/** Which operation is called, where, and by which session. */
export interface Call {
  readonly operation: string;
  readonly input: Json;
  readonly folder: string;
  readonly session?: string | undefined;
}

/** No lock is held for so long: a call that waits longer hangs. */
const LOCK_TIMEOUT_MS = 60_000;

/** Calls an operation in this process. */
export async function callHere({ operation, input, folder, session }: Call): Promise<Outcome> {
  const context = contextIn(folder, { lockTimeoutMs: LOCK_TIMEOUT_MS, ...(session && { session }) });
  try {
    const result = await callOperation(await operations.load(operation), context, input);
    return { as: "done", result: JSON.parse(JSON.stringify(result)) };
  } catch (error) {
    if (!isJvsError(error) || error.code === "E_INTERNAL") throw error;
    return { as: "refused", error: error.code, message: error.message };
  }
}

/** The same, as if this process were killed at its n-th change of the file system. */
export async function callKilledHere(call: Call, n: number): Promise<Outcome> {
  const ends: Outcome[] = [];
  const killed = await killedAt(n, async () => void ends.push(await callHere(call)));
  return killed ? { as: "killed" } : ends[0] ?? { as: "killed" };
}

/** The same, as a program of its own, which is killed below strace where that is given. */
export async function callProgram(call: Call, under?: readonly string[]): Promise<Outcome> {
  const args = [...await commandLine(call), "--json", "--lock-timeout", `${LOCK_TIMEOUT_MS}ms`];
  const env = { JVS_SNAPSHOT_ENGINE: "copy" };
  return outcomeOf(await runJvs(args, { cwd: call.folder, env, ...(under && { under }) }));
}

function outcomeOf(run: JvsRun): Outcome {
  if (run.signal === "SIGKILL" || run.code === 137) return { as: "killed" };
  const { json } = run;
  if (typeof json.error !== "string") return { as: "done", result: json };
  return { as: "refused", error: json.error, message: String(json.message) };
}

/** The words of a command line for this input. */
async function commandLine({ operation, input, session }: Call): Promise<string[]> {
  const { input: { fields } } = await operations.load(operation);
  const words = { positional: [] as string[], flags: [] as string[] };
  for (const { field, name, hints } of argumentsOf(fields)) {
    const value = input[field];
    if (value === undefined || value === false) continue;
    const values = Array.isArray(value) ? value.map(String) : [String(value)];
    if (hints.positional) words.positional.push(...values);
    else if (value === true) words.flags.push(`--${name}`);
    else if (hints.many && values.length > 0) words.flags.push(`--${name}`, ...values);
    else for (const each of values) words.flags.push(`--${name}`, each);
  }
  return [
    ...operation.split(" "),
    ...words.positional,
    ...words.flags,
    ...(session ? ["--session", session] : []),
  ];
}
