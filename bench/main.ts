/**
 * `deno task bench`: times JVS beside the tools that people use instead, on file systems of its own, and says which targets it
 * reaches. Only ratios mean something, because machines differ and may be busy. `USAGE` in options.ts has the flags.
 */
import { interrupted, listenForInterrupt } from "./interrupt.ts";
import { readOptions } from "./options.ts";
import { runBench } from "./run_bench.ts";

try {
  using _ = listenForInterrupt();
  Deno.exitCode = await runBench(readOptions(Deno.args));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exitCode = interrupted.aborted ? 130 : 1;
}
