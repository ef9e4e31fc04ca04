import { JvsError } from "../../model/errors.ts";
import type { Context } from "../../protocol/context.ts";
import { runOperation } from "../../operation/call.ts";
import type { Catalog } from "../../operation/catalog.ts";
import { operations } from "../../operation/registry.ts";
import { createContext } from "./context.ts";
import { asJvsError, errorJson, errorText, exitCodeOf } from "./errors.ts";
import { type Command, commandOf, outputOf } from "./line/command.ts";
import type { Globals } from "./line/globals.ts";
import { readLine } from "./line/read_line.ts";
import type { Io } from "./io.ts";
import { createProgress } from "./progress.ts";
import { watchSignals } from "./signals.ts";
import { createStyle, type Style } from "./render/style.ts";

/** How the command line is run; all of it as `jvs` does by default. */
export interface CliOptions {
  /** The operations there are. */
  catalog?: Catalog;
  /** Operations that take standard input and output for themselves instead of giving a result, by name. */
  takeovers?: Readonly<Record<string, Takeover>>;
}

/** Runs an operation in its own way and gives the exit code. */
export type Takeover = (context: Context, input: Readonly<Record<string, unknown>>) => Promise<number>;

/** Runs one command line and gives the program's exit code. SPEC 11. */
export async function runCli(args: readonly string[], io: Io, options: CliOptions = {}): Promise<number> {
  const { catalog = operations, takeovers = {} } = options;
  using interruption = watchSignals(io);
  if (args[0] === "__complete") {
    const { complete } = await import("./complete.ts");
    io.out(await complete(args.slice(1), catalog, io));
    return 0;
  }
  const line = await readLine(args, catalog);
  try {
    const command = await commandOf(line, catalog);
    return await runCommand(command, io, { catalog, takeovers }, interruption.signal);
  } catch (thrown) {
    const error = asJvsError(thrown, interruption.signal);
    const { json, color, debug } = outputOf(line);
    if (!json || !canPrint(io, errorJson(error))) {
      io.err(errorText(error, styleFor(io, io.errIsTerminal, color), { debug }));
    }
    return exitCodeOf(error);
  }
}

async function runCommand(
  { operation, input, globals }: Command,
  io: Io,
  { catalog, takeovers }: Required<CliOptions>,
  signal: AbortSignal,
): Promise<number> {
  const { name } = operation;
  if (name === "help" && !globals.json) {
    const { helpText } = await import("./render/help.ts");
    io.out(await helpText(input.command, catalog, styleFor(io, io.outIsTerminal, globals.color)));
    return 0;
  }
  const result = await (async () => {
    using reporter = progressFor(io, globals);
    const context = await createContext(operation, globals, { io, reporter, signal });
    const takeover = takeovers[name];
    if (takeover !== undefined) return await takeover(context, input);
    return await runOperation(operation, context, input);
  })();
  if (typeof result === "number") return result;
  const print = (text: string) => printResult(io, text, name);
  if (globals.json) print(`${JSON.stringify({ schema_version: 1, ...Object(result) }, null, 2)}\n`);
  else if (globals.quiet && operation.changes !== "nothing") {
    print((await import("./render/quiet.ts")).quietText(name, result));
  } else {
    const { textOf } = await import("./render/text_of.ts");
    const style = styleFor(io, io.outIsTerminal, globals.color);
    print(await textOf(name, result, { style, now: io.now(), input }));
  }
  return operation.failed?.(result, input) ? 1 : 0;
}

/** Writes what an operation gave. Where that fails it was carried out all the same, and nobody must run it again for that. */
function printResult(io: Io, text: string, name: string): void {
  try {
    io.out(text);
  } catch (error) {
    const { message } = asJvsError(error);
    const reason = message.replace(/^Cannot go on: /, "");
    throw new JvsError(
      "E_IO",
      `Cannot print the result of \`jvs ${name}\`, which was carried out: ${reason}`,
      {
        hint: "See what it did with `jvs status` and `jvs history`; give standard output a place to go.",
        cause: error,
      },
    );
  }
}

function canPrint(io: Io, text: string): boolean {
  try {
    io.out(text);
    return true;
  } catch {
    return false; // a full disk or the like: then standard error has to do
  }
}

function progressFor(io: Io, { progress, no_progress, quiet, color }: Globals) {
  const line = io.errIsTerminal && !no_progress && !quiet;
  return createProgress(io, {
    mode: progress === "json" ? "json" : line ? "line" : "none",
    quiet,
    style: styleFor(io, io.errIsTerminal, color),
  });
}

const WIDTH_OF_FILES = 100;

function styleFor(io: Io, terminal: boolean, wanted: boolean): Style {
  const color = terminal && wanted && io.env("NO_COLOR") === undefined && io.env("TERM") !== "dumb";
  return createStyle({ color, width: terminal ? io.columns() : WIDTH_OF_FILES });
}
