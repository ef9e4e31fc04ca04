const LONGEST_WAIT_MS = 120_000;

/** Waits for a condition, and fails where it never comes. */
export async function until(isTrue: () => boolean): Promise<void> {
  const end = performance.now() + LONGEST_WAIT_MS;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`this never came: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
