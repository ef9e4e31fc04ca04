/** Told what long work is doing; the library is silent, so surfaces pass one in. */
export interface Reporter {
  /** A phase of the work begins: a verb for people (`hashing`), and how much there is where that is known. */
  begin(phase: string, total?: { readonly entries?: number; readonly bytes?: number }): void;
  /** So much more of the phase is done. */
  advance(entries: number, bytes: number): void;
  /** A sentence that the user should see although nothing failed. */
  warn(message: string): void;
}

/** A reporter that says nothing. */
export const silentReporter: Reporter = { begin() {}, advance() {}, warn() {} };
