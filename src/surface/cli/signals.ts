import { JvsError } from "../../model/errors.ts";
import type { Io } from "./io.ts";

const INTERRUPTED = 130;

/** Signals that ask the program to end. */
const ASKING: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** What tells an operation to stop, for `using`. */
export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
}

/** Ctrl-C (or a request to end) stops the operation where it leaves nothing half done; a second one ends the program. */
export function watchSignals(io: Io): Interruption {
  const controller = new AbortController();
  const handlers = ASKING.map((name) => {
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
