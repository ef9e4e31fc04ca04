import { assert, assertEquals, assertRejects } from "@std/assert";
import { requires } from "../../../tests/support/requires.ts";
import { mustRun, python } from "../../../tests/support/run.ts";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { bytesOf } from "../../model/bytes.ts";
import { nowMs } from "../../platform/clock.ts";
import { openPlatform } from "../../platform/open_platform.ts";
import { NoLock, SqliteLock } from "./sqlite_lock.ts";

const NEEDED = requires("ffi", "python3");

/** Does what it is told with a database `x`, line by line, and says how it went. */
const PROGRAM = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1] + "/x", timeout=0, isolation_level=None)
for line in sys.stdin:
    try:
        db.execute(line).fetchall()
        print("ok", flush=True)
    except sqlite3.OperationalError as error:
        print(error, flush=True)
`;

/** Another process that uses the database. */
class Program implements AsyncDisposable {
  private readonly process;
  private readonly writer;
  private readonly lines;
  private said = "";

  constructor(folder: string) {
    this.process = new Deno.Command(python(), {
      args: ["-c", PROGRAM, folder],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.writer = this.process.stdin.getWriter();
    this.lines = this.process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async tell(line: string): Promise<string> {
    await this.writer.write(bytesOf(`${line}\n`));
    while (!this.said.includes("\n")) this.said += (await this.lines.read()).value ?? "\n";
    const end = this.said.indexOf("\n");
    const answer = this.said.slice(0, end);
    this.said = this.said.slice(end + 1);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.writer.close();
    await this.lines.cancel();
    await this.process.status;
  }
}

const once = () => ({ until: nowMs(), signal: undefined });

Deno.test(
  "SqliteLock keeps a log from being written and copied, and lets programs read",
  NEEDED,
  async () => {
    using folder = tempDir();
    await using program = new Program(folder.path);
    await program.tell("pragma journal_mode=wal");
    await program.tell("create table t (a)");
    using root = openPlatform().openFolder(folder.path);
    {
      using lock = SqliteLock.open(root, bytesOf("x"));
      assert(lock !== undefined && lock.hasLog);
      await lock.keepDatabase(once());
      assertEquals(await program.tell("insert into t values (1)"), "ok");
      assertEquals(await program.tell("pragma wal_checkpoint(restart)"), "ok"); // it says that it was busy
      const before = mustRun("sha256sum", `${folder.path}/x`);
      await program.tell("insert into t values (2)");
      assertEquals(mustRun("sha256sum", `${folder.path}/x`), before);
      await lock.keepLog(once());
      assertEquals(await program.tell("insert into t values (3)"), "database is locked");
      assertEquals(await program.tell("select * from t"), "ok");
    }
    assertEquals(await program.tell("insert into t values (3)"), "ok");
  },
);

Deno.test("SqliteLock waits for a transaction no longer than it is told", NEEDED, async () => {
  using folder = tempDir();
  await using program = new Program(folder.path);
  await program.tell("pragma journal_mode=wal");
  await program.tell("create table t (a)");
  await program.tell("begin immediate");
  using root = openPlatform().openFolder(folder.path);
  using lock = SqliteLock.open(root, bytesOf("x"));
  await lock?.keepDatabase(once());
  await assertRejects(() => lock?.keepLog(once()) ?? Promise.resolve(), NoLock);
  await program.tell("commit");
  await lock?.keepLog(once());
});

Deno.test("SqliteLock keeps a rollback journal's writer out of the database", NEEDED, async () => {
  using folder = tempDir();
  await using program = new Program(folder.path);
  await program.tell("create table t (a)");
  using root = openPlatform().openFolder(folder.path);
  using lock = SqliteLock.open(root, bytesOf("x"));
  assert(lock !== undefined && !lock.hasLog);
  await lock.keepDatabase(once());
  assert(!lock.hasJournalWriter());
  await program.tell("begin immediate");
  await program.tell("insert into t values (1)");
  assert(lock.hasJournalWriter());
  assertEquals(await program.tell("commit"), "database is locked");
});

Deno.test("SqliteLock.open() finds no database in other files", NEEDED, () => {
  using folder = tempDir();
  Deno.writeTextFileSync(`${folder.path}/x`, "SQLite format 3 is what this text is about");
  Deno.writeTextFileSync(`${folder.path}/empty`, "");
  using root = openPlatform().openFolder(folder.path);
  for (const name of ["x", "empty"]) assertEquals(SqliteLock.open(root, bytesOf(name)), undefined);
});
