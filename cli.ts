import { systemIo } from "./src/surface/cli/io.ts";
import { runCli } from "./src/surface/cli/main.ts";

Deno.exit(await runCli(Deno.args, systemIo()));
