import { begin, type ProgramEnd, Stopping, unlessGone } from "./foreign_program.ts";

/** How long a program has after SIGTERM: it may have much to put away. */
const GRACE_MS = 10_000;

/** How a program runs in place of JVS. */
export interface InFront {
  readonly cwd: string;
  /** Set over the variables of JVS. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether what it prints goes to standard error, because standard output gets a result of JVS. */
  readonly outputToError: boolean;
}

/** The variables that launchers change, for Deno or themselves. They keep what the user had in `JVS_GIVEN_*`, where `JVS_GIVEN` is set. */
export const CHANGED_BY_LAUNCHERS = [
  ..."NODE_OPTIONS NODE_CHANNEL_FD NODE_UNIQUE_ID NODE_V8_COVERAGE DENO_V8_FLAGS DENO_PERMISSION_BROKER_PATH"
    .split(" "),
  ..."DENO_AUDIT_PERMISSIONS DENO_TRACE_PERMISSIONS DENO_COVERAGE_DIR DENO_CONDITIONS OTEL_DENO".split(" "),
  ..."DENO_NO_UPDATE_CHECK DENO_DIR NO_COLOR HOME".split(" "),
  ..."self link root part word elsewhere before npm cached own deno young above modules place".split(" "), // their own
];

/**
 * Gives the program the user's own environment again, in a shell, because Deno would lose what is no UTF-8 in it. The shell's
 * own words for a program that is not there would have a number of a line of this.
 */
const AS_GIVEN = `if [ -n "\${JVS_GIVEN-}" ]; then
  unset JVS_GIVEN
  for jvs_word in ${CHANGED_BY_LAUNCHERS.join(" ")}; do
    unset "$jvs_word"
    eval "[ -z \\"\\\${JVS_GIVEN_$jvs_word+x}\\" ] || export $jvs_word=\\"\\\$JVS_GIVEN_$jvs_word\\""
    unset "JVS_GIVEN_$jvs_word"
  done
fi
command -v -- "$1" >/dev/null || { printf 'jvs: %s: not found\\n' "$1" >&2; exit 127; }
exec "$@"`;

/** A program that has the terminal, or the files, that JVS was started with. It is in the process group of JVS. */
export class ProgramInFront implements Disposable {
  readonly #child: Deno.ChildProcess;
  readonly #stopping = new Stopping((name) => this.send(name), GRACE_MS);

  /** Starts a program by its name, with its arguments. */
  constructor(words: readonly string[], { outputToError, ...options }: InFront) {
    this.#child = begin(words[0] ?? "", {
      ...options,
      args: ["-c", outputToError ? `${AS_GIVEN} >&2` : AS_GIVEN, "jvs", ...words],
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    });
  }

  /** Passes a signal on to it, unless it has ended. */
  send(name: Deno.Signal): void {
    unlessGone(() => this.#child.kill(name));
  }

  /** Ends it: by SIGTERM, and by SIGKILL if that does not help. */
  stop(): void {
    this.#stopping.stop("interrupt");
  }

  /** How it ended. */
  async end(): Promise<ProgramEnd> {
    const { code, signal } = await this.#child.status;
    return { code, signal, stopped: this.#stopping.why };
  }

  [Symbol.dispose](): void {
    this.#stopping[Symbol.dispose]();
  }
}
