import { systemIo } from "./src/surface/cli/io.ts";
import { runCli } from "./src/surface/cli/main.ts";

Deno.exitCode = await runCli(Deno.args, systemIo()); // Deno.exit would often keep V8 from writing its code cache
