/**
 * The command `jvs`: `deno run jsr:@jvs/jvs/cli help`. The page on installing has the permissions that it needs.
 *
 * @module
 */
import { systemIo } from "./src/surface/cli/io.ts";
import { runCli, SIGNALS } from "./src/surface/cli/main.ts";

let isDone = false;
// A signal after that must not make it look interrupted: then it only ends at once.
for (const name of SIGNALS) Deno.addSignalListener(name, () => isDone && Deno.exit());
Deno.exitCode = await runCli(Deno.args, systemIo()); // Deno.exit would often keep V8 from writing its code cache
isDone = true;
