import { assertEquals, assertNotEquals } from "@std/assert";
import { setup } from "../../tasks/setup.ts";
import { ordinaryHome } from "./ordinary_user.ts";
import { asUser } from "./as_user.ts";
import { atEndOfFile, tempDir } from "./temp_dir.ts";
import { testProgram } from "./test_program.ts";

/** A JSON object with unknown fields. */
export type Json = Record<string, unknown>;

/** The form of each error: SPEC 11. */
export interface JsonError {
  schema_version: 1;
  error: string;
  message: string;
  hint: string;
  details: Json;
}

/** How `jvs` is started. */
export interface JvsOptions {
  /** The working folder; the test's own by default. */
  cwd?: string;
  /** More variables, besides PATH, LANG and a separate HOME. */
  env?: Record<string, string>;
  /** The text on its standard input; empty by default. */
  stdin?: string | Uint8Array;
  /** The user and group of the program, if the tests run as root; by default those of the tests. */
  user?: number;
  /** Another group of this user; none by default. */
  group?: number;
  /** A program with arguments, such as `strace`, that starts the program under test. None by default. */
  under?: readonly string[];
  /** Stops the program with SIGTERM. */
  signal?: AbortSignal;
}

/** How a command ended. */
export interface JvsRun {
  readonly code: number;
  /** The signal that ended the program, if any. */
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The output as JSON. If it is not JSON, the error shows all output. */
  readonly json: Json;
}

/** Runs the program under test (JVS_BIN, or what `testProgram` names) with its own permissions and its own home. */
export async function runJvs(args: readonly string[], options: JvsOptions = {}): Promise<JvsRun> {
  const child = await spawnJvs(args, options);
  const writer = child.stdin.getWriter();
  const { stdin = "" } = options;
  const input = typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin;
  // A program that ends before it reads all input breaks the pipe. Its output still counts.
  const written = writer.write(input).then(() => writer.close()).catch(() => {});
  const { code, signal, stdout, stderr } = await child.output();
  await written;
  const decoder = new TextDecoder();
  return new Run(args, code, signal, decoder.decode(stdout), decoder.decode(stderr));
}

/** Runs `jvs … --json`, which must succeed, and returns the result as the type that the test names. */
export async function jvsJson<Result = Json>(
  args: readonly string[],
  options: JvsOptions = {},
): Promise<Result> {
  const run = await runJvs([...args, "--json"], options);
  assertEquals(run.code, 0, `jvs ${args.join(" ")} ended with ${run.code}:\n${run.stdout}${run.stderr}`);
  assertEquals(run.json.schema_version, 1);
  return run.json as Result;
}

/** Runs `jvs … --json`, which must fail with this class of error, and returns the error. */
export async function jvsError(
  code: string,
  args: readonly string[],
  options: JvsOptions = {},
): Promise<JsonError> {
  const run = await runJvs([...args, "--json"], options);
  assertEquals(
    run.json.error,
    code,
    `jvs ${args.join(" ")} ended with ${run.code}:\n${run.stdout}${run.stderr}`,
  );
  assertNotEquals(run.code, 0, `jvs ${args.join(" ")} reports ${code} and ends with 0`);
  return run.json as unknown as JsonError;
}

/** Starts the program under test and leaves it running, for tests that kill it or run several at once. */
export async function spawnJvs(
  args: readonly string[],
  options: JvsOptions = {},
): Promise<Deno.ChildProcess> {
  const { program, env, user } = await jvsEnvironment(options.user);
  const [outer = program, ...inner] = [...options.under ?? [], program, ...args];
  const [first, ...rest] = asUser(user, outer, inner, options.group);
  return new Deno.Command(first, {
    args: rest,
    clearEnv: true,
    env: { ...env, ...options.env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }).spawn();
}

/** The program under test, ready to run, with the few variables that it gets; `user` as in `JvsOptions`. */
export async function jvsEnvironment(
  user = 0,
): Promise<{ program: string; env: { PATH: string; HOME: string; LANG: string }; user: number }> {
  await ready();
  const ordinary = user !== 0 && Deno.uid() === 0 ? ordinaryHome(user) : undefined;
  const program = Deno.env.get("JVS_BIN") || `${ordinary?.program ?? testProgram()}/bin/jvs`;
  const env = { PATH: Deno.env.get("PATH") ?? "", HOME: ordinary?.home ?? ownHome(), LANG: "C.UTF-8" };
  return { program, env, user };
}

/** Runs the setup once, so that the launcher finds Deno and its packages. Else each empty home would fetch them again. */
function ready(): Promise<void> {
  return settingUp ??= setup();
}

let settingUp: Promise<void> | undefined;

function ownHome(): string {
  if (home === undefined) {
    const folder = tempDir();
    atEndOfFile(() => folder[Symbol.dispose]());
    home = folder.path;
  }
  return home;
}

let home: string | undefined;

class Run implements JvsRun {
  constructor(
    readonly args: readonly string[],
    readonly code: number,
    readonly signal: Deno.Signal | null,
    readonly stdout: string,
    readonly stderr: string,
  ) {}

  get json(): Json {
    try {
      return JSON.parse(this.stdout);
    } catch {
      throw new Error(
        `jvs ${
          this.args.join(" ")
        } printed no JSON and ended with ${this.code}:\n${this.stdout}${this.stderr}`,
      );
    }
  }
}
