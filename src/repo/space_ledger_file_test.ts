import { assertEquals } from "@std/assert";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { LEDGER_NAMES, LedgerWriter } from "./space_ledger.ts";
import { readLedgerFile, saveLedger } from "./space_ledger_file.ts";

Deno.test("readLedgerFile() gives what was saved, and nothing where any byte differs", async () => {
  using folder = tempDir();
  using opened = openPlatform().openFolder(folder.path);
  const writer = new LedgerWriter();
  writer.addUnit({
    key: 2 ** 40,
    mark: 7,
    bytes: 1.5,
    extents: [{ start: 2 ** 45, length: 4096 }],
    path: "a/ä",
  });
  writer.addEvent(0, false);
  writer.addPackUse(writer.addPack(1_700_000_000_000, 10, 500));
  writer.addNode({ time: 1_700_000_000_000, digits: 10, base: -1, own: 3, inodes: 2, records: 4, flags: 1 });
  const ledger = writer.finish();
  await saveLedger(opened, "ledger", { ledger, of: "this" });
  const bytes = Deno.readFileSync(`${folder.path}/ledger`);
  const read = await readLedgerFile(bytes);
  assertEquals(read?.of, "this");
  assertEquals(read?.ledger.paths, ledger.paths);
  for (const name of LEDGER_NAMES) assertEquals(read?.ledger[name], ledger[name].slice(), name);
  for (let at = 0; at < bytes.length; at += 7) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] as number) ^ 1;
    assertEquals(await readLedgerFile(damaged), undefined, `byte ${at}`);
  }
  for (const length of [0, 3, 40, bytes.length - 1]) {
    assertEquals(await readLedgerFile(bytes.slice(0, length)), undefined);
  }
});
