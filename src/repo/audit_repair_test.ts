import { assert, assertEquals } from "@std/assert";
import { makeControlFolders } from "../../tests/support/control_plane.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import type { AuditRecord } from "../model/records.ts";
import { sha256 } from "../tree/sha256.ts";
import { Audit } from "./audit.ts";
import { Layout } from "./layout.ts";

const BY = { actor: "ann@host", session_id: null, reason: "the disk was full" };

interface Case extends Disposable {
  readonly layout: Layout;
  readonly audit: Audit;
  /** The log's lines. */
  readonly lines: string[];
}

/** Six records, over several files if the log is rotated. */
async function someLog(rotateBytes: number): Promise<Case> {
  const dir = tempDir();
  const layout = new Layout(dir.path);
  makeControlFolders(layout, layout.audit);
  const audit = new Audit(layout, {
    lock: () => Promise.resolve({ [Symbol.dispose]() {} }),
    rotateBytes: () => rotateBytes,
    mayBeEmpty: () => true,
  });
  for (const target of ["a", "b", "c", "d", "e", "f"]) await append(audit, target);
  const lines = Deno.readTextFileSync(layout.auditLog.path).match(/.*\n/g) ?? [];
  return { layout, audit, lines, [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

async function append(audit: Audit, target: string): Promise<void> {
  const content = { operation: "snapshot", target, fencing_token: null, details: {} };
  await audit.append({ ...BY, ...content });
}

async function targets(audit: Audit): Promise<string> {
  const made = (await Array.fromAsync(audit.read())).filter((r) => r.operation === "snapshot");
  return made.map((record) => record.target).join("");
}

/** Repairs, and looks that the log is whole, goes on, says what happened and lost nothing. */
async function repaired({ audit, layout }: Case, what: string): Promise<AuditRecord> {
  const before = await audit.check();
  assert(before.broken !== undefined, what);
  const files = logFiles(layout);
  const record = await audit.repair(BY);
  assert(record !== undefined);
  assertEquals((await audit.check()).broken, undefined, what);
  await append(audit, "z");
  assertEquals((await audit.check()).broken, undefined, what);
  const there = (await Array.fromAsync(audit.read())).find((r) => r.operation === "audit repair");
  assertEquals(there, record);
  assertEquals([record.actor, record.reason], [BY.actor, BY.reason]);
  const { file, line, why } = before.broken;
  assertEquals([record.details["file"], record.details["line"], record.details["why"]], [file, line, why]);
  for (const [name, hash] of Object.entries(record.details["kept"] as Record<string, string>)) {
    const copy = Deno.readFileSync(`${layout.audit}/${record.details["kept_in"]}/${name}`);
    assertEquals(copy, files.get(name));
    assertEquals((await sha256(copy)).toHex(), hash);
    files.delete(name);
  }
  // Whatever was not kept as it was is still in its place.
  for (const [name, content] of files) {
    assertEquals(Deno.readFileSync(`${layout.audit}/${name}`), content, name);
  }
  return record;
}

function logFiles({ audit }: Layout): Map<string, Uint8Array> {
  const names = [...Deno.readDirSync(audit.path)].filter((entry) => entry.isFile).map(({ name }) => name);
  return new Map(names.map((name) => [name, Deno.readFileSync(`${audit}/${name}`)]));
}

Deno.test("Audit.repair() leaves a log that is whole alone, a pending one too", async () => {
  using log = await someLog(1e9);
  assertEquals(await log.audit.repair(BY), undefined);
  Deno.writeTextFileSync(log.layout.auditLog.path, log.lines.slice(0, -1).join(""));
  assertEquals(await log.audit.repair(BY), undefined);
  assertEquals(await targets(log.audit), "abcdef");
});

Deno.test("Audit.repair() goes on behind the last record that is proved, and keeps all the rest", async () => {
  const edit = (line = "") => line.replace("ann@", "bob@");
  const cases: [string, (lines: string[]) => string[], string][] = [
    ["an edit in the middle", ([a, b, c, ...rest]) => [a ?? "", b ?? "", edit(c), ...rest], "abz"],
    ["an edit at the start", ([a, ...rest]) => [edit(a), ...rest], "z"],
    ["an edit at the end", (lines) => lines.with(-1, edit(lines.at(-1))), "abcdefz"],
    ["a cut tail", (lines) => lines.slice(0, 3), "abcz"],
    ["a cut line", (lines) => [...lines.slice(0, 3), "{"], "abcz"],
    ["all cut off", () => [], "z"],
    ["a line too many", (lines) => [...lines, "{}\n"], "abcdefz"],
  ];
  for (const [what, change, left] of cases) {
    using log = await someLog(1e9);
    Deno.writeTextFileSync(log.layout.auditLog.path, change(log.lines).join(""));
    await repaired(log, what);
    assertEquals(await targets(log.audit), left, what);
  }
});

Deno.test("Audit.repair() makes a new HEAD for one that is damaged, lost or older than the log", async () => {
  for (const content of ["", "{", undefined]) {
    using log = await someLog(1e9);
    if (content === undefined) Deno.removeSync(log.layout.auditHead.path);
    else Deno.writeTextFileSync(log.layout.auditHead.path, content);
    await repaired(log, "damaged HEAD");
    assertEquals(await targets(log.audit), "abcdefz");
  }
  using log = await someLog(1e9);
  const older = Deno.readTextFileSync(log.layout.auditHead.path);
  await append(log.audit, "g");
  await append(log.audit, "h");
  Deno.writeTextFileSync(log.layout.auditHead.path, older);
  const record = await repaired(log, "older HEAD");
  assertEquals([record.details["head_count"], record.details["proved_count"]], [5, 8]);
  assertEquals(await targets(log.audit), "abcdefghz");
});

Deno.test("Audit.repair() mends a log of several files, whichever is damaged", async () => {
  using whole = await someLog(900);
  const names = [...logFiles(whole.layout).keys()].filter((name) => name.endsWith(".jsonl"));
  assert(names.length >= 3, `only ${names.length} files`);
  for (let i = 0; i < names.length; i++) {
    for (const damage of ["edit", "remove", "empty"]) {
      using log = await someLog(900);
      const path = [...logFiles(log.layout).keys()].filter((name) => name.endsWith(".jsonl")).sort()
        .map((name) => `${log.layout.audit}/${name}`)[i] ?? "";
      if (damage === "remove") Deno.removeSync(path);
      else {Deno.writeTextFileSync(
          path,
          damage === "empty" ? "" : Deno.readTextFileSync(path).replace("ann", "bob"),
        );}
      await repaired(log, `${damage} ${i}`);
    }
  }
});
