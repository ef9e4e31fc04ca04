/**
 * A command line, in order: `line/read_line.ts` splits it, `line/command.ts` checks it, `context.ts` adds the environment,
 * the operation runs, and `render/text_of.ts` turns its result into text. `errors.ts` does the same for an error.
 */
import { absolutePath } from "../../model/absolute_path.ts";
import { JvsError } from "../../model/errors.ts";
import { jsonPieces, jsonText } from "../../model/printable.ts";
import { asJvsError } from "../../operation/caller.ts";
import { callOperation } from "../../operation/call.ts";
import type { Catalog } from "../../operation/define.ts";
import { operations } from "../../operation/registry.ts";
import type { SignalSource } from "../../protocol/context.ts";
import { createContext } from "./context.ts";
import { errorText, exitCodeOf } from "./errors.ts";
import { type Command, commandOf, outputOf } from "./line/command.ts";
import { type Line, readLine } from "./line/read_line.ts";
import type { Io } from "./io.ts";
import { createProgress } from "./progress.ts";
import { createStyle, type Style } from "./render/style.ts";
import type { CommandTrace } from "./trace.ts";

/** Runs one command line and gives the program's exit code. SPEC 11. */
export async function runCli(
  args: readonly string[],
  io: Io,
  catalog: Catalog = operations,
): Promise<number> {
  using interruption = watchSignals(io);
  if (args[0] === "__complete") {
    const { complete } = await import("./complete.ts");
    io.out(await complete(args.slice(1), catalog, io));
    return 0;
  }
  const line = await readLine(args, catalog);
  const trace = await traceOf(line, io);
  try {
    const command = await commandOf(line, catalog);
    return await runCommand(command, { io, catalog, trace, ...interruption });
  } catch (thrown) {
    const error = asJvsError(thrown, interruption.signal);
    const { json, color, debug } = outputOf(line);
    if (!json || !canPrint(io, `${jsonText(error, 2)}\n`)) {
      io.err(errorText(error, styleFor(io, io.errIsTerminal, color), { debug }));
    }
    const exitCode = exitCodeOf(error);
    // A question to a file system is still open, and would keep the program from its end.
    if ("not_answering" in error.details) io.exit(exitCode);
    return exitCode;
  } finally {
    await trace?.finish();
  }
}

/** What measures the command; undefined, and nothing is loaded, unless somebody asked for it. */
async function traceOf({ given, operation, words }: Line, io: Io): Promise<CommandTrace | undefined> {
  const { debug, color } = outputOf({ given });
  const file = io.env("JVS_TRACE");
  if (!debug && file === undefined) return undefined;
  const { CommandTrace } = await import("./trace.ts");
  const directory = given.get("directory")?.at(-1);
  return new CommandTrace(io, {
    command: `jvs ${operation?.name ?? words.join(" ")}`.trimEnd(),
    debug,
    file,
    directory: typeof directory === "string" ? directory : undefined,
    style: styleFor(io, io.errIsTerminal, color),
  });
}

/** What a command runs with. */
interface Surroundings {
  readonly io: Io;
  readonly catalog: Catalog;
  readonly signal: AbortSignal;
  readonly signals: SignalSource;
  readonly trace: CommandTrace | undefined;
}

async function runCommand(command: Command, surroundings: Surroundings): Promise<number> {
  const { operation, input, globals } = command;
  const { io, catalog, trace } = surroundings;
  const { name } = operation;
  const style = styleFor(io, io.outIsTerminal, globals.color);
  if (name === "help" && !globals.json) {
    const { helpText } = await import("./render/help.ts");
    io.out(await helpText(input.command, catalog, style));
    return 0;
  }
  const result = await resultOf(command, surroundings);
  using _printing = trace?.phase("printing the result");
  const print = (text: Iterable<string>) => printResult(io, text, name);
  if (globals.json) print(jsonPieces({ schema_version: 1, ...Object(result) }));
  else {
    const { quietText, textOf } = await import("./render/text_of.ts");
    const isQuiet = globals.quiet && operation.changes !== "nothing";
    print([isQuiet ? quietText(name, result) : await textOf(name, result, { style, now: io.now(), input })]);
  }
  return operation.exitCode?.(result) ?? (operation.failed?.(result, input) ? 1 : 0);
}

async function resultOf(
  { operation, input, globals }: Command,
  { io, signal, signals, trace }: Surroundings,
) {
  const { progress, no_progress, quiet, color } = globals;
  const line = io.errIsTerminal && !no_progress && !quiet;
  using shown = createProgress(io, {
    mode: progress === "json" ? "json" : line ? "line" : "none",
    quiet,
    style: styleFor(io, io.errIsTerminal, color),
  });
  const reporter = trace?.reporter(shown) ?? shown;
  const announce = async (name: string, result: unknown) => {
    const { textOf } = await import("./render/text_of.ts");
    shown[Symbol.dispose](); // the line of the progress
    io.out(
      await textOf(name, result, { style: styleFor(io, io.outIsTerminal, color), now: io.now(), input }),
    );
  };
  const context = await createContext(operation, globals, {
    ...{ io, reporter, signal, signals },
    ...(globals.json || quiet ? {} : { announce }),
  });
  const { session_file: file } = globals;
  if (file === undefined || globals.session !== undefined) {
    return await callOperation(operation, context, input);
  }
  const { sessionOfFile } = await import("./session_file.ts");
  const session = sessionOfFile(absolutePath(file, context.cwd), operation);
  return await callOperation(operation, { ...context, session }, input);
}

/** A write for each small piece would cost more than the pieces. */
const PRINTED_AT_ONCE = 1 << 18;

/** Prints a result. If that fails, the error says that the operation is done, so that the user does not run it again. */
function printResult(io: Io, pieces: Iterable<string>, name: string): void {
  try {
    let text = "";
    for (const piece of pieces) {
      text += piece;
      if (text.length < PRINTED_AT_ONCE) continue;
      if (!io.out(text)) return;
      text = "";
    }
    io.out(text);
  } catch (error) {
    const reason = asJvsError(error).message.replace(/^Cannot go on: /, "");
    const message = `Cannot print the result of \`jvs ${name}\`, which was carried out: ${reason}`;
    throw new JvsError("E_IO", message, {
      hint: "See what it did with `jvs status` and `jvs history`; give standard output a place to go.",
      cause: error,
    });
  }
}

function canPrint(io: Io, text: string): boolean {
  try {
    io.out(text);
    return true;
  } catch {
    return false; // for example a full disk: the error then goes to standard error
  }
}

const WIDTH_OF_FILES = 100;
const WIDTH_OF_ROWS = 80; // of a usual terminal

function styleFor(io: Io, terminal: boolean, wanted: boolean): Style {
  const color = terminal && wanted && io.env("NO_COLOR") === undefined && io.env("TERM") !== "dumb";
  const columns = terminal ? io.columns() : undefined;
  return createStyle({
    color,
    width: columns ?? WIDTH_OF_FILES,
    rowWidth: columns ?? WIDTH_OF_ROWS,
  });
}

/** The signals to end. */
export const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The first Ctrl-C, or other signal to end, stops the operation with nothing half done. The second ends the program. */
export function watchSignals(io: Io): Disposable & Pick<Surroundings, "signal" | "signals"> {
  const controller = new AbortController();
  let taken: ((name: Deno.Signal) => void) | undefined;
  const listeners = new DisposableStack();
  for (const name of SIGNALS) {
    const listener = () => {
      if (taken !== undefined) return taken(name);
      const error = new JvsError("E_INTERRUPTED", `Interrupted by ${name}`, { details: { signal: name } });
      if (controller.signal.aborted) io.exit(exitCodeOf(error));
      controller.abort(error);
    };
    Deno.addSignalListener(name, listener);
    listeners.defer(() => Deno.removeSignalListener(name, listener));
  }
  const takeOver: SignalSource["takeOver"] = (listener) => {
    taken = listener;
    return { [Symbol.dispose]: () => void (taken = undefined) };
  };
  return {
    signal: controller.signal,
    signals: { takeOver },
    [Symbol.dispose]: () => listeners.dispose(),
  };
}
