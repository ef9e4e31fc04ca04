/** What the command line has of the world: handed in, so that all of it can be tested without a terminal. */
export interface Io {
  /** Writes all of a text to standard output; false when nobody reads it any more. */
  out(text: string): boolean;
  /** Writes all of a text to standard error, if anybody reads it. */
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Of the terminal; 80 where there is none. */
  columns(): number;
  env(name: string): string | undefined;
  cwd(): string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Ends the program at once. */
  exit(code: number): never;
}

/** The real world. */
export function systemIo(): Io {
  return {
    out: (text) => writeAll(Deno.stdout, text),
    err: (text) => void writeAll(Deno.stderr, text),
    outIsTerminal: Deno.stdout.isTerminal(),
    errIsTerminal: Deno.stderr.isTerminal(),
    columns: terminalColumns,
    env: readEnv,
    cwd: () => Deno.cwd(),
    now: () => Date.now(),
    exit: (code) => Deno.exit(code),
  };
}

function writeAll(to: { writeSync(bytes: Uint8Array): number }, text: string): boolean {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
    return true;
  } catch (error) {
    // `| head` has seen enough: that is no failure of ours.
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}

function terminalColumns(): number {
  let columns = 0; // what a terminal says that does not know
  try {
    columns = Deno.consoleSize().columns;
  } catch {
    // no terminal
  }
  return columns || Number(readEnv("COLUMNS")) || 80;
}

function readEnv(name: string): string | undefined {
  try {
    return Deno.env.get(name) || undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined; // a narrower permission set than ours
    throw error;
  }
}
