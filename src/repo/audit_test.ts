import { assert, assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { makeControlFolders } from "../../tests/support/control_plane.ts";
import { requires } from "../../tests/support/requires.ts";
import { removeTree, type TempDir, tempDir } from "../../tests/support/temp_dir.ts";
import { bytesOf, textOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import type { AuditRecord } from "../model/records.ts";
import { LinuxFile } from "../platform/linux_file.ts";
import { LinuxFolder } from "../platform/linux_folder.ts";
import { acquireLock } from "../platform/locks.ts";
import { Audit } from "./audit.ts";
import type { AuditEntry } from "./audit_record.ts";
import { Layout } from "./layout.ts";

const MB = 1024 * 1024;

interface Log extends Disposable {
  readonly layout: Layout;
  readonly audit: Audit;
}

function emptyLog(rotateBytes = 100 * MB): Log {
  const dir: TempDir = tempDir();
  const layout = new Layout(dir.path);
  makeControlFolders(layout, layout.audit);
  return { layout, audit: auditOf(layout, rotateBytes), [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

function auditOf(layout: Layout, rotateBytes = 100 * MB): Audit {
  const holder = { host: "here", pid: 1, operation: "test", since: "2026-01-01T00:00:00Z" };
  return new Audit(layout, {
    lock: () => acquireLock(layout.audit.at(".lock"), { holder, timeoutMs: 30_000 }),
    rotateBytes: () => rotateBytes,
    mayBeEmpty: () => true,
  });
}

function entry(target: string, more: Partial<AuditEntry> = {}): AuditEntry {
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

async function logOf(...targets: string[]): Promise<Log> {
  const log = emptyLog();
  for (const target of targets) await log.audit.append(entry(target));
  return log;
}

/** Read from the beginning; and it must be the same from the end. */
async function all(audit: Audit): Promise<AuditRecord[]> {
  const records = await Array.fromAsync(audit.read());
  assertEquals((await Array.fromAsync(audit.newestFirst())).reverse(), records);
  return records;
}

async function targets(audit: Audit): Promise<string[]> {
  return (await all(audit)).map((record) => record.target);
}

async function assertWhole(audit: Audit, count: number): Promise<void> {
  const state = await audit.check();
  assertEquals({ ...state, last_hash: "" }, { count, last_hash: "", pending: false });
}

async function assertPending(audit: Audit, count: number, what: string): Promise<void> {
  const state = await audit.check();
  assertEquals({ ...state, last_hash: "" }, { count, last_hash: "", pending: true }, what);
}

/** Broken at this line (of any file when none is given), and nothing can be appended or read past it. */
async function assertBroken(
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

Deno.test(
  "Audit.check() looks again when another process appended between its looks",
  requires("ffi"),
  async () => {
    for (const rotateBytes of [100 * MB, 500]) {
      using log = emptyLog(rotateBytes);
      for (const target of ["a", "b"]) await log.audit.append(entry(target));
      const before = filesOf(log.layout);
      for (const target of ["c", "d", "e"]) await log.audit.append(entry(target));
      const after = filesOf(log.layout);
      const { count } = await log.audit.check();
      for (const path of after.keys()) Deno.removeSync(path);
      for (const [path, content] of before) Deno.writeFileSync(path, content);
      using change = whenOpened(log.layout.auditLog.path, () => {
        for (const [path, content] of after) Deno.writeFileSync(path, content);
      });
      await assertWhole(log.audit, count);
      assert(change.happened);
    }
  },
);

function filesOf({ audit }: Layout): Map<string, Uint8Array> {
  const files = [...Deno.readDirSync(audit.path)].filter(({ isFile }) => isFile);
  return new Map(files.map(({ name }) => [`${audit}/${name}`, Deno.readFileSync(`${audit}/${name}`)]));
}

/** Does something just before a file is first opened. */
function whenOpened(path: string, act: () => void): Disposable & { readonly happened: boolean } {
  const folder = LinuxFolder.prototype;
  const { openFile } = folder;
  let happened = false;
  folder.openFile = function (name, ...how) {
    if (`${this.path}/${textOf(name)}` === path && !happened) {
      happened = true;
      act();
    }
    return openFile.call(this, name, ...how);
  };
  return {
    get happened() {
      return happened;
    },
    [Symbol.dispose]() {
      folder.openFile = openFile;
    },
  };
}

/** Cuts so many bytes off the log's end. */
function cutLog(layout: Layout, bytes: number): void {
  Deno.truncateSync(layout.auditLog.path, Deno.statSync(layout.auditLog.path).size - bytes);
}

Deno.test("Audit.check() calls every state that a crash can leave whole or pending", async () => {
  for (const targetsBefore of [[], ["a"], ["a", "b"]]) {
    using log = await logOf(...targetsBefore, "last");
    const whole = Deno.readFileSync(log.layout.auditLog.path);
    const lastLine = bytesOf(new TextDecoder().decode(whole).trimEnd().split("\n").at(-1) + "\n").length;
    const count = targetsBefore.length + 1;
    const step = targetsBefore.length === 1 ? 1 : 23; // each place once is enough
    for (let cut = 0; cut <= lastLine; cut += step) {
      const torn = whole.slice(0, whole.length - cut);
      const what = `cut by ${cut} of ${lastLine}`;
      await afterCrash(log, torn, count, what, cut > 0);
      // A file system may have made the file longer before it wrote what belongs there.
      torn.fill(0, Math.max(whole.length - lastLine, torn.length - 9));
      if (cut % 7 === 0) await afterCrash(log, torn, count, `${what}, with zeros`, true);
    }
  }
});

async function afterCrash(
  { audit, layout }: Log,
  log: Uint8Array,
  count: number,
  what: string,
  pending: boolean,
) {
  Deno.writeFileSync(layout.auditLog.path, log);
  if (pending) await assertPending(audit, count, what);
  else await assertWhole(audit, count);
  const before = await all(audit);
  const head = Deno.readFileSync(layout.auditHead.path);
  await audit.append(entry("next"));
  await assertWhole(audit, count + 1);
  assertEquals((await all(audit)).slice(0, count), before, what);
  Deno.writeFileSync(layout.auditHead.path, head);
}

Deno.test("Audit.check() finds an edit of any byte of the log, and names the line", async () => {
  using log = await logOf("a", "b", "c", "d");
  const whole = Deno.readFileSync(log.layout.auditLog.path);
  let line = 1;
  for (let i = 0; i < whole.length; i++) {
    const edited = whole.slice();
    edited[i] = (edited[i] ?? 0) ^ 1;
    Deno.writeFileSync(log.layout.auditLog.path, edited);
    await assertBroken(log.audit, `byte ${i}`, { file: log.layout.auditLog.path, line });
    if (whole[i] === 0x0a) line++;
  }
  assertEquals(line, 5);
});

Deno.test("Audit.check() finds an edit of any byte of HEAD, and every cut of it", async () => {
  using log = await logOf("a", "b");
  const whole = Deno.readFileSync(log.layout.auditHead.path);
  for (let i = 0; i < whole.length - 1; i++) {
    const edited = whole.slice();
    edited[i] = (edited[i] ?? 0) ^ 1;
    Deno.writeFileSync(log.layout.auditHead.path, edited);
    await assertBroken(log.audit, `byte ${i}`);
    Deno.writeFileSync(log.layout.auditHead.path, whole.subarray(0, i));
    await assertBroken(log.audit, `cut to ${i}`, { file: log.layout.auditHead.path, line: null });
  }
  Deno.removeSync(log.layout.auditHead.path);
  await assertBroken(log.audit, "removed", { file: log.layout.auditLog.path, line: 1 });
});

Deno.test("Audit.check() finds what no record can have: half a character, and nesting without end", async () => {
  for (const odd of ['"\\ud800"', `${"[".repeat(20_000)}${"]".repeat(20_000)}`]) {
    for (const place of ["auditHead", "auditLog"] as const) {
      using log = await logOf("a", "b");
      const { path } = log.layout[place];
      const text = Deno.readTextFileSync(path);
      Deno.writeTextFileSync(path, text.replace(/"details": ?\{/, `"details":{"odd":${odd},`));
      assertNotEquals(Deno.readTextFileSync(path), text);
      await assertBroken(log.audit, `${odd.slice(0, 10)} in ${place}`);
    }
  }
});

Deno.test("Audit.check() finds removed, swapped, repeated and added lines, and cut tails", async () => {
  using log = await logOf("a", "b", "c", "d");
  const lines = Deno.readTextFileSync(log.layout.auditLog.path).match(/.*\n/g) ?? [];
  const [a, b, c, d] = lines as [string, string, string, string];
  const cases: [string, string[], number][] = [
    ["first removed", [b, c, d], 1],
    ["middle removed", [a, c, d], 2],
    ["two cut off", [a, b], 2],
    ["three cut off", [a], 1],
    ["all cut off", [], 0],
    ["two cut off and a part", [a, b, c.slice(0, 50)], 3],
    ["swapped", [a, c, b, d], 2],
    ["last swapped", [a, b, d, c], 3],
    ["repeated", [a, b, b, c, d], 3],
    ["last repeated", [a, b, c, d, d], 5],
    ["added", [a, b, c, d, "{}\n"], 5],
    ["a part added", [a, b, c, d, "{"], 5],
    ["an empty line", [a, "\n", b, c, d], 2],
    ["an empty line at the end", [a, b, c, d, "\n"], 5],
    ["a space", [a, ` ${b}`, c, d], 2],
    ["no line end", [a, b.trimEnd(), c, d], 2],
  ];
  for (const [what, content, line] of cases) {
    Deno.writeTextFileSync(log.layout.auditLog.path, content.join(""));
    const { path: file } = line === 0 ? log.layout.auditHead : log.layout.auditLog;
    await assertBroken(log.audit, what, { file, line: line || null });
  }
  Deno.writeTextFileSync(log.layout.auditLog.path, a + b + c);
  await assertPending(log.audit, 4, "only what HEAD has whole is missing");
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

function logFiles(layout: Layout): string[] {
  return [...Deno.readDirSync(layout.audit.path)].map((e) => e.name).filter((n) => n.endsWith(".jsonl"))
    .sort();
}

Deno.test("Audit.append() goes on in a new file, and the chain with it", async () => {
  using log = emptyLog(1000);
  for (let i = 0; i < 12; i++) await log.audit.append(entry(`${i}`));
  const files = logFiles(log.layout);
  assert(files.length > 3, `only ${files.length} files`);
  assertEquals(files.at(-1), "audit.jsonl");
  const records = await all(log.audit);
  assertEquals(records.filter((r) => r.operation === "snapshot").map((r) => Number(r.target)), [
    ...Array(12).keys(),
  ]);
  assertEquals(records.filter((r) => r.operation === "audit close").length, files.length - 1);
  assertEquals(records.filter((r) => r.operation === "audit open").length, files.length - 1);
  await assertWhole(log.audit, 12 + 2 * (files.length - 1));
});

Deno.test("Audit.check() finds a lost, emptied or exchanged file of a log that was rotated", async () => {
  using log = emptyLog(2000);
  for (let i = 0; i < 12; i++) await log.audit.append(entry(`${i}`));
  const files = logFiles(log.layout).map((name) => `${log.layout.audit}/${name}`);
  for (const [i, file] of files.entries()) {
    const content = Deno.readTextFileSync(file);
    Deno.removeSync(file);
    await assertBroken(log.audit, `without ${file}`);
    Deno.writeTextFileSync(file, "");
    await assertBroken(log.audit, `emptied ${file}`);
    Deno.writeTextFileSync(file, Deno.readTextFileSync(files[(i + 1) % files.length] ?? ""));
    await assertBroken(log.audit, `exchanged ${file}`);
    Deno.writeTextFileSync(file, content.replace(/\n$/, ""));
    if (i < files.length - 1) await assertBroken(log.audit, `joined ${file}`);
    Deno.writeTextFileSync(file, content);
  }
  await assertWhole(log.audit, (await all(log.audit)).length);
});

Deno.test("Audit.append() finds an event in a file that was closed", async () => {
  using log = emptyLog(2000);
  const event_id = crypto.randomUUID();
  const first = await log.audit.append(entry("event", { event_id }));
  for (let i = 0; i < 12; i++) await log.audit.append(entry(`${i}`));
  assertEquals(await log.audit.append(entry("event", { event_id, after: 0 })), first);
});

class Killed extends Error {}

/** Kills what runs at the `nth` change of the disk: it and all that follow do not happen. The first written file is cut. */
function killAt(nth: number): Disposable & { readonly wasReached: boolean } {
  let left = nth;
  const folder = LinuxFolder.prototype;
  const file = LinuxFile.prototype;
  const { openFile, removeFile, rename } = folder;
  const { write, writeAt } = file;
  const step = () => {
    if (--left < 0) throw new Killed();
  };
  const cut = (bytes: Uint8Array, put: (bytes: Uint8Array) => void) => {
    if (--left >= 0) return put(bytes);
    if (left === -1) put(bytes.subarray(0, bytes.length >> 1));
    throw new Killed();
  };
  Object.assign(folder, {
    openFile(this: LinuxFolder, ...given: Parameters<typeof openFile>) {
      if (given[1] === "create") step();
      return openFile.apply(this, given);
    },
    removeFile(this: LinuxFolder, name: Uint8Array) {
      step();
      removeFile.call(this, name);
    },
    rename(this: LinuxFolder, ...given: Parameters<typeof rename>) {
      step();
      rename.apply(this, given);
    },
  });
  Object.assign(file, {
    write(this: LinuxFile, bytes: Uint8Array) {
      cut(bytes, (some) => write.call(this, some));
    },
    writeAt(this: LinuxFile, bytes: Uint8Array, position: number) {
      cut(bytes, (some) => writeAt.call(this, some, position));
    },
  });
  return {
    get wasReached() {
      return left < 0;
    },
    [Symbol.dispose]() {
      Object.assign(folder, { openFile, removeFile, rename });
      Object.assign(file, { write, writeAt });
    },
  };
}

Deno.test(
  "Audit.append() killed at any change of the disk leaves a log that is whole or pending",
  requires("ffi"),
  async () => {
    const event_id = crypto.randomUUID();
    let kills = 0;
    for (let reached = true; reached; kills++) {
      using log = emptyLog(1000);
      for (const target of ["a", "b", "c"]) await log.audit.append(entry(target)); // the next one rotates
      // The lock is another file's business: here only one appends.
      const audit = new Audit(log.layout, {
        lock: () => Promise.resolve({ [Symbol.dispose]() {} }),
        rotateBytes: () => 1000,
        mayBeEmpty: () => true,
      });
      {
        using kill = killAt(kills);
        await audit.append(entry("event", { event_id })).catch(() => {});
        reached = kill.wasReached;
      }
      assertEquals((await audit.check()).broken, undefined, `killed at ${kills}`);
      await audit.append(entry("event", { event_id })); // recovery
      await audit.append(entry("after"));
      assertEquals((await audit.check()).broken, undefined, `recovered at ${kills}`);
      const seen = (await all(audit)).filter((r) => r.operation === "snapshot").map((r) => r.target);
      assertEquals(seen, ["a", "b", "c", "event", "after"], `killed at ${kills}`);
      assertEquals(
        (await all(audit)).filter((r) => r.operation === "audit close").length,
        1,
        `killed at ${kills}`,
      );
    }
    assert(kills > 12, `only ${kills} places`);
  },
);
