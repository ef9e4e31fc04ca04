/**
 * Receives the progress of long work. The library prints nothing, so the surfaces pass a reporter in. Each operation has its
 * own: phases of operations that run at once must not mix.
 */
export interface Reporter {
  /** A phase begins: a verb for people (`hashing`), and the amount of work where it is known. It may be inside another one. */
  begin(phase: string, total?: PhaseTotal): void;
  /** This much more of the phase is done. */
  advance(entries: number, bytes: number): void;
  /** Shows the user a sentence although nothing failed. */
  warn(message: string): void;
  /** A program that the user chose (a hook) printed these lines. */
  printed?(program: string, lines: readonly string[]): void;
  /** The phase that began last ends, and the one around it goes on. */
  end?(): void;
  /** Another program starts, by its name or path, beside the phases. The end of `using` says that it has ended. */
  program?(name: string): Disposable;
  /** A worker did this beside the phases; times are those of `performance.now()` in this thread. */
  beside?(
    worker: string,
    work: { readonly name: string; readonly start: number; readonly end: number },
  ): void;
}

/** The amount of work of a phase. */
export interface PhaseTotal {
  /** How many files, or what `unit` says. */
  readonly entries?: number;
  /** How much content. */
  readonly bytes?: number;
  /** What the entries are, if they are no files: `snapshot`. The phase is a frame of other phases then. */
  readonly unit?: string;
}

/** A reporter that says nothing. */
export const silentReporter: Reporter = { begin() {}, advance() {}, warn() {} };

/** A phase that lasts until the end of the block: `using _phase = phase(reporter, "hashing")`. The one way to begin one. */
export function phase(
  reporter: Reporter | undefined,
  name: string,
  total?: PhaseTotal,
): Disposable {
  reporter?.begin(name, total);
  return { [Symbol.dispose]: () => reporter?.end?.() };
}

/** Phases that follow each other in one block: each ends where the next begins, the last one at the end of `using`. */
export class Phases implements Disposable {
  private last: Disposable | undefined;

  constructor(private readonly reporter: Reporter) {}

  /** Ends the phase before and begins one. */
  next(name: string, total?: { readonly entries?: number }): void {
    this.end();
    this.last = phase(this.reporter, name, total);
  }

  /** Ends the phase. */
  end(): void {
    this.last?.[Symbol.dispose]();
    this.last = undefined;
  }

  [Symbol.dispose](): void {
    this.end();
  }
}
