import { JvsError } from "../../model/errors.ts";
import type { Io } from "./io.ts";

const INTERRUPTED = 130;

const END_SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** The first Ctrl-C, or other signal to end, stops the operation with nothing half done. The second ends the program. */
export function watchSignals(io: Io): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const handlers = END_SIGNALS.map((name) => {
    const handler = () => {
      if (controller.signal.aborted) io.exit(INTERRUPTED);
      controller.abort(
        new JvsError("E_INTERRUPTED", `Interrupted by ${name}`, { details: { signal: name } }),
      );
    };
    Deno.addSignalListener(name, handler);
    return () => Deno.removeSignalListener(name, handler);
  });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const remove of handlers) remove();
    },
  };
}
