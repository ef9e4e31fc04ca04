import { formatBytes, formatDuration } from "../../model/duration.ts";
import type { Reporter } from "../../model/progress.ts";
import { sentence } from "../../model/printable.ts";
import type { Io } from "./io.ts";
import { count, fit, grouped, type Style } from "./render/style.ts";

/** How to show progress and warnings. */
export interface ProgressOptions {
  /** `line`: one line of a terminal, written again and again; `json`: a JSON line for each event; `none`: only warnings. */
  readonly mode: "line" | "json" | "none";
  /** Shows no warnings either. */
  readonly quiet: boolean;
  readonly style: Style;
}

/** Work that takes less time shows no line. */
const SHOW_AFTER_MS = 1000;
const BETWEEN_LINES_MS = 100;
const BETWEEN_RECORDS_MS = 500;

interface Phase {
  readonly name: string;
  readonly startedAt: number;
  readonly totalEntries: number | undefined;
  readonly totalBytes: number | undefined;
  entries: number;
  bytes: number;
}

/** A reporter that writes to standard error. `using` clears its line at the end. */
export function createProgress(io: Io, { mode, quiet, style }: ProgressOptions): Reporter & Disposable {
  const begun = io.now();
  let shownAt = 0;
  let isShown = false;
  let phase: Phase | undefined;
  const clear = () => {
    if (isShown) io.err("\r\x1b[K");
    isShown = false;
  };
  const record = (event: Record<string, unknown>) => io.err(`${JSON.stringify(event)}\n`);
  const show = () => {
    const now = io.now();
    if (phase === undefined || mode === "none") return;
    if (mode === "json") {
      if (now - shownAt < BETWEEN_RECORDS_MS) return;
      record(progressRecord(phase, now));
    } else {
      if (now - begun < SHOW_AFTER_MS || now - shownAt < BETWEEN_LINES_MS) return;
      io.err(`\r${style.paint("faint", fit(progressLine(phase, now), io.columns() - 1))}\x1b[K`);
      isShown = true;
    }
    shownAt = now;
  };
  return {
    begin(name, { entries: totalEntries, bytes: totalBytes } = {}) {
      phase = { name, startedAt: io.now(), totalEntries, totalBytes, entries: 0, bytes: 0 };
      // In JSON every phase has a first record at once. A line on the terminal may come later.
      if (mode === "json") shownAt = 0;
      show();
    },
    advance(entries, bytes) {
      if (phase === undefined) return;
      phase.entries += entries;
      phase.bytes += bytes;
      show();
    },
    warn(message) {
      clear();
      if (mode === "json") record({ event: "warning", message: sentence(message) });
      else if (!quiet) io.err(`${style.paint("notice", "warning:")} ${sentence(message)}\n`);
    },
    [Symbol.dispose]: clear,
  };
}

/** The work done, its speed, and the time that is left. */
function progressLine(phase: Phase, now: number): string {
  const { name, entries, bytes, totalEntries, totalBytes } = phase;
  const seconds = (now - phase.startedAt) / 1000;
  const left = secondsLeft(phase, seconds);
  const of = (total: number | undefined, format: (number: number) => string) =>
    total === undefined ? "" : ` of ${format(total)}`;
  const parts = [name];
  if (entries > 0) parts.push(`${count(entries, "file")}${of(totalEntries, grouped)}`);
  if (bytes > 0) {
    parts.push(`${formatBytes(bytes)}${of(totalBytes, formatBytes)}`);
    if (seconds > 0) parts.push(`${formatBytes(Math.round(bytes / seconds))}/s`);
  }
  if (left !== undefined) parts.push(`${formatDuration(Math.ceil(left) * 1000)} left`);
  return parts.join("  ");
}

function secondsLeft(
  { entries, bytes, totalEntries, totalBytes }: Phase,
  seconds: number,
): number | undefined {
  // Most of the time goes into bytes, so they predict it better than files.
  const [done, total] = totalBytes ? [bytes, totalBytes] : [entries, totalEntries ?? 0];
  return done > 0 && total > done ? seconds * (total - done) / done : undefined;
}

function progressRecord({ name, entries, bytes, totalEntries, totalBytes, startedAt }: Phase, now: number) {
  return {
    event: "progress",
    phase: name,
    entries,
    bytes,
    total_entries: totalEntries ?? null,
    total_bytes: totalBytes ?? null,
    elapsed_ms: now - startedAt,
  };
}
