import { JvsError } from "../model/errors.ts";
import { nextTurn } from "./clock.ts";

const SLICE_MS = 50;

/**
 * Cuts a long synchronous loop into slices of time, because signals, progress and cancelling run only between them:
 * `if (slice.isOver()) await slice.yield();` in each round.
 */
export class TimeSlice {
  private started = performance.now();
  private rounds = 0;

  constructor(private readonly signal: AbortSignal | undefined) {}

  /** Whether the slice is used up; looks at the clock once in 64 rounds (`weight` rounds count as so many). */
  isOver(weight = 1): boolean {
    this.rounds += weight;
    if (this.rounds < 64) return false;
    this.rounds = 0;
    return performance.now() - this.started > SLICE_MS;
  }

  /** Lets everything else have its turn; `E_INTERRUPTED` if the work was cancelled. */
  async yield(): Promise<void> {
    await nextTurn();
    this.check();
    this.started = performance.now();
  }

  /** `E_INTERRUPTED` if the work was cancelled. */
  check(): void {
    throwIfCancelled(this.signal);
  }
}

/** `E_INTERRUPTED` if the signal says stop. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new JvsError("E_INTERRUPTED", "The operation was interrupted");
}
