/** Receives the progress of long work. The library prints nothing, so the surfaces pass a reporter in. */
export interface Reporter {
  /** A phase begins: a verb for people (`hashing`), and the amount of work where it is known. */
  begin(phase: string, total?: { readonly entries?: number; readonly bytes?: number }): void;
  /** This much more of the phase is done. */
  advance(entries: number, bytes: number): void;
  /** Shows the user a sentence although nothing failed. */
  warn(message: string): void;
}

/** A reporter that says nothing. */
export const silentReporter: Reporter = { begin() {}, advance() {}, warn() {} };
