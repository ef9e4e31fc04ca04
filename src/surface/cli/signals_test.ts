import { assertEquals } from "@std/assert";
import { FakeIo } from "../../../tests/support/made_up_cli.ts";
import { isJvsError } from "../../model/errors.ts";
import { watchSignals } from "./signals.ts";

class WaitingIo extends FakeIo {
  readonly #ended = Promise.withResolvers<number>();
  readonly ended = this.#ended.promise;

  // It cannot really end the tests.
  override exit(code: number): never {
    this.#ended.resolve(code);
    return undefined as never;
  }
}

Deno.test("watchSignals() stops the operation at the first signal and the program at the second", async () => {
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    const io = new WaitingIo();
    using interruption = watchSignals(io);
    const stopped = new Promise<void>((resolve) =>
      interruption.signal.addEventListener("abort", () => resolve())
    );
    Deno.kill(Deno.pid, name);
    await stopped;
    assertEquals(isJvsError(interruption.signal.reason, "E_INTERRUPTED"), true);
    Deno.kill(Deno.pid, name);
    assertEquals(await io.ended, 130);
  }
});
