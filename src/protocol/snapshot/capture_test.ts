import { assertEquals } from "@std/assert";
import { bytesOf, hexOf } from "../../model/bytes.ts";
import { openPlatform } from "../../platform/open_platform.ts";
import { hashFiles } from "../../tree/hash.ts";
import { scanTree } from "../../tree/scan.ts";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { correctFromPayload } from "./capture.ts";

Deno.test("correctFromPayload() hashes again what changed since the scan, even if its size did not", async () => {
  using dir = tempDir();
  Deno.writeTextFileSync(`${dir.path}/changed`, "before");
  Deno.writeTextFileSync(`${dir.path}/steady`, "before");
  using payload = openPlatform().openFolder(dir.path);
  const look = async () => {
    const { table } = await scanTree(payload, { exactStat: true, xattrs: true });
    await hashFiles(payload, table, [1, 2], { flush: false });
    return table;
  };
  const scanned = await look();
  Deno.writeTextFileSync(`${dir.path}/changed`, "after!");
  const expected = await look();
  const steady = scanned.find(bytesOf("steady"));
  const corrected = await correctFromPayload(payload, scanned, (index) => index === steady);
  const hashes = (of: typeof corrected) => [1, 2].map((i) => hexOf(of.contentHash(i) ?? new Uint8Array()));
  assertEquals(hashes(corrected), hashes(expected));
});
