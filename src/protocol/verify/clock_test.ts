import { assertEquals, assertStringIncludes } from "@std/assert";
import { TestRepository } from "../../../tests/support/repository.ts";
import { nowMs } from "../../platform/clock.ts";
import { checkClock } from "./clock.ts";

Deno.test("checkClock() finds nothing where the clocks of host and file system agree", async () => {
  using repository = await TestRepository.saved();
  assertEquals(await checkClock(await repository.open()), []);
});

Deno.test("checkClock() says by how much the file system's clock differs, and how to mend that", async () => {
  using repository = await TestRepository.saved();
  for (const [ms, text] of [[90_000, "1m 30s ahead of"], [-90_000, "1m 30s behind"]] as const) {
    const [found, ...others] = await checkClock(await repository.open(), () => nowMs() + ms);
    assertEquals([found?.severity, found?.code, others], ["warning", "E_CLOCK_SKEW_EXCEEDED", []]);
    assertStringIncludes(found?.message ?? "", text);
    assertStringIncludes(found?.message ?? "", "NTP");
  }
  assertEquals(await checkClock(await repository.open(), () => nowMs() + 1900), []);
  assertEquals(
    await checkClock(await repository.open(), () => undefined),
    [],
    "where nothing can be written",
  );
});

Deno.test("checkClock() names the newest snapshot and the newest audit record that lie in the future", async () => {
  using repository = await TestRepository.saved();
  const realNow = Date.now;
  try {
    Date.now = () => realNow() - 3_600_000; // as if the snapshot were of a host whose clock is an hour ahead
    const found = await checkClock(await repository.open(), () => nowMs());
    assertEquals(found.map(({ snapshot_id, path }) => [snapshot_id, path?.endsWith("/audit/HEAD") ?? null]), [
      [repository.first, null],
      [null, true],
    ]);
  } finally {
    Date.now = realNow;
  }
});
