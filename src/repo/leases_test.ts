import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import type { Lease } from "../model/lease.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { createRepository } from "./create.ts";
import { Leases, newLease, renewedLease, stateOf, takeableFrom } from "./leases.ts";

const WORKTREE = "00000000-0000-4000-8000-000000000001";
const NOW = Date.parse("2026-01-02T03:04:05.678Z");

function leaseAt(now: number, more: Partial<Lease> = {}, durationMs = 30_000): Lease {
  const isNew = { worktree_id: WORKTREE, session_id: "mine", fencing_token: 7, durationMs };
  return { ...newLease(isNew, openPlatform().host, now), ...more };
}

Deno.test("stateOf() says held, expired, over and future, to the millisecond", () => {
  const lease = leaseAt(NOW);
  const end = NOW + 30_000;
  assertEquals(Date.parse(lease.lease_expires_at), end);
  assertEquals(takeableFrom(lease), end + 3000);
  const states: [now: number, state: string][] = [
    [NOW, "held"],
    [NOW - 2000, "held"], // clocks may be so far apart
    [NOW - 2001, "future"],
    [end - 1, "held"],
    [end, "expired"],
    [end + 2999, "expired"],
    [end + 3000, "over"],
  ];
  for (const [now, state] of states) assertEquals(stateOf(lease, now), state, String(now - NOW));
});

Deno.test("renewedLease() is the same lease from now on, for as long or for another time", () => {
  const lease = leaseAt(NOW);
  const { last_renewed_at, lease_expires_at, ...rest } = renewedLease(lease, undefined, NOW + 20_000);
  const { last_renewed_at: _l, lease_expires_at: _e, ...before } = lease;
  assertEquals(rest, before);
  assertEquals(Date.parse(last_renewed_at), NOW + 20_000);
  assertEquals(Date.parse(lease_expires_at), NOW + 50_000);
  const longer = renewedLease(lease, 3_600_000, NOW);
  assertEquals(Date.parse(longer.lease_expires_at), NOW + 3_600_000);
  assertEquals(longer.renew_interval_ms, 10_000);
  assertEquals(renewedLease(lease, 1000, NOW).renew_interval_ms, 333);
});

Deno.test("newLease() gives each lease an id and a nonce of its own", () => {
  const [a, b] = [leaseAt(NOW), leaseAt(NOW)];
  assertNotEquals(a.lock_id, b.lock_id);
  assertNotEquals(a.holder_nonce, b.holder_nonce);
  const { host } = openPlatform();
  assertEquals(a.holder_id, `${host.name}:${host.userName}:${host.pid}:${host.startTime}`);
});

Deno.test("Leases keep what they are given, and refuse what JVS did not write", () => {
  using folder = tempDir();
  const { layout } = createRepository(`${folder.path}/repo`, { main: { path: "main" } });
  const leases = new Leases(layout);
  assertEquals([leases.find(WORKTREE), leases.ids(), leases.remove(WORKTREE)], [undefined, [], false]);
  const lease = leaseAt(NOW);
  leases.write(lease);
  assertEquals([leases.find(WORKTREE), leases.ids()], [lease, [WORKTREE]]);

  const { path } = layout.lease(WORKTREE);
  const bad: [content: string, message: string][] = [
    ["", "the file is empty"],
    ["{", ""],
    [JSON.stringify({ ...lease, worktree_id: lease.lock_id }), "it is of another worktree"],
    [JSON.stringify({ ...lease, lease_expires_at: "9999-01-01T00:00:00.000Z" }), "does not end when"],
    [JSON.stringify({ ...lease, last_renewed_at: "2026-02-30T99:00:00.000Z" }), "one of its times is none"],
    [JSON.stringify({ ...lease, lease_duration_ms: 86_400_001 }), "86400000 or less"],
    [JSON.stringify({ ...lease, max_clock_skew_ms: 1e12 }), "60000 or less"],
    [JSON.stringify({ ...lease, fencing_token: 0 }), "1 or more"],
    [JSON.stringify({ ...lease, holder_id: "two\nlines" }), "one line"],
    [JSON.stringify({ ...lease, holder_nonce: "x" }), "32 hex digits"],
  ];
  for (const [content, message] of bad) {
    Deno.writeTextFileSync(path, content);
    const error = assertThrows(() => leases.find(WORKTREE), JvsError, message);
    assertEquals(error.code, "E_DESCRIPTOR_CORRUPT");
    assert(error.hint.includes("jvs lock steal --force"), error.hint);
  }
  Deno.writeTextFileSync(path, " ".repeat(20_000));
  assertEquals(assertThrows(() => leases.find(WORKTREE), JvsError).code, "E_DESCRIPTOR_CORRUPT");
  Deno.removeSync(path);
  Deno.symlinkSync("/dev/zero", path);
  assertEquals(assertThrows(() => leases.find(WORKTREE), JvsError).code, "E_PATH_ESCAPE");
  assertEquals([leases.remove(WORKTREE), leases.find(WORKTREE)], [true, undefined]);
});
