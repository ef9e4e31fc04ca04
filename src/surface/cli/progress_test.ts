import { assertEquals } from "@std/assert";
import { FakeIo } from "../../../tests/support/made_up_cli.ts";
import { createProgress } from "./progress.ts";
import { createStyle } from "./render/style.ts";

function progress(io: FakeIo, options: Partial<Parameters<typeof createProgress>[1]> = {}) {
  return createProgress(io, {
    mode: "line",
    quiet: false,
    style: createStyle({ color: false, width: 80 }),
    ...options,
  });
}

Deno.test("createProgress() shows nothing of what is done within a second", () => {
  const io = new FakeIo();
  {
    using reporter = progress(io);
    reporter.begin("hashing", { entries: 10 });
    io.time += 900;
    reporter.advance(5, 500);
  }
  assertEquals(io.stderr, "");
});

Deno.test("createProgress() shows phase, files, bytes, rate and time left on one line, and takes it away", () => {
  const io = new FakeIo();
  {
    using reporter = progress(io);
    reporter.begin("hashing", { entries: 2000, bytes: 4_000_000 });
    io.time += 2000;
    reporter.advance(1000, 1_000_000);
    assertEquals(io.stderr, "\rhashing  1,000 files of 2,000  1 MB of 4 MB  500 KB/s  6s left\x1b[K");
    io.stderr = "";
    io.time += 50;
    reporter.advance(1, 1);
    assertEquals(io.stderr, "", "a line is not written over again at once");
  }
  assertEquals(io.stderr, "\r\x1b[K");
});

Deno.test("createProgress() goes on with the phase around one that ended", () => {
  const io = new FakeIo();
  using reporter = progress(io);
  reporter.begin("verifying", { entries: 3 });
  reporter.advance(1, 0);
  reporter.begin("hashing");
  io.time += 2000;
  reporter.advance(5, 0);
  reporter.end?.();
  io.time += 1000;
  io.stderr = "";
  reporter.advance(1, 0);
  assertEquals(io.stderr, "\rverifying  2 files of 3  2s left\x1b[K");
});

Deno.test("createProgress() says which of several things the phase is at", () => {
  const line = new FakeIo();
  const json = new FakeIo();
  for (const [io, mode] of [[line, "line"], [json, "json"]] as const) {
    using reporter = progress(io, { mode });
    reporter.begin("verifying snapshots", { entries: 40, unit: "snapshot" });
    reporter.advance(2, 0);
    reporter.begin("verifying");
    reporter.begin("hashing", { entries: 2000 });
    io.time += 2000;
    reporter.advance(1000, 0);
  }
  assertEquals(
    line.stderr,
    "\rverifying snapshots  3 of 40  hashing  1,000 files of 2,000  2s left\x1b[K\r\x1b[K",
  );
  const { within } = JSON.parse(json.stderr.trim().split("\n").at(-1) ?? "");
  assertEquals(within, {
    phase: "verifying snapshots",
    entries: 2,
    bytes: 0,
    total_entries: 40,
    total_bytes: null,
  });
});

Deno.test("createProgress() keeps its line narrower than the terminal", () => {
  const io = new FakeIo();
  using reporter = progress(io);
  reporter.begin("x".repeat(100));
  io.time += 2000;
  reporter.advance(1, 1);
  assertEquals(io.stderr, `\r${"x".repeat(78)}…\x1b[K`);
});

Deno.test("createProgress() warns above the line, in every mode but quiet", () => {
  const io = new FakeIo();
  using reporter = progress(io);
  reporter.begin("cloning");
  io.time += 2000;
  reporter.advance(1, 1);
  io.stderr = "";
  reporter.warn("look out");
  assertEquals(io.stderr, "\r\x1b[Kwarning: look out.\n");
  for (
    const [options, expected] of [[{ mode: "none" }, "warning: a.\n"], [
      { mode: "none", quiet: true },
      "",
    ]] as const
  ) {
    const other = new FakeIo();
    using quiet = progress(other, options);
    quiet.warn("a");
    assertEquals(other.stderr, expected);
  }
});

Deno.test("createProgress() writes JSON lines: each phase's beginning, then some of the steps", () => {
  const io = new FakeIo();
  using reporter = progress(io, { mode: "json", quiet: true });
  reporter.begin("scanning");
  reporter.begin("hashing", { entries: 3 });
  reporter.advance(1, 10);
  io.time += 600;
  reporter.advance(1, 20);
  reporter.warn("careful");
  const lines = io.stderr.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ phase, entries, bytes, message }) => [phase ?? message, entries, bytes]), [
    ["scanning", 0, 0],
    ["hashing", 0, 0],
    ["hashing", 2, 30],
    ["careful.", undefined, undefined],
  ]);
  assertEquals(lines[2], {
    event: "progress",
    phase: "hashing",
    entries: 2,
    bytes: 30,
    total_entries: 3,
    total_bytes: null,
    elapsed_ms: 600,
  });
});

Deno.test("createProgress() shows nothing in the mode 'none'", () => {
  const io = new FakeIo();
  using reporter = progress(io, { mode: "none" });
  reporter.begin("hashing");
  io.time += 5000;
  reporter.advance(1, 1);
  assertEquals(io.stderr, "");
});
