import { JvsError } from "../model/errors.ts";
import { nextTurn } from "./clock.ts";

const SLICE_MS = 50;

/**
 * Cuts a long synchronous loop into slices of time. Signals, progress and cancelling run only between the slices. Each
 * round says `if (slice.isOver()) await slice.yield();`.
 */
export class TimeSlice {
  private started = performance.now();
  private rounds = 0;

  constructor(private readonly signal: Pick<AbortSignal, "aborted"> | undefined) {}

  /** Whether the slice is over. Looks at the clock once in 64 rounds; `weight` says how many rounds a call counts for. */
  isOver(weight = 1): boolean {
    this.rounds += weight;
    if (this.rounds < 64) return false;
    this.rounds = 0;
    return performance.now() - this.started > SLICE_MS;
  }

  /** Lets other code run; `E_INTERRUPTED` if the work was cancelled. */
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

/** `E_INTERRUPTED` if the signal was aborted. */
export function throwIfCancelled(signal: Pick<AbortSignal, "aborted"> | undefined): void {
  if (signal?.aborted) throw new JvsError("E_INTERRUPTED", "The operation was interrupted");
}
