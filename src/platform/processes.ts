import { textOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { throwIfCancelled } from "./time_slice.ts";

/** How to run a program. */
export interface RunProgramOptions {
  /** Its working folder (default: ours). */
  cwd?: string;
  /** Variables set over ours (default none). */
  env?: Record<string, string>;
  /** What it reads from standard input (default nothing). */
  stdin?: Uint8Array;
  /** Ends the program with `E_INTERRUPTED`. */
  signal?: AbortSignal;
  /** Ends the program after this time with `E_ENGINE_FAILED` (default: never). */
  timeoutMs?: number;
}

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
  options: RunProgramOptions = {},
): Promise<ProgramResult> {
  throwIfCancelled(options.signal);
  const tooLong = new AbortController();
  const timer = options.timeoutMs === undefined
    ? undefined
    : setTimeout(() => tooLong.abort(), options.timeoutMs);
  const signal = AbortSignal.any([tooLong.signal, ...(options.signal ? [options.signal] : [])]);
  try {
    const child = started(name, () => command(name, args, { ...options, signal }).spawn());
    const [output] = await Promise.all([child.output(), writeInput(child, options.stdin)]);
    throwIfCancelled(options.signal);
    if (tooLong.signal.aborted) throw overdue(name, args, options.timeoutMs ?? 0);
    return { code: output.code, stdout: textOf(output.stdout), stderr: textOf(output.stderr) };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a short program to its end synchronously, as one step of a hot loop. */
export function runProgramNow(
  name: string,
  args: readonly string[],
  options: Pick<RunProgramOptions, "cwd" | "env"> = {},
): ProgramResult {
  const { code, stdout, stderr } = started(name, () => command(name, args, options).outputSync());
  return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
}

function command(name: string, args: readonly string[], options: RunProgramOptions): Deno.Command {
  const { cwd, env, signal, stdin } = options;
  return new Deno.Command(name, {
    args: [...args],
    stdin: stdin ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
    ...(signal === undefined ? {} : { signal }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
  });
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

async function writeInput(child: Deno.ChildProcess, bytes: Uint8Array | undefined): Promise<void> {
  if (bytes === undefined) return;
  try {
    const writer = child.stdin.getWriter();
    await writer.write(bytes as Uint8Array<ArrayBuffer>);
    await writer.close();
  } catch {
    // The program ended before it read everything; its exit code says whether that matters.
  }
}

function overdue(name: string, args: readonly string[], timeoutMs: number): JvsError {
  return new JvsError("E_ENGINE_FAILED", `The program "${name}" did not end within ${timeoutMs / 1000} s`, {
    details: { program: name, arguments: args, timeout_ms: timeoutMs },
  });
}
