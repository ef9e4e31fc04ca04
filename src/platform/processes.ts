import { type Reporter } from "../model/progress.ts";
import { textOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { throwIfCancelled } from "./time_slice.ts";

/**
 * How to run a program: its working folder, variables set over ours, what ends it with `E_INTERRUPTED`, and whether it gets
 * a session of its own, so that no signal for us reaches it.
 */
type RunProgramOptions = Pick<Deno.CommandOptions, "cwd" | "env" | "signal" | "detached"> & {
  /** Hears when it starts and ends. */
  readonly reporter?: Reporter | undefined;
};

/** How a program ended. */
export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, without a shell; `E_ENGINE_UNAVAILABLE` when it is missing or not permitted. */
export async function runProgram(
  name: string,
  args: readonly string[],
  { reporter, ...options }: RunProgramOptions = {},
): Promise<ProgramResult> {
  using _running = reporter?.program?.(name);
  throwIfCancelled(options.signal);
  const output = await started(name, () => command(name, args, options).spawn()).output();
  throwIfCancelled(options.signal);
  return asText(output);
}

/** Runs a short program to its end synchronously, as one step of a hot loop. */
export function runProgramNow(
  name: string,
  args: readonly string[],
  { reporter, ...options }: RunProgramOptions,
): ProgramResult {
  using _running = reporter?.program?.(name);
  return asText(started(name, () => command(name, args, options).outputSync()));
}

/**
 * The absolute path of a program on PATH; undefined if it is not there or JVS may not run it. Relative parts of PATH, which
 * mean the current folder of somebody's files, do not count.
 */
export function findProgram(name: string): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder.startsWith("/"));
  const paths = folders.map((folder) => `${folder}/${name}`);
  return paths.find((path) => isProgram(path) && mayRun(path));
}

function isProgram(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & 0o111) !== 0;
  } catch {
    return false; // not there, or not for us to look at: then the next one
  }
}

function mayRun(command: string): boolean {
  return Deno.permissions.querySync({ name: "run", command }).state === "granted";
}

function command(name: string, args: readonly string[], options: Deno.CommandOptions): Deno.Command {
  return new Deno.Command(name, {
    ...options,
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

function asText({ code, stdout, stderr }: Deno.CommandOutput): ProgramResult {
  return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
}

function started<T>(name: string, start: () => T): T {
  try {
    return start();
  } catch (error) {
    const permitted = !(error instanceof Deno.errors.NotCapable);
    const why = error instanceof Deno.errors.NotFound ? "it is not installed" : (error as Error).message;
    throw new JvsError("E_ENGINE_UNAVAILABLE", `Cannot run the program "${name}": ${why}`, {
      hint: permitted ? `Install ${name}, or choose another engine.` : `Allow it by --allow-run=${name}.`,
      details: { program: name, permitted },
      cause: error,
    });
  }
}
