import { textOf } from "../../model/bytes.ts";
import { Broken, short } from "./promises.ts";

/** How a command of the program under test is run. */
export interface RunOptions {
  readonly cwd: string;
  /** More variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What it printed as JSON. `Broken` where it printed none. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The command line and what it printed, for the sentence of a failure. */
  readonly story: string;
}

/** A command that runs, and may be stopped and killed. */
export interface Running {
  readonly pid: number;
  readonly hasEnded: () => boolean;
  /** Waits until it ends. */
  ended(): Promise<Ended>;
  /** Stops it as a machine that sleeps. It is killed if this process ends meanwhile. */
  stop(): void;
  continue(): void;
  kill(): void;
}

/** The variables that change what JVS does. The rules run without those of the user. */
const OURS = ["REPO", "SESSION", "ACTOR", "SNAPSHOT_ENGINE", "LOCK_TIMEOUT", "TRACE", "THREADS"];

/** A program and its first arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** The program under test: any that is used like JVS. */
export class Program {
  readonly #children = new Set<Deno.ChildProcess>();
  readonly #env: Readonly<Record<string, string>>;

  /** `home` is a folder in which the program finds and keeps what is a user's own; by default that of this process. */
  constructor(private readonly command: Command, home?: string) {
    const empty = Object.fromEntries(OURS.map((name) => [`JVS_${name}`, ""]));
    const own = home === undefined ? {} : { HOME: home, XDG_CONFIG_HOME: `${home}/.config` };
    this.#env = { ...empty, ...own, LC_ALL: "C.UTF-8" };
  }

  /** Runs a command to its end. */
  async run(args: readonly string[], options: RunOptions): Promise<Ended> {
    return await this.start(args, options).ended();
  }

  /** Starts a command. */
  start(args: readonly string[], { cwd, env = {} }: RunOptions): Running {
    const [program, ...first] = this.command;
    const child = new Deno.Command(program, {
      args: [...first, ...args],
      cwd,
      env: { ...this.#env, ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#children.add(child);
    return running(child, args, () => this.#children.delete(child));
  }

  /** Kills what runs. */
  killAll(): void {
    for (const { pid } of this.#children) signal(pid, "SIGKILL");
  }
}

function running(child: Deno.ChildProcess, args: readonly string[], forget: () => void): Running {
  const { pid } = child;
  let hasEnded = false;
  let guard: Deno.ChildProcess | undefined;
  const freed = () => {
    if (guard !== undefined) signal(guard.pid, "SIGKILL");
    guard = undefined;
  };
  const output = child.output().finally(() => {
    hasEnded = true;
    freed();
    forget();
  });
  return {
    pid,
    hasEnded: () => hasEnded,
    ended: async () => endedAs(args, await output),
    stop() {
      signal(pid, "SIGSTOP");
      guard = guardOf(pid);
    },
    continue() {
      signal(pid, "SIGCONT");
      freed();
    },
    kill: () => signal(pid, "SIGKILL"),
  };
}

/** Kills a stopped process when this one is gone: it could not end by itself. */
function guardOf(pid: number): Deno.ChildProcess {
  const script = `while kill -0 ${Deno.pid} 2>/dev/null; do sleep 1; done; kill -KILL ${pid}`;
  const args = ["-c", script];
  const guard = new Deno.Command("sh", { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  guard.unref();
  return guard;
}

function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch {
    // it has ended
  }
}

function endedAs(args: readonly string[], { code, signal, stdout, stderr }: Deno.CommandOutput): Ended {
  const [out, err] = [textOf(stdout), textOf(stderr)];
  const how = signal === null ? `exit code ${code}` : signal;
  const story = `\`jvs ${args.map(quoted).join(" ")}\` ended with ${how} and printed: ${
    short((out + err).trim())
  }`;
  return {
    code,
    signal,
    stdout: out,
    stderr: err,
    story,
    get json() {
      try {
        return JSON.parse(out);
      } catch {
        throw new Broken(`It printed no JSON: ${story}`);
      }
    },
  };
}

function quoted(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word}'`;
}
