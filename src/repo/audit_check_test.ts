import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  all,
  assertBroken,
  assertPending,
  assertWhole,
  emptyLog,
  entry,
  type Log,
  logOf,
  MB,
} from "../../tests/support/audit_log.ts";
import { requires } from "../../tests/support/requires.ts";
import { bytesOf, textOf } from "../model/bytes.ts";
import { LinuxFolder } from "../platform/linux_folder.ts";
import { Layout } from "./layout.ts";

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
