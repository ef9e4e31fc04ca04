import { JvsError } from "../../model/errors.ts";

/** The terminal, environment and clock of the command line. Tests pass their own. */
export type Io = Omit<ReturnType<typeof systemIo>, "workerModule"> & {
  /** The program itself, where it can also be loaded as a worker. */
  readonly workerModule?: string | undefined;
};

/** The real terminal, environment and clock. */
export function systemIo(workerModule?: string) {
  return {
    workerModule,
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

/** The characters that are encoded at once: a long text should not be in memory a second time. */
const PIECE = 1 << 20;

function writeAll(to: { writeSync(bytes: Uint8Array): number }, text: string): boolean {
  const encoder = new TextEncoder();
  try {
    for (let start = 0, end = 0; start < text.length; start = end) {
      end = Math.min(start + PIECE, text.length);
      if (isHighSurrogate(text.charCodeAt(end - 1)) && end < text.length) end++;
      const bytes = encoder.encode(text.slice(start, end));
      for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
    }
    return true;
  } catch (error) {
    // The reader has ended, such as `| head`. That is not an error.
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}

/** Whether a character needs the next one. */
function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
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
    if (!(error instanceof Deno.errors.InvalidData)) throw error;
    throw new JvsError("E_USAGE", `Cannot read the variable ${name}: it is no UTF-8 text`, {
      hint: "Unset it, or give it another value.",
      details: { variable: name },
    });
  }
}
