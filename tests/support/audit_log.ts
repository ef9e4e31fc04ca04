import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { makeControlFolders } from "./control_plane.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";
import { JvsError } from "../../src/model/errors.ts";
import type { AuditRecord } from "../../src/model/records.ts";
import { acquireLock } from "../../src/platform/locks.ts";
import { Audit } from "../../src/repo/audit.ts";
import type { AuditEntry } from "../../src/repo/audit_record.ts";
import { Layout } from "../../src/repo/layout.ts";

export const MB = 1024 * 1024;

export interface Log extends Disposable {
  readonly layout: Layout;
  readonly audit: Audit;
}

export function emptyLog(rotateBytes = 100 * MB): Log {
  const dir: TempDir = tempDir();
  const layout = new Layout(dir.path);
  makeControlFolders(layout, layout.audit);
  return { layout, audit: auditOf(layout, rotateBytes), [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

export function auditOf(layout: Layout, rotateBytes = 100 * MB): Audit {
  const holder = { host: "here", pid: 1, operation: "test", since: "2026-01-01T00:00:00Z" };
  return new Audit(layout, {
    lock: () => acquireLock(layout.audit.at(".lock"), { holder, timeoutMs: 30_000 }),
    rotateBytes: () => rotateBytes,
    mayBeEmpty: () => true,
  });
}

export function entry(target: string, more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    operation: "snapshot",
    actor: "ann@host",
    target,
    fencing_token: null,
    session_id: null,
    reason: null,
    details: { note: `the note of ${target} \u{1f600}` },
    ...more,
  };
}

export async function logOf(...targets: string[]): Promise<Log> {
  const log = emptyLog();
  for (const target of targets) await log.audit.append(entry(target));
  return log;
}

/** Read from the beginning; and it must be the same from the end. */
export async function all(audit: Audit): Promise<AuditRecord[]> {
  const records = await Array.fromAsync(audit.read());
  assertEquals((await Array.fromAsync(audit.newestFirst())).reverse(), records);
  return records;
}

export async function targets(audit: Audit): Promise<string[]> {
  return (await all(audit)).map((record) => record.target);
}

export async function assertWhole(audit: Audit, count: number): Promise<void> {
  const state = await audit.check();
  assertEquals({ ...state, last_hash: "" }, { count, last_hash: "", pending: false });
}

export async function assertPending(audit: Audit, count: number, what: string): Promise<void> {
  const state = await audit.check();
  assertEquals({ ...state, last_hash: "" }, { count, last_hash: "", pending: true }, what);
}

/** Broken at this line (of any file when none is given), and nothing can be appended or read past it. */
export async function assertBroken(
  audit: Audit,
  what: string,
  place?: { file: string; line: number | null },
): Promise<void> {
  const { broken } = await audit.check();
  assert(broken !== undefined, `${what}: not found`);
  if (place) assertEquals({ file: broken.file, line: broken.line }, place, `${what}: ${broken.why}`);
  const error = await assertRejects(() => all(audit), JvsError);
  assertEquals(error.code, "E_AUDIT_CHAIN_BROKEN");
  assertStringIncludes(error.message, broken.file);
  const backwards = await assertRejects(
    () => Array.fromAsync(audit.newestFirst()),
    JvsError,
    undefined,
    what,
  );
  assertEquals(backwards.code, "E_AUDIT_CHAIN_BROKEN", what);
}
