const controller = new AbortController();

/** Aborted by Ctrl-C or SIGTERM: everything that runs stops, and what was made is removed. */
export const interrupted = controller.signal;

/** Listens for both signals until the block ends. A second one changes nothing, because the images must not stay mounted. */
export function listenForInterrupt(): Disposable {
  const listeners = (["SIGINT", "SIGTERM"] as const).map((signal) => {
    const listener = () => controller.abort(new Error(`Interrupted by ${signal}.`));
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  return { [Symbol.dispose]: () => listeners.forEach((stop) => stop()) };
}

/** Lets signals through in the middle of long work. */
export async function breathe(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  interrupted.throwIfAborted();
}
