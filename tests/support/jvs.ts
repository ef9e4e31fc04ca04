import { assertEquals, assertNotEquals } from "@std/assert";
import { setup } from "../../tasks/setup.ts";
import { ordinaryHome } from "./ordinary_user.ts";
import { asUser } from "./probes.ts";
import { atEndOfFile, tempDir } from "./temp_dir.ts";

/** A JSON object of which nothing is known. */
export type Json = Record<string, unknown>;

/** What every error looks like: SPEC 11. */
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
  /** Added to the few variables it gets: PATH, LANG and a HOME of its own. */
  env?: Record<string, string>;
  /** What it reads from its input; nothing by default. */
  stdin?: string | Uint8Array;
  /** The user and group it runs as where the tests run as root; the tests' own by default. */
  user?: number;
  /** Another group that this user is in; none by default. */
  group?: number;
  /** A program, with its arguments, that the program under test is started by: `strace` and the like. None by default. */
  under?: readonly string[];
  /** Stops it with SIGTERM. */
  signal?: AbortSignal;
}

/** How a command ended. */
export interface JvsRun {
  readonly code: number;
  /** The signal that ended it, if one did. */
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Its output read as JSON; throws with all of it if it is none. */
  readonly json: Json;
}

/** Runs the program under test, JVS_BIN or the checkout's own launcher, with its own permissions and a home of its own. */
export async function runJvs(args: readonly string[], options: JvsOptions = {}): Promise<JvsRun> {
  const child = await spawnJvs(args, options);
  const writer = child.stdin.getWriter();
  const { stdin = "" } = options;
  const input = typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin;
  // A program that ends without reading all of it breaks the pipe; what it printed is the result all the same.
  const written = writer.write(input).then(() => writer.close()).catch(() => {});
  const { code, signal, stdout, stderr } = await child.output();
  await written;
  const decoder = new TextDecoder();
  return new Run(args, code, signal, decoder.decode(stdout), decoder.decode(stderr));
}

/** Runs `jvs … --json`, which must succeed, and gives the result, taken to have the shape that the test names. */
export async function jvsJson<Result = Json>(
  args: readonly string[],
  options: JvsOptions = {},
): Promise<Result> {
  const run = await runJvs([...args, "--json"], options);
  assertEquals(run.code, 0, `jvs ${args.join(" ")} ended with ${run.code}:\n${run.stdout}${run.stderr}`);
  assertEquals(run.json.schema_version, 1);
  return run.json as Result;
}

/** Runs `jvs … --json`, which must fail with this class of error, and gives the error. */
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
  const program = Deno.env.get("JVS_BIN") || `${ordinary?.checkout ?? ownCheckout}/bin/jvs`;
  const env = { PATH: Deno.env.get("PATH") ?? "", HOME: ordinary?.home ?? ownHome(), LANG: "C.UTF-8" };
  return { program, env, user };
}

const ownCheckout = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** The launcher finds Deno and its packages by what setup leaves; without it each empty home would fetch them anew. */
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
