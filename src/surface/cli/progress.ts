import { formatBytes, formatDuration } from "../../model/duration.ts";
import type { Reporter } from "../../model/progress.ts";
import { printable } from "../../model/path_text.ts";
import { sentence } from "../../model/sentence.ts";
import type { Io } from "./io.ts";
import { count, fit, grouped, type Style } from "./render/style.ts";

/** How progress and warnings are shown. */
export interface ProgressOptions {
  /** `line`: one line on a terminal that is written over; `json`: a JSON line each; `none`: warnings only. */
  readonly mode: "line" | "json" | "none";
  /** Not even warnings. */
  readonly quiet: boolean;
  readonly style: Style;
}

/** A reporter that shows what it is told on standard error; its line is gone when the block ends. */
export interface ShownProgress extends Reporter, Disposable {}

/** Work that is done sooner shows nothing. */
const PATIENCE_MS = 1000;
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

/** A reporter for standard error. */
export function createProgress(io: Io, { mode, quiet, style }: ProgressOptions): ShownProgress {
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
      if (now - begun < PATIENCE_MS || now - shownAt < BETWEEN_LINES_MS) return;
      io.err(`\r${style.paint("faint", fit(progressLine(phase, now), io.columns() - 1))}\x1b[K`);
      isShown = true;
    }
    shownAt = now;
  };
  return {
    begin(name, { entries: totalEntries, bytes: totalBytes } = {}) {
      phase = { name, startedAt: io.now(), totalEntries, totalBytes, entries: 0, bytes: 0 };
      // A program wants to see every phase begin; a line may come a moment later.
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
      if (mode === "json") record({ event: "warning", message: sentence(printable(message)) });
      else if (!quiet) io.err(`${style.paint("notice", "warning:")} ${sentence(printable(message))}\n`);
    },
    [Symbol.dispose]: clear,
  };
}

/** What is done, how fast, and how long the rest takes. */
function progressLine(phase: Phase, now: number): string {
  const seconds = (now - phase.startedAt) / 1000;
  const left = secondsLeft(phase, seconds);
  const of = (text: string, total: string | undefined) => total === undefined ? text : `${text} of ${total}`;
  const parts = [phase.name];
  if (phase.entries > 0) {
    parts.push(
      of(
        count(phase.entries, "file"),
        phase.totalEntries === undefined ? undefined : grouped(phase.totalEntries),
      ),
    );
  }
  if (phase.bytes > 0) {
    const total = phase.totalBytes === undefined ? undefined : formatBytes(phase.totalBytes);
    parts.push(of(formatBytes(phase.bytes), total));
    if (seconds > 0) parts.push(`${formatBytes(Math.round(phase.bytes / seconds))}/s`);
  }
  if (left !== undefined) parts.push(`${formatDuration(Math.ceil(left) * 1000)} left`);
  return parts.join("  ");
}

function secondsLeft(
  { entries, bytes, totalEntries, totalBytes }: Phase,
  seconds: number,
): number | undefined {
  // Bytes say more than files where both are known, since most of the time goes into them.
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
