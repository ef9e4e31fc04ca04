import { assert, assertEquals, assertMatch } from "@std/assert";
import { idOf } from "../../../../tests/support/made_up_results.ts";
import { createStyle, type View } from "./style.ts";
import { renderDoctor, renderVerify } from "./checks.ts";

const now = Date.parse("2026-05-01T13:00:00Z");
const view: View = { style: createStyle({ color: false, width: 100 }), now, input: {} };
const [a, b] = [idOf("aaaa0001"), idOf("bbbb0002", 10)];

Deno.test("renderVerify() does not end with OK where something around the snapshots is wrong", () => {
  const findings = [{
    severity: "critical" as const,
    code: "E_AUDIT_CHAIN_BROKEN",
    message: "The audit trail is broken.",
    repair: null,
    path: null,
    snapshot_id: null,
  }];
  const ok = {
    snapshot_id: a,
    checksum_valid: true,
    payload_hash_valid: true,
    tamper_detected: false,
    severity: "ok" as const,
    error: null,
    message: null,
    files: [],
    unchecked: [],
    worn: [],
    signature: null,
    read_at: "2026-05-01T13:00:00Z",
  };
  const result = {
    snapshots: [ok],
    findings,
    verified: 1,
    complete: true,
    checksum_valid: true,
    payload_hash_valid: true,
    tamper_detected: true,
    severity: "critical" as const,
  };
  const finding = "  critical  The audit trail is broken. (E_AUDIT_CHAIN_BROKEN)\n";
  assertEquals(renderVerify(result, view), `${finding}As saved: ${a}. But see the findings above.\n`);
  assertEquals(renderVerify({ ...result, snapshots: [] }, view), finding);
  const [info] = findings.map((each) => ({ ...each, severity: "info" as const }));
  assert(info !== undefined);
  assertMatch(renderVerify({ ...result, findings: [info] }, view), /\nOK +.*\n$/);
});

Deno.test("renderVerify() names what is damaged and counts what is well", () => {
  const ok = {
    snapshot_id: a,
    checksum_valid: true,
    payload_hash_valid: true,
    tamper_detected: false,
    severity: "ok" as const,
    error: null,
    message: null,
    files: [],
    unchecked: [],
    worn: [],
    signature: null,
    read_at: "2026-05-01T13:00:00Z",
  };
  const worn = {
    ...ok,
    severity: "degraded" as const,
    worn: Array.from({ length: 22 }, (_, n) => ({ path: `f${n}%3A`, lost: "times" as const })),
  };
  const bad = {
    ...ok,
    snapshot_id: b,
    payload_hash_valid: false,
    tamper_detected: true,
    error: "E_PAYLOAD_HASH_MISMATCH",
    severity: "critical" as const,
    files: [{ path: "model%3A.bin", problem: "content" }],
  };
  const rest = { findings: [], verified: 2, complete: true, checksum_valid: true, severity: "ok" as const };
  const good = { ...rest, snapshots: [ok], payload_hash_valid: true, tamper_detected: false };
  assertEquals(renderVerify(good, view), `OK  ${a}\n`);
  assertEquals(renderVerify({ ...good, snapshots: [] }, view), "OK  0 snapshots\n");
  assertEquals(
    renderVerify({ ...rest, snapshots: [ok, bad], payload_hash_valid: false, tamper_detected: true }, view),
    `TAMPERED  ${b}  its content is not what was saved (E_PAYLOAD_HASH_MISMATCH)\n    content  model:.bin\nOK  ${a}\n`,
  );
  const before = { ...ok, payload_hash_valid: null, read_at: "2026-04-28T12:00:00Z" };
  assertEquals(renderVerify({ ...good, snapshots: [before] }, view), `OK  ${a}, read before (3 days ago)\n`);
  const later = { ...before, read_at: "2026-04-29T12:00:00Z" };
  assertEquals(
    renderVerify({ ...good, snapshots: [later, ok, before] }, view),
    "OK  3 snapshots, 2 of them read before (the first 3 days ago)\n",
  );
  assertEquals(
    renderVerify({ ...good, snapshots: [{ ...before, read_at: null }] }, view),
    `OK  ${a}, of which only a part was read\n`,
  );
  assertEquals(
    renderVerify({ ...good, snapshots: [], tamper_detected: true, complete: false }, view),
    "Stopped at the first damage: the rest was not checked.\n",
  );
  const lines = renderVerify({ ...good, snapshots: [worn], severity: "degraded" }, view).split("\n");
  assertMatch(lines[0] ?? "", new RegExp(`^DEGRADED  ${a}  .*a restore brings it back. .E_DEGRADED.$`));
  assertEquals([lines[1], lines.at(-2), lines.length], [
    "    times  f0:",
    "    and 2 more; --json lists all",
    23,
  ]);
  const closed = {
    ...ok,
    severity: "unchecked" as const,
    error: "E_PERMISSION",
    message: "You may not read all of it.",
    unchecked: [{ path: "", owner: "ann" }, { path: "a%3Ab", owner: "61301" }],
  };
  assertEquals(
    renderVerify({ ...good, snapshots: [closed], payload_hash_valid: null, severity: "unchecked" }, view),
    `UNCHECKED  ${a}  You may not read all of it. (E_PERMISSION)\n    closed by ann  .\n    closed by user 61301  a:b\n`,
  );
});

Deno.test("renderDoctor() shows findings with their way out", () => {
  assertEquals(
    renderDoctor({ healthy: true, findings: [], repaired: [] }, view),
    "The repository is healthy.\n",
  );
  const finding = {
    severity: "warning" as const,
    code: "HEAD_ORPHAN",
    message: "A snapshot follows the head.",
    repair: "advance_head",
    path: null,
    snapshot_id: a,
  };
  const worse = { ...finding, severity: "error" as const, code: "E_IO", repair: null };
  assertMatch(
    renderDoctor({ healthy: false, findings: [worse, finding], repaired: [] }, view),
    /\n {2}error {4}A snapshot .*\n {2}warning {2}A snapshot /,
  );
  assertMatch(
    renderDoctor({ healthy: true, findings: [finding], repaired: [] }, view),
    /^Findings: 1\n[^]*\nNo damage was found; see what is said above\.\n$/,
  );
  assertEquals(
    renderDoctor({ healthy: false, findings: [finding], repaired: ["Removed 2 temporary files."] }, view),
    "Repaired  Removed 2 temporary files.\nFindings: 1\n" +
      "  warning  A snapshot follows the head. [aaaa0001] (HEAD_ORPHAN)\n" +
      "    repair it with `jvs doctor --repair advance_head`\n" +
      "The repository is not in order: see the findings above.\n",
  );
});
