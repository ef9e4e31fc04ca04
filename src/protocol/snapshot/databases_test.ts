import { assert, assertEquals } from "@std/assert";
import { requires } from "../../../tests/support/requires.ts";
import { python } from "../../../tests/support/run.ts";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { scan } from "../../../tests/support/tree_cases.ts";
import { openPlatform } from "../../platform/open_platform.ts";

import { Databases } from "./databases.ts";

const COUNT = 8;

/** Has so many databases for itself until its input ends. */
const PROGRAM = `
import sqlite3, sys
all = [sqlite3.connect(f"{sys.argv[1]}/{n}", isolation_level=None) for n in range(int(sys.argv[2]))]
for db in all:
    db.execute("create table t (a)")
    db.execute("begin exclusive")
    db.execute("insert into t values (1)")
print("held", flush=True)
sys.stdin.read()
`;

/** A clock that goes so much further whenever somebody looks at it. */
function fastClock(stepMs: number): Disposable & { readonly passedMs: number } {
  const real = Date.now;
  let passedMs = 0;
  Date.now = () => real() + (passedMs += stepMs);
  return {
    get passedMs() {
      return passedMs;
    },
    [Symbol.dispose]: () => void (Date.now = real),
  };
}

Deno.test(
  "Databases waits for many that are never free not so many times as long as for one",
  requires("ffi", "python3"),
  async () => {
    using folder = tempDir();
    const process = new Deno.Command(python(), {
      args: ["-c", PROGRAM, folder.path, `${COUNT}`],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const lines = process.stdout.getReader();
    await lines.read();
    try {
      using root = openPlatform().openFolder(folder.path);
      const { table } = await scan(root);
      const databases = new Databases(root, table, { signal: undefined });
      using clock = fastClock(400);
      for await (const _ of databases.inTurn());
      assertEquals(databases.notHeld.length, COUNT);
      assert(clock.passedMs < 30_000, `${clock.passedMs} ms`);
    } finally {
      await process.stdin.close();
      await lines.cancel();
      await process.status;
    }
  },
);
