import { assertEquals } from "@std/assert";
import { phase, Phases, silentReporter } from "./progress.ts";
import { Trace, traceEvents } from "./trace.ts";

/** A trace whose clock a test sets. */
function traceAt(times: { now: number }) {
  return new Trace(() => times.now);
}

Deno.test("Trace notes phases inside each other, with what was done in each", () => {
  const clock = { now: 0 };
  const trace = traceAt(clock);
  const reporter = trace.reporter(silentReporter);
  {
    using _outer = phase(reporter, "looking");
    clock.now = 10;
    for (const entries of [3, 4]) {
      using _inner = phase(reporter, "scanning");
      reporter.advance(entries, 100);
      clock.now += 5;
    }
    reporter.advance(1, 0);
  }
  using phases = new Phases(reporter);
  phases.next("staging");
  clock.now += 2;
  phases.next("restoring");
  clock.now += 3;
  phases.end();
  const told = trace.main.phaseTotals().map(({ name, depth, times, ms, entries, bytes }) =>
    total(name, depth, times, ms, entries, bytes)
  );
  assertEquals(told, [
    total("looking", 0, 1, 20, 1, 0),
    total("scanning", 1, 2, 10, 7, 200),
    total("staging", 0, 1, 2, 0, 0),
    total("restoring", 0, 1, 3, 0, 0),
  ]);
});

function total(name: string, depth: number, times: number, ms: number, entries: number, bytes: number) {
  return { name, depth, times, ms, entries, bytes };
}

Deno.test("Trace ends phases that an error left, each after those in it", () => {
  const clock = { now: 0 };
  const trace = traceAt(clock);
  const reporter = trace.reporter(silentReporter);
  reporter.begin("outer");
  reporter.begin("inner");
  clock.now = 4;
  trace.main.endAll();
  trace.main.end(); // one too many
  assertEquals(trace.main.spans.map(({ name, end }) => `${name} ${end}`), ["inner 4", "outer 4"]);
});

Deno.test("Trace gives programs that run at once a track each, and operations that run at once do not mix", () => {
  const clock = { now: 0 };
  const [trace, other] = [traceAt(clock), traceAt(clock)];
  const [reporter, otherReporter] = [trace.reporter(silentReporter), other.reporter(silentReporter)];
  using _mine = phase(reporter, "cloning");
  using _theirs = phase(otherReporter, "hashing");
  otherReporter.advance(1, 1);
  {
    using _first = reporter.program?.("cp");
    using _second = reporter.program?.("/usr/bin/cp");
  }
  using _third = reporter.program?.("cp");
  assertEquals(trace.tracks.map(({ name, spans }) => [name, spans.map((span) => span.name)]), [
    ["phases", []],
    ["programs", ["cp"]],
    ["programs", ["cp"]],
  ]);
  trace.main.endAll();
  assertEquals(trace.main.spans.map(({ name, entries }) => [name, entries]), [["cloning", 0]]);
});

Deno.test("Trace gives each worker a track, on which it notes afterwards what was done", () => {
  const trace = traceAt({ now: 9 });
  const reporter = trace.reporter(silentReporter);
  using _phase = phase(reporter, "hashing");
  reporter.beside?.("worker 1", { name: "hashing", start: 2, end: 5 });
  reporter.beside?.("worker 2", { name: "hashing", start: 3, end: 4 });
  reporter.beside?.("worker 1", { name: "hashing", start: 6, end: 7 });
  const [, ...workers] = trace.tracks.map((
    { name, spans },
  ) => [name, spans.map(({ start, end }) => [start, end])]);
  assertEquals(workers, [["worker 1", [[2, 5], [6, 7]]], ["worker 2", [[3, 4]]]]);
  assertEquals(trace.main.isIdle, false);
});

Deno.test("traceEvents() counts what is too much for a file", () => {
  const trace = traceAt({ now: 1 });
  const worker = trace.track("worker 1");
  for (let i = 0; i < 100_003; i++) {
    worker.begin("hashing");
    worker.end();
  }
  const written = traceEvents(trace, { process: "jvs verify", pid: 7, origin: 1000 });
  const { traceEvents: events, otherData } = JSON.parse(JSON.stringify(written));
  assertEquals(otherData, { left_out: 3 });
  assertEquals(events.length, 1 + 2 + 100_000);
  assertEquals(events[0].args, { name: "jvs verify" });
  assertEquals(events[3], {
    name: "hashing",
    cat: "worker 1",
    ph: "X",
    ts: 1_001_000,
    dur: 0,
    pid: 7,
    tid: 2,
    args: { entries: 0, bytes: 0 },
  });
  assertEquals(worker.phaseTotals().map(({ times }) => times), [100_003]);
});
