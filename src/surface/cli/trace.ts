import { absolutePath } from "../../model/absolute_path.ts";
import { formatBytes, formatDuration } from "../../model/duration.ts";
import { grouped } from "../../model/grouped.ts";
import { sentence } from "../../model/printable.ts";
import type { Reporter } from "../../model/progress.ts";
import { type PhaseTotal, Trace, traceEvents } from "../../model/trace.ts";
import { asJvsError } from "../../operation/caller.ts";
import type { Io } from "./io.ts";
import { pad, type Style, widest } from "./render/style.ts";

/** What to do with the trace of a command. */
export interface TraceWishes {
  /** The command as people know it: `jvs snapshot`. */
  readonly command: string;
  /** Print the time of each phase (`--debug`). */
  readonly debug: boolean;
  /** The file for the whole trace (`JVS_TRACE`); undefined: none. */
  readonly file: string | undefined;
  /** The folder of `-C`. */
  readonly directory: string | undefined;
  readonly style: Style;
}

/** Measures a command from the start of its process. This file is only loaded for `--debug` and `JVS_TRACE`. */
export class CommandTrace {
  private readonly trace = new Trace(() => performance.now());

  constructor(private readonly io: Io, private readonly wishes: TraceWishes) {
    const { main } = this.trace;
    main.begin(wishes.command, 0);
    main.begin("starting", 0);
    main.end();
  }

  /** Notes the phases that this reporter hears of. */
  reporter(inner: Reporter): Reporter {
    return this.trace.reporter(inner);
  }

  /** A phase of the command itself. */
  phase(name: string): Disposable {
    const { main } = this.trace;
    main.begin(name);
    return { [Symbol.dispose]: () => main.end() };
  }

  /** Prints and writes what was asked for. A trace that cannot be written does not make the command fail. */
  async finish(): Promise<void> {
    const { io, trace, wishes: { debug, file, style } } = this;
    for (const track of trace.tracks) track.endAll();
    if (debug) io.err(phaseTable(trace.main.phaseTotals(), style, besideTotals(trace)));
    if (file === undefined) return;
    try {
      await this.write(file);
    } catch (error) {
      const { message } = asJvsError(error);
      io.err(`${style.paint("notice", "warning:")} ${sentence(`The trace is not written. ${message}`)}\n`);
    }
  }

  private async write(file: string): Promise<void> {
    const { io, trace, wishes: { command: process, directory } } = this;
    const { writeUserFile } = await import("../../platform/user_file.ts");
    const path = absolutePath(file, absolutePath(directory ?? ".", io.cwd()));
    const { pid } = Deno;
    const events = traceEvents(trace, { process, pid, origin: performance.timeOrigin });
    writeUserFile(path.replaceAll("%p", String(pid)), `${JSON.stringify(events)}\n`);
  }
}

/** What workers and programs did beside the phases. */
function besideTotals({ tracks }: Trace): PhaseTotal[] {
  return tracks.slice(1).flatMap((track) =>
    track.phaseTotals().map((total) => ({ ...total, name: `${track.name}: ${total.name}` }))
  );
}

/**
 * The time of each phase, with its share of the whole, and what was done in it. A phase in another one is indented. Below
 * is what was done beside them.
 */
export function phaseTable(
  totals: readonly PhaseTotal[],
  style: Style,
  beside: readonly PhaseTotal[] = [],
): string {
  const whole = totals[0]?.ms ?? 0;
  const other = totals.reduce((rest, { depth, ms }) => depth === 1 ? rest - ms : rest, whole);
  const last = { name: "all else", depth: 1, times: 1, ms: other, entries: 0, bytes: 0 };
  const rows = [...totals, last, ...beside].map(({ name, depth, times, ms, entries, bytes }) => [
    timeText(ms),
    whole > 0 ? `${Math.round(100 * ms / whole)} %` : "",
    `${"  ".repeat(depth)}${name}${times > 1 ? ` ×${grouped(times)}` : ""}`,
    entries > 0 ? grouped(entries) : "",
    bytes > 0 ? formatBytes(bytes) : "",
  ]);
  const titles = ["time", "share", "phase", "entries", "bytes"];
  const widths = titles.map((title, i) => widest([title, ...rows.map((row) => row[i] ?? "")]));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => pad(cell, widths[i] ?? 0, i === 2 ? "left" : "right")).join("  ").trimEnd();
  const [head, ...rest] = [titles, ...rows].map(line);
  return `${[style.paint("faint", head ?? ""), ...rest].join("\n")}\n`;
}

/** Three digits at most: `0.4 ms`, `38 ms`, `2.1s`. */
function timeText(ms: number): string {
  return ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : formatDuration(ms);
}
