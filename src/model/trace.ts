import type { Reporter } from "./progress.ts";

/** When a phase or a program began and ended, in milliseconds of the clock of the trace, and what was done in it. */
export interface Span {
  readonly name: string;
  readonly start: number;
  end: number;
  entries: number;
  bytes: number;
}

/** All spans of one name in one place. */
export interface PhaseTotal {
  readonly name: string;
  /** How many phases are around it. */
  readonly depth: number;
  times: number;
  ms: number;
  entries: number;
  bytes: number;
}

/** More are only counted: a verification of a hundred thousand snapshots has some for each. */
const MOST_SPANS = 100_000;

/** Spans that follow each other or are inside each other: those of one operation, of one worker, or of programs. */
export class Track {
  /** In the order in which they ended. */
  readonly spans: Span[] = [];
  /** How many are not in `spans`. */
  leftOut = 0;
  private readonly open: { readonly span: Span; readonly total: TotalTree }[] = [];
  private readonly totals = new TotalTree("", -1);

  constructor(readonly name: string, private readonly now: () => number) {}

  /** Whether no span is open. */
  get isIdle(): boolean {
    return this.open.length === 0;
  }

  /** A span begins: now, or at an earlier time. */
  begin(name: string, start = this.now()): void {
    const total = (this.open.at(-1)?.total ?? this.totals).child(name);
    this.open.push({ span: { name, start, end: start, entries: 0, bytes: 0 }, total });
  }

  /** This much was done in the span that began last. */
  advance(entries: number, bytes: number): void {
    const span = this.open.at(-1)?.span;
    if (span === undefined) return;
    span.entries += entries;
    span.bytes += bytes;
  }

  /** The span that began last ends: now, or at an earlier time. */
  end(end = this.now()): void {
    const ended = this.open.pop();
    if (ended === undefined) return;
    const { span, total } = ended;
    span.end = end;
    total.add(span);
    if (this.spans.length < MOST_SPANS) this.spans.push(span);
    else this.leftOut++;
  }

  /** Ends all open spans, at the end or after an error. */
  endAll(): void {
    while (!this.isIdle) this.end();
  }

  /** The time of each phase, each before the phases in it. */
  phaseTotals(): PhaseTotal[] {
    return [...this.totals.each()].slice(1);
  }
}

class TotalTree implements PhaseTotal {
  times = 0;
  ms = 0;
  entries = 0;
  bytes = 0;
  private readonly children = new Map<string, TotalTree>();

  constructor(readonly name: string, readonly depth: number) {}

  child(name: string): TotalTree {
    let child = this.children.get(name);
    if (child === undefined) this.children.set(name, child = new TotalTree(name, this.depth + 1));
    return child;
  }

  add({ start, end, entries, bytes }: Span): void {
    this.times++;
    this.ms += end - start;
    this.entries += entries;
    this.bytes += bytes;
  }

  *each(): Generator<TotalTree> {
    yield this;
    for (const child of this.children.values()) yield* child.each();
  }
}

/** What one operation did and when, on one or more tracks. */
export class Trace {
  /** The track of the operation is the first. */
  readonly tracks: Track[] = [];

  constructor(private readonly now: () => number) {
    this.track("phases");
  }

  /** The phases of the operation. */
  get main(): Track {
    return this.tracks[0] as Track;
  }

  /** A new track, such as that of a worker. */
  track(name: string): Track {
    const track = new Track(name, this.now);
    this.tracks.push(track);
    return track;
  }

  /** A reporter that notes when phases begin and end, on their way to another one. */
  reporter(inner: Reporter, track: Track = this.main): Reporter {
    return {
      begin: (name, total) => {
        track.begin(name);
        inner.begin(name, total);
      },
      advance: (entries, bytes) => {
        track.advance(entries, bytes);
        inner.advance(entries, bytes);
      },
      warn: (message) => inner.warn(message),
      end: () => {
        track.end();
        inner.end?.();
      },
      program: (path) => this.program(path.slice(path.lastIndexOf("/") + 1)),
      beside: (worker, work) => this.beside(worker, work),
    };
  }

  /** What a worker did: it tells afterwards, on a track of its own. */
  private beside(worker: string, { name, start, end }: Pick<Span, "name" | "start" | "end">): void {
    const track = this.tracks.find((each) => each.name === worker) ?? this.track(worker);
    track.begin(name, start);
    track.end(end);
  }

  /** A program runs until the end of `using`. Programs that run at once have a track each. */
  private program(name: string): Disposable {
    const title = "programs";
    const track = this.tracks.find((each) => each.name === title && each.isIdle) ?? this.track(title);
    track.begin(name);
    return { [Symbol.dispose]: () => track.end() };
  }
}

/**
 * A trace in the Trace Event Format, which https://ui.perfetto.dev and chrome://tracing show. `origin` is the time of the
 * clock's zero, in milliseconds since 1970, so that traces of several processes fit beside each other.
 */
export function traceEvents(
  { tracks }: Trace,
  { process, pid, origin }: { readonly process: string; readonly pid: number; readonly origin: number },
): object {
  const named = (name: string, tid: number, value: string) => ({
    name,
    ph: "M",
    pid,
    tid,
    args: { name: value },
  });
  const micros = (ms: number) => Math.round(ms * 1000);
  const events = tracks.flatMap((track, i) => [
    named("thread_name", i + 1, track.name),
    ...track.spans.toSorted((a, b) => a.start - b.start || b.end - a.end).map((span) => ({
      name: span.name,
      cat: track.name,
      ph: "X",
      ts: micros(origin + span.start),
      // The difference of two rounded times, so that what is inside another span stays inside it.
      dur: micros(origin + span.end) - micros(origin + span.start),
      pid,
      tid: i + 1,
      args: { entries: span.entries, bytes: span.bytes },
    })),
  ]);
  return {
    traceEvents: [named("process_name", 1, process), ...events],
    displayTimeUnit: "ms",
    otherData: { left_out: tracks.reduce((sum, { leftOut }) => sum + leftOut, 0) },
  };
}
