import { begin, type ProgramEnd, Stopping, unlessGone } from "./foreign_program.ts";

/** How a program runs beside JVS. */
export interface Aside {
  readonly cwd: string;
  /** All variables that it gets. */
  readonly env: Readonly<Record<string, string>>;
  /** How long it may run; undefined: without end. */
  readonly timeoutMs: number | undefined;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Gets the lines of its output as they come, without their line ends, as many at once as there are; a very long one in pieces. */
  readonly lines: (texts: readonly string[]) => void;
}

/** How long a program has to end by itself after SIGTERM. */
const GRACE_MS = 2000;
/** The longest time that a timer counts. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * The program is a process group of its own, so that one signal reaches all that it starts. A keeper in that group reads a pipe
 * that only JVS has open: if JVS is killed, the pipe ends, and the keeper ends the group. As the keeper is in the group until JVS
 * ends it, no other group gets its number meanwhile. It is no child of the program, which may wait for all of its own.
 */
const KEPT = `exec 3<&0 </dev/null
keep() { trap '' HUP INT TERM; read -r _ <&3; kill -TERM 0; sleep ${GRACE_MS / 1000}; kill -KILL 0; }
( keep >/dev/null 2>&1 & )
exec 3<&-
exec /bin/sh -c "$1"`;

/**
 * Runs a command line by `/bin/sh -c`, without input and apart from the terminal. When this returns, all that it started has ended, but
 * for what began a session of its own (`setsid`).
 */
export async function runAside(
  command: string,
  { cwd, env, timeoutMs, signal, lines }: Aside,
): Promise<ProgramEnd> {
  const child = begin(command, {
    args: ["-c", KEPT, "jvs", command],
    cwd,
    env: { ...env },
    clearEnv: true,
    detached: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const stopping = new Stopping((name) => signalGroup(child.pid, name), GRACE_MS);
  const timer = timeoutMs === undefined
    ? undefined
    : setTimeout(() => stopping.stop("timeout"), Math.min(timeoutMs, LONGEST_MS));
  const interrupted = () => stopping.stop("interrupt");
  signal.addEventListener("abort", interrupted);
  if (signal.aborted) interrupted();
  const outputs = [new Output(child.stdout, lines), new Output(child.stderr, lines)];
  try {
    const { code, signal: endedBy } = await child.status;
    const stopped = stopping.why; // what comes now is not the program's
    clearTimeout(timer);
    // What it left in the background would write into the worktree that JVS is about to look at.
    signalGroup(child.pid, "SIGKILL");
    await Promise.all(outputs.map((output) => output.end()));
    return { code, signal: endedBy, stopped };
  } finally {
    clearTimeout(timer);
    stopping[Symbol.dispose]();
    signal.removeEventListener("abort", interrupted);
    await child.stdin.close().catch(() => {}); // the keeper is gone already
  }
}

function signalGroup(leader: number, name: Deno.Signal): void {
  unlessGone(() => Deno.kill(-leader, name));
}

/** A line longer than this comes in pieces. */
const LONGEST_LINE = 4096;
/** How long an output may stay open and silent after its program ended, and how long at most: a daemon may print for ever. */
const SILENT_MS = 500;
const LONGEST_END_MS = 3000;

/** One output of a program, line by line. */
class Output {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #done: Promise<void>;
  #chunks = 0;
  #rest = "";

  constructor(stream: ReadableStream<Uint8Array>, private readonly lines: Aside["lines"]) {
    this.#reader = stream.getReader();
    // Without a place for its output the program goes no further, and its end says why.
    this.#done = this.#read().catch(async (error) => {
      await this.#reader.cancel();
      throw error;
    });
    this.#done.catch(() => {});
  }

  /** Waits for what the program has printed. What it started may hold the output open for ever. */
  async end(): Promise<void> {
    let isDone = false;
    const last = performance.now() + LONGEST_END_MS;
    for (let before = -1; !isDone && before !== this.#chunks && performance.now() < last;) {
      before = this.#chunks;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silent = new Promise<boolean>((resolve) => timer = setTimeout(resolve, SILENT_MS, false));
      isDone = await Promise.race([this.#done.then(() => true), silent]);
      clearTimeout(timer);
    }
    await this.#reader.cancel();
    await this.#done;
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await this.#reader.read();
      this.#chunks++;
      this.#take(decoder.decode(value, { stream: !done }));
      if (done) break;
      await timersRun();
    }
    const last = this.#rest.replace(/\r$/, "");
    if (last !== "") this.lines([last]);
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split(/\r?\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    for (; this.#rest.length > LONGEST_LINE; this.#rest = this.#rest.slice(LONGEST_LINE)) {
      lines.push(this.#rest.slice(0, LONGEST_LINE));
    }
    if (lines.length > 0) this.lines(lines);
  }
}

/** Lets timers run. Deno reads more than a hundred chunks that are there before it looks at the time, however long each one takes. */
function timersRun(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
