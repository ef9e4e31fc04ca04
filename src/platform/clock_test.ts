import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { nextTurn, nowIso, nowMs, randomBytes } from "./clock.ts";

Deno.test("nowIso() is UTC to the millisecond", () => {
  assertMatch(nowIso(), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const before = nowMs();
  const between = new Date(nowIso()).getTime();
  assert(before <= between && between <= nowMs());
});

Deno.test("nextTurn() lets a signal in between two synchronous pieces of work", async () => {
  let seen = 0;
  const count = () => {
    seen++;
  };
  Deno.addSignalListener("SIGUSR2", count);
  try {
    const sender = new Deno.Command("kill", { args: ["-USR2", String(Deno.pid)] });
    assert(sender.outputSync().success);
    assertEquals(seen, 0);
    // The system hands it over at its own time; without turns it would never get in.
    const deadline = nowMs() + 10_000;
    while (seen === 0 && nowMs() < deadline) await nextTurn();
    assertEquals(seen, 1);
  } finally {
    Deno.removeSignalListener("SIGUSR2", count);
  }
});

Deno.test("randomBytes() gives as many as asked, and others each time", () => {
  assertEquals([randomBytes(0).length, randomBytes(33).length], [0, 33]);
  assertNotEquals(randomBytes(16), randomBytes(16));
});
