import { JvsError } from "../model/errors.ts";

/*
 * Programs that the user chose, and that JVS knows nothing of: hooks, and the command of `lock run`. What JVS needs for its
 * own work (`juicefs`, `cp`) is in `processes.ts`.
 */

/** How a program ended. `stopped`: JVS ended it, as its time was over or the caller was interrupted. */
export interface ProgramEnd {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stopped: "timeout" | "interrupt" | null;
}

/** Whether JVS was started with the permission to run any program. */
export function mayRunPrograms(): boolean {
  return Deno.permissions.querySync({ name: "run" }).state === "granted";
}

/** How a program ended, as the end of a sentence: `ended with code 3`. */
export function endText({ code, signal, stopped }: ProgramEnd): string {
  if (stopped === "timeout") return "did not end in time";
  if (stopped === "interrupt") return "was interrupted";
  return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
}

/** Starts a shell that becomes the program of this name, or command line. */
export function begin(name: string, options: Deno.CommandOptions): Deno.ChildProcess {
  try {
    return new Deno.Command("/bin/sh", options).spawn();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw error instanceof Deno.errors.NotCapable
      ? notPermitted(`run "${name}"`)
      : new NotStarted(name, why, error);
  }
}

/** The error where the system could not start a program, for want of files, processes or room for its variables. */
export class NotStarted extends JvsError {
  /** A program by its name, or command line. */
  constructor(program: string, readonly why: string, cause: unknown) {
    super("E_IO", `Cannot run "${program}": ${why}`, { details: { program }, cause });
  }
}

/** The error where JVS was started without the permission to run any program. */
export function notPermitted(action: string): JvsError {
  return new JvsError(
    "E_PERMISSION",
    `Cannot ${action}: this jvs may start no programs but its own helpers`,
    {
      hint:
        "Start jvs by its launcher, which allows it for `jvs lock run`, and for `snapshot` and `restore` where you trusted " +
        "hooks; the library needs --allow-run.",
      details: { permission: "run" },
    },
  );
}

/** Ends a program step by step. */
export class Stopping implements Disposable {
  /** Why it is being ended; null if it is not. */
  why: ProgramEnd["stopped"] = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `send` sends it a signal; after SIGTERM it has so much time until SIGKILL. */
  constructor(private readonly send: (name: Deno.Signal) => void, private readonly graceMs: number) {}

  /** Begins to end it. */
  stop(why: "timeout" | "interrupt"): void {
    if (this.why !== null) return;
    this.why = why;
    this.send("SIGTERM");
    this.#timer = setTimeout(() => this.send("SIGKILL"), this.graceMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** Sends a signal, unless what it is for has ended, or is another user's by now. */
export function unlessGone(send: () => void): void {
  try {
    send();
  } catch (error) {
    const isGone = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied;
    if (!isGone && !(error instanceof TypeError)) throw error; // Deno's, for a child that it has seen end
  }
}
