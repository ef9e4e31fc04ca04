import { formatBytes, formatDuration } from "../../model/duration.ts";
import { grouped } from "../../model/grouped.ts";
import type { Reporter } from "../../model/progress.ts";
import { jsonText, printable, sentence } from "../../model/printable.ts";
import type { Io } from "./io.ts";
import { count, fit, type Style } from "./render/style.ts";

/** Work that takes less time shows no line. */
const SHOW_AFTER_MS = 1000;
const BETWEEN_LINES_MS = 100;
const BETWEEN_RECORDS_MS = 500;

interface Phase {
  readonly phase: string;
  entries: number;
  bytes: number;
  readonly total_entries: number | null;
  readonly total_bytes: number | null;
}

/** A phase, and what the user does not see of it. */
interface Begun {
  readonly phase: Phase;
  readonly begun: number;
  /** What its entries are, if they are no files. */
  readonly unit: string | undefined;
}

/**
 * A reporter that writes to standard error. `using` clears its line at the end. The mode `line` writes one line of a
 * terminal again and again, `json` a JSON line for each event, and `none` only warnings; `quiet` drops these too.
 */
export function createProgress(
  io: Io,
  { mode, quiet, style }: { mode: "line" | "json" | "none"; quiet: boolean; style: Style },
): Reporter & Disposable {
  const begun = io.now();
  let shownAt = 0;
  let isShown = false;
  /** What is under way: each phase is inside the one before. */
  const phases: Begun[] = [];
  const clear = () => {
    if (isShown) io.err("\r\x1b[K");
    isShown = false;
  };
  const record = (event: Record<string, unknown>) => io.err(recordText(event));
  const show = () => {
    const now = io.now();
    const latest = phases.at(-1);
    if (latest === undefined || mode === "none") return;
    const { phase } = latest;
    const around = phases.slice(0, -1).findLast(({ unit }) => unit !== undefined);
    if (mode === "json") {
      if (now - shownAt < BETWEEN_RECORDS_MS) return;
      const within = around === undefined ? {} : { within: around.phase };
      record({ event: "progress", ...phase, elapsed_ms: now - latest.begun, ...within });
    } else {
      if (now - begun < SHOW_AFTER_MS || now - shownAt < BETWEEN_LINES_MS) return;
      const line = [...around === undefined ? [] : [frameText(around)], progressLine(latest, now)].join("  ");
      io.err(`\r${style.paint("faint", fit(line, io.columns() - 1))}\x1b[K`);
      isShown = true;
    }
    shownAt = now;
  };
  return {
    begin(name, total = {}) {
      const { entries = null, bytes = null, unit } = total;
      const phase = { phase: name, entries: 0, bytes: 0, total_entries: entries, total_bytes: bytes };
      phases.push({ phase, begun: io.now(), unit });
      // In JSON every phase has a first record at once. A line on the terminal may come later.
      if (mode === "json") shownAt = 0;
      show();
    },
    advance(entries, bytes) {
      const phase = phases.at(-1)?.phase;
      if (phase === undefined) return;
      phase.entries += entries;
      phase.bytes += bytes;
      show();
    },
    end: () => void phases.pop(),
    warn(message) {
      clear();
      if (mode === "json") record({ event: "warning", message: sentence(message) });
      else if (!quiet) io.err(`${style.paint("notice", "warning:")} ${sentence(message)}\n`);
    },
    printed(program, lines) {
      clear();
      const name = style.paint("faint", `${program}:`);
      // One write for all: a program may print faster than lines can be written one by one.
      if (mode === "json") {
        io.err(lines.map((line) => recordText({ event: "printed", program, line })).join(""));
      } else if (!quiet) io.err(lines.map((line) => `${name} ${printable(line)}\n`).join(""));
    },
    [Symbol.dispose]: clear,
  };
}

function recordText(event: Record<string, unknown>): string {
  return `${jsonText(event)}\n`;
}

/** Which of several things the phase is at: `verifying snapshots  3 of 40`. */
function frameText({ phase: { phase, entries, total_entries } }: Begun): string {
  return `${phase}  ${grouped(entries + 1)} of ${grouped(total_entries ?? entries + 1)}`;
}

/** The work done, its speed, and the time that is left. */
function progressLine({ phase: all, begun, unit = "file" }: Begun, now: number): string {
  const { phase, entries, bytes, total_entries, total_bytes } = all;
  const seconds = (now - begun) / 1000;
  const of = (total: number | null, format: (number: number) => string) =>
    total === null ? "" : ` of ${format(total)}`;
  const parts = [phase];
  if (entries > 0) parts.push(`${count(entries, unit)}${of(total_entries, grouped)}`);
  if (bytes > 0) {
    parts.push(`${formatBytes(bytes)}${of(total_bytes, formatBytes)}`);
    if (seconds > 0) parts.push(`${formatBytes(Math.round(bytes / seconds))}/s`);
  }
  // Most of the time goes into bytes, so they predict it better than files.
  const [done, total] = total_bytes ? [bytes, total_bytes] : [entries, total_entries ?? 0];
  const left = seconds * (total - done) / done;
  if (done > 0 && total > done) parts.push(`${formatDuration(Math.ceil(left) * 1000)} left`);
  return parts.join("  ");
}
