/** The time now, in milliseconds since 1970. */
export function nowMs(): number {
  return Date.now();
}

/** The time now: ISO 8601, UTC, to the millisecond. SPEC 3. */
export function nowIso(): string {
  return new Date(nowMs()).toISOString();
}

/** Lets signals, timers and messages run. It takes microseconds; a timer of 0 ms takes two milliseconds. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Random bytes that no one can guess. */
export function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count));
}
