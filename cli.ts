/**
 * The command `jvs`: `deno run jsr:@jvs/jvs/cli help`. The page on installing has the permissions that it needs.
 *
 * @module
 */
import { systemIo } from "./src/surface/cli/io.ts";
import { runCli, SIGNALS } from "./src/surface/cli/main.ts";

// A bundle is one file, so the program is the module of its workers too. Only a worker has this class and our name.
if ("WorkerGlobalScope" in globalThis && self.name === "jvs worker") {
  await import("./src/surface/worker/main.ts");
} else await main();

async function main(): Promise<void> {
  let isDone = false;
  // A signal after that must not make it look interrupted: then it only ends at once.
  for (const name of SIGNALS) Deno.addSignalListener(name, () => isDone && Deno.exit());
  const io = systemIo(import.meta.url);
  Deno.exitCode = await runCli(Deno.args, io); // Deno.exit would often keep V8 from writing its code cache
  isDone = true;
}
