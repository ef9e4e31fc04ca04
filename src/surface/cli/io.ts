/** The terminal, environment and clock of the command line. Tests pass their own. */
export type Io = ReturnType<typeof systemIo>;

/** The real terminal, environment and clock. */
export function systemIo() {
  return {
    /** Writes a whole text to standard output. False if the reading program has ended. */
    out: (text: string): boolean => writeAll(Deno.stdout, text),
    /** Writes a whole text to standard error, unless the reading program has ended. */
    err: (text: string): void => void writeAll(Deno.stderr, text),
    outIsTerminal: Deno.stdout.isTerminal(),
    errIsTerminal: Deno.stderr.isTerminal(),
    /** The width of the terminal; 80 without one. */
    columns: terminalColumns,
    env: readEnv,
    cwd: (): string => Deno.cwd(),
    /** Milliseconds since 1970. */
    now: (): number => Date.now(),
    /** Ends the program at once. */
    exit: (code: number): never => Deno.exit(code),
  };
}

function writeAll(to: { writeSync(bytes: Uint8Array): number }, text: string): boolean {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
    return true;
  } catch (error) {
    // The reader has ended, such as `| head`. That is not an error.
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}

function terminalColumns(): number {
  let columns = 0; // some terminals report this too
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
    if (error instanceof Deno.errors.NotCapable) return undefined; // fewer permissions than the launcher gives
    throw error;
  }
}
