import { assertEquals, assertRejects } from "@std/assert";
import { all, assertWhole, auditOf, emptyLog, entry, logOf, targets } from "../../tests/support/audit_log.ts";
import { removeTree } from "../../tests/support/temp_dir.ts";
import { bytesOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import type { AuditRecord } from "../model/records.ts";
import type { Layout } from "./layout.ts";

/** Cuts so many bytes off the log's end. */
function cutLog(layout: Layout, bytes: number): void {
  Deno.truncateSync(layout.auditLog.path, Deno.statSync(layout.auditLog.path).size - bytes);
}

Deno.test("Audit.append() makes a chain in which each record proves the one before", async () => {
  using log = await logOf("a", "b", "c");
  const records = await all(log.audit);
  assertEquals(records.map((r) => r.target), ["a", "b", "c"]);
  assertEquals(records[0]?.prev_hash, "0".repeat(64));
  assertEquals(records[1]?.prev_hash, records[0]?.record_hash);
  assertEquals(records[2]?.prev_hash, records[1]?.record_hash);
  assertEquals((await log.audit.check()).last_hash, records[2]?.record_hash);
  assertEquals(log.audit.position(), 3);
  await assertWhole(log.audit, 3);
});

Deno.test("Audit.append() writes a record_hash that anybody can compute from the line", async () => {
  using log = await logOf("a");
  const line = Deno.readTextFileSync(log.layout.auditLog.path);
  const { record_hash, ...rest } = JSON.parse(line) as AuditRecord;
  // Sorted by hand: this is the RFC 8785 form of what is in this record.
  const sorted = (value: unknown): unknown =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(
        Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([k, v]) => [k, sorted(v)]),
      )
      : value;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytesOf(JSON.stringify(sorted(rest)))));
  assertEquals(record_hash, digest.toHex());
});

Deno.test("Audit.append() takes details that JSON cannot say", async () => {
  using log = emptyLog();
  await log.audit.append(
    entry("a", { reason: "half \ud800 a pair", details: { gone: undefined, list: [undefined] } }),
  );
  await log.audit.append(entry("b"));
  const [first] = await all(log.audit);
  assertEquals(first?.details, { list: [null] });
  assertEquals(first?.reason, "half \ufffd a pair");
  await assertWhole(log.audit, 2);
});

Deno.test("Audit.check() calls a log that does not exist whole", async () => {
  using log = emptyLog();
  await assertWhole(log.audit, 0);
  assertEquals(await all(log.audit), []);
  removeTree(log.layout.audit.path);
  await assertWhole(log.audit, 0);
});

Deno.test("Audit.append() writes one record for one event, however late it is repeated", async () => {
  using log = emptyLog();
  const event_id = crypto.randomUUID();
  const first = await log.audit.append(entry("event", { event_id, after: 0 }));
  assertEquals(await log.audit.append(entry("event", { event_id, after: 0 })), first);
  for (let i = 0; i < 300; i++) await log.audit.append(entry(`other ${i}`, { details: { about: event_id } }));
  assertEquals(await log.audit.append(entry("event", { event_id, after: 0 })), first);
  assertEquals(await log.audit.append(entry("event", { event_id })), first);
  assertEquals((await log.audit.append(entry("new", { event_id: crypto.randomUUID() }))).target, "new");
  await assertWhole(log.audit, 302);
});

Deno.test("Audit.append() completes the pending record instead of writing the event twice", async () => {
  using log = await logOf("a");
  const event_id = crypto.randomUUID();
  await log.audit.append(entry("b", { event_id }));
  cutLog(log.layout, 1);
  await log.audit.append(entry("b", { event_id }));
  assertEquals(await targets(log.audit), ["a", "b"]);
  await assertWhole(log.audit, 2);
});

Deno.test("Audit.append() keeps one chain when many append at once", async () => {
  using log = emptyLog(3000);
  const others = [log.audit, auditOf(log.layout, 3000), auditOf(log.layout, 3000)];
  const checks: Promise<unknown>[] = [];
  await Promise.all(Array.from({ length: 60 }, async (_, i) => {
    await others[i % 3]?.append(entry(`target ${i}`));
    checks.push(log.audit.check().then(({ broken }) => assertEquals(broken, undefined)));
  }));
  await Promise.all(checks);
  const seen = (await targets(log.audit)).filter((target) => target.startsWith("target"));
  assertEquals(seen.length, 60);
  assertEquals(new Set(seen).size, 60);
  assertEquals((await log.audit.check()).broken, undefined);
});

Deno.test("Audit.append() refuses a log whose end is not what HEAD says, and changes nothing", async () => {
  using log = await logOf("a", "b", "c");
  const lines = Deno.readTextFileSync(log.layout.auditLog.path).match(/.*\n/g) ?? [];
  const [a, b, c] = lines as [string, string, string];
  for (
    const [content, line] of [[a, 1], [a + b + c + c, 4], [a + c, 2], ["", 0], [a + b + "{", 0]] as const
  ) {
    Deno.writeTextFileSync(log.layout.auditLog.path, content);
    if (content.endsWith("{")) continue; // a torn record is completed: the test above
    const head = Deno.readTextFileSync(log.layout.auditHead.path);
    const error = await assertRejects(() => log.audit.append(entry("d")), JvsError);
    assertEquals([error.code, error.details["line"]], ["E_AUDIT_CHAIN_BROKEN", line || null]);
    assertEquals(Deno.readTextFileSync(log.layout.auditLog.path), content);
    assertEquals(Deno.readTextFileSync(log.layout.auditHead.path), head);
  }
});

Deno.test("Audit.append() does not write a pending record that was changed in HEAD", async () => {
  using log = await logOf("a", "b");
  const [a = ""] = Deno.readTextFileSync(log.layout.auditLog.path).match(/.*\n/) ?? [];
  Deno.writeTextFileSync(log.layout.auditLog.path, a); // all of it is only in HEAD
  const head = Deno.readTextFileSync(log.layout.auditHead.path).replace("the note of b", "the note of x");
  Deno.writeTextFileSync(log.layout.auditHead.path, head);
  const error = await assertRejects(() => log.audit.append(entry("c")), JvsError);
  assertEquals([error.code, error.details["file"]], ["E_AUDIT_CHAIN_BROKEN", log.layout.auditHead.path]);
});
