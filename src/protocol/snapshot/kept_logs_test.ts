import { assertEquals } from "@std/assert";
import { namesIn } from "../../../tests/support/files.ts";
import { requires } from "../../../tests/support/requires.ts";
import { mustRun, python } from "../../../tests/support/run.ts";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { bytesOf } from "../../model/bytes.ts";
import { openPlatform } from "../../platform/open_platform.ts";
import { scanTree } from "../../tree/scan.ts";
import { KeptLogs } from "./kept_logs.ts";

/** A program that opens a database, does this, and closes it. */
function during(folder: string, name: string, ...lines: string[]): void {
  const script = `import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in sys.argv[2:]: db.execute(line).fetchall()
db.close()`;
  mustRun(python(), "-c", script, `${folder}/${name}`, ...lines);
}

Deno.test({
  name: "KeptLogs keeps the log of a database that programs open for a moment, until its end",
  ...requires("ffi", "python3"),
  async fn() {
    using folder = tempDir();
    during(folder.path, "x", "pragma journal_mode = wal", "create table t (n)");
    during(folder.path, "journal", "create table t (n)");
    Deno.writeTextFileSync(`${folder.path}/text`, "no database");
    Deno.mkdirSync(`${folder.path}/removed`);
    Deno.writeTextFileSync(`${folder.path}/removed/x`, "");
    const platform = openPlatform();
    using root = platform.openFolder(folder.path);
    const { table } = await scanTree(root, { exactStat: true, xattrs: false });
    Deno.removeSync(`${folder.path}/removed`, { recursive: true });
    const usual = ["journal", "text", "x"];
    {
      using logs = new KeptLogs(root, undefined);
      const changed = ["text", "journal", "x-wal", "gone", "removed/x"].map(bytesOf);
      assertEquals(await logs.keep(table, table, changed), true);
      assertEquals(await logs.keep(table, table, changed), false);
      during(folder.path, "x", "insert into t values (1)");
      during(folder.path, "journal", "insert into t values (1)");
      assertEquals(namesIn(folder.path).sort(), [...usual, "x-shm", "x-wal"]);
    }
    during(folder.path, "x", "insert into t values (2)");
    assertEquals(namesIn(folder.path).sort(), usual);
  },
});
