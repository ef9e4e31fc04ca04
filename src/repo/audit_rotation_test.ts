import { assert, assertEquals } from "@std/assert";
import { all, assertBroken, assertWhole, emptyLog, entry } from "../../tests/support/audit_log.ts";
import { requires } from "../../tests/support/requires.ts";
import { LinuxFile } from "../platform/linux_file.ts";
import { LinuxFolder } from "../platform/linux_folder.ts";
import { Audit } from "./audit.ts";
import { Layout } from "./layout.ts";

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
