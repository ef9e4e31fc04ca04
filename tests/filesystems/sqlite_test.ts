import { assert, assertEquals, assertRejects } from "@std/assert";
import { JvsError } from "../../src/model/errors.ts";
import type { Descriptor } from "../../src/model/records.ts";
import { init } from "../../src/operation/init.ts";
import { restore } from "../../src/operation/restore.ts";
import { snapshot } from "../../src/operation/snapshot.ts";
import { worktreeFork } from "../../src/operation/worktree_fork.ts";
import { verify } from "../../src/operation/verify.ts";
import { callIn } from "../support/context.ts";
import { sharedDisk } from "../support/disk_image.ts";
import { redisVolume } from "../support/redis_volume.ts";
import { requires } from "../support/requires.ts";
import { mustRun, python } from "../support/run.ts";
import { SqliteWriter, transactionsIn, transactionsInCopy } from "../support/sqlite.ts";
import { tempDir } from "../support/temp_dir.ts";

/* Databases that programs write while they are captured. docs/design/sqlite.md. */

const ROUNDS = Number(Deno.env.get("JVS_TEST_ROUNDS") ?? 6);
const AUTO = { engine: "auto" } as const;

async function repositoryIn(folder: string): Promise<{ main: string; payloads: string; database: string }> {
  const { repository } = await callIn(folder, init, { name: "project" }, AUTO);
  const main = `${repository}/main`;
  Deno.mkdirSync(`${main}/data`);
  Deno.writeTextFileSync(`${main}/beside`, "a file that nobody writes");
  return { main, payloads: `${repository}/.jvs/snapshots`, database: `${main}/data/x.db` };
}

/** A quiesced snapshot; nothing if it is refused, as the files of a database came and went at each attempt. */
async function saved(main: string): Promise<Descriptor | undefined> {
  try {
    return (await callIn(main, snapshot, {}, AUTO)).snapshot;
  } catch (error) {
    if (error instanceof JvsError && error.code === "E_CONSISTENCY_UNAVAILABLE") return undefined;
    throw error;
  }
}

for (const kind of ["ext4", "xfs", "btrfs"] as const) {
  for (const reopen of [0, 1]) {
    const how = reopen === 0 ? "open all the time" : "opened for each transaction";
    Deno.test({
      name: `a quiesced snapshot has whole transactions of a database in WAL mode, ${how} (${kind})`,
      ...requires("ffi", "python3", kind),
      fn: async () => {
        using disk = await sharedDisk(kind);
        const { main, payloads, database } = await repositoryIn(disk.path);
        const start = (seed: number) =>
          SqliteWriter.start(database, `${disk.path}/stop`, { mode: "wal", seed, reopen, pauseMs: 0.5 });
        const writers = [await start(1), await start(2)];
        let [captured, made] = [0, 0];
        for (let round = 0; round < ROUNDS; round++) {
          const before = transactionsIn(database);
          const now = await saved(main);
          if (now === undefined) continue;
          made++;
          assertEquals(now.consistency_level, "quiesced");
          assertEquals(now.degradations.counts, {});
          captured = transactionsInCopy(`${payloads}/${now.snapshot_id}/data`, "x.db", `${disk.path}/copy`);
          assert(captured >= before, `${before} were committed before, and ${captured} are in the snapshot`);
        }
        let committed = 0;
        for (const writer of writers) committed += await writer.end();
        assert(captured <= committed);
        const { snapshots } = await callIn(main, verify, { all: true });
        assertEquals(new Set(snapshots.map(({ severity }) => severity)), new Set(["ok"]));
        assert(made > 0, "no snapshot was made");
        console.log(`${kind}: ${made} of ${ROUNDS} snapshots during ${committed} transactions`);
      },
    });
  }
}

for (const kind of ["ext4", "xfs", "btrfs"] as const) {
  Deno.test({
    name: `a live fork has whole transactions of a database in WAL mode, and the programs go on (${kind})`,
    ...requires("ffi", "python3", kind),
    fn: async () => {
      using disk = await sharedDisk(kind);
      const { main, database } = await repositoryIn(disk.path);
      const options = { mode: "wal", pauseMs: 0.5 } as const;
      const writer = await SqliteWriter.start(database, `${disk.path}/stop`, options);
      let captured = 0;
      for (const name of ["fork-1", "fork-2", "fork-3"]) {
        const before = transactionsIn(database);
        const { degradations, path } = await callIn(main, worktreeFork, { live: true, name }, AUTO);
        assertEquals(degradations.first, []);
        captured = transactionsInCopy(`${path}/data`, "x.db", `${disk.path}/copy`);
        assert(captured >= before, `${before} were committed before, and ${captured} are in the fork`);
      }
      assert(captured <= await writer.end());
    },
  });
}

Deno.test({
  name: "a snapshot by one call on JuiceFS has whole transactions of a database in WAL mode, or none is made",
  ...requires("root", "ffi", "python3", "juicefs", "redis"),
  fn: async () => {
    await using volume = await redisVolume();
    const { main, payloads, database } = await repositoryIn(volume.path);
    const stop = `${volume.folder}/stop`;
    const writer = await SqliteWriter.start(database, stop, { mode: "wal", pauseMs: 50, rows: 300 });
    const captured = ({ snapshot_id }: Descriptor) =>
      transactionsInCopy(`${payloads}/${snapshot_id}/data`, "x.db", `${volume.folder}/copy`);
    let made = 0;
    for (let round = 0; round < ROUNDS && made < 2; round++) {
      const before = transactionsIn(database);
      const now = await saved(main);
      if (now === undefined) continue;
      made++;
      assertEquals([now.engine, now.consistency_level], ["juicefs-clone", "quiesced"]);
      assertEquals(now.degradations.counts, {});
      assert(captured(now) >= before);
    }
    assert(made > 0, "no snapshot was made");
    const committed = await writer.end();
    const last = await saved(main);
    assertEquals(last && captured(last), committed);
  },
});

Deno.test({
  name: "a snapshot has whole transactions of a database with a rollback journal, or none is made",
  ...requires("ffi", "python3", "xfs"),
  fn: async () => {
    for (const mode of ["delete", "truncate", "persist"] as const) {
      using disk = await sharedDisk("xfs");
      const { main, payloads, database } = await repositoryIn(disk.path);
      const writer = await SqliteWriter.start(database, `${disk.path}/stop`, { mode, pauseMs: 20 });
      let made = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const now = await saved(main);
        if (now === undefined) continue;
        assertEquals(now.consistency_level, "quiesced");
        transactionsInCopy(`${payloads}/${now.snapshot_id}/data`, "x.db", `${disk.path}/copy`);
        made++;
      }
      await writer.end();
      console.log(`${mode}: ${made} of ${ROUNDS} snapshots`);
    }
  },
});

/** The content of each file of a database. */
function filesOf(database: string): string[] {
  return ["", "-wal", "-shm"].map((suffix) => mustRun("sha256sum", database + suffix));
}

Deno.test({
  name: "a snapshot leaves the files of a database as they are, also those that a killed program left",
  ...requires("ffi", "python3"),
  fn: async () => {
    using folder = tempDir();
    const { main, payloads, database } = await repositoryIn(folder.path);
    const writer = await SqliteWriter.start(database, `${folder.path}/stop`, { mode: "wal", pauseMs: 0 });
    while (transactionsIn(database) === 0 || Deno.statSync(`${database}-wal`).size < 100_000);
    await writer.kill();
    const before = filesOf(database);
    const { snapshot: whole } = await callIn(main, snapshot);
    assertEquals(filesOf(database), before);
    const there = `${payloads}/${whole.snapshot_id}/data`;
    assertEquals([...Deno.readDirSync(there)].map(({ name }) => name).sort(), [
      "x.db",
      "x.db-shm",
      "x.db-wal",
    ]);
    const captured = transactionsInCopy(there, "x.db", `${folder.path}/copy`);
    assertEquals(captured, transactionsIn(database));
    assert(captured > 0);
  },
});

Deno.test({
  name: "a database that cannot be locked is captured by best effort only, and is named",
  ...requires("ffi", "python3"),
  fn: async () => {
    using folder = tempDir();
    const { main, database } = await repositoryIn(folder.path);
    const how = { mode: "wal", locking: "exclusive", pauseMs: 1 } as const; // has no -shm
    const writer = await SqliteWriter.start(database, `${folder.path}/stop`, how);
    const error = await assertRejects(() => callIn(main, snapshot), JvsError);
    assertEquals(error.code, "E_CONSISTENCY_UNAVAILABLE");
    const { snapshot: saved } = await callIn(main, snapshot, { consistency: "best_effort" });
    await writer.end();
    assertEquals(saved.consistency_level, "best_effort");
    assertEquals(saved.degradations.first, [{
      kind: "changed_during_capture",
      path: "data/x.db",
      reason: "a database that programs may have written meanwhile: its -shm file is not there",
    }]);
  },
});

/** Has a database open; writes into it and closes it when its input ends. Nothing of that is for the restored database. */
const KEEPS_OPEN = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
def add():
    db.execute("begin immediate")
    (key,) = db.execute("select count + 1 from total").fetchone()
    for table in ("one", "two"): db.execute("insert into %s values (?, zeroblob(9000))" % table, (key,))
    db.execute("update total set count = ?", (key,))
    db.execute("commit")
add()
print("ready", flush=True)
sys.stdin.read()
for _ in range(20): add()
db.execute("pragma wal_checkpoint")
db.close()
`;
import { until } from "../support/until.ts";

Deno.test({
  name: "a program that still has a database open does not write into the one that a restore brought",
  ...requires("ffi", "python3", "xfs"),
  fn: async () => {
    using disk = await sharedDisk("xfs");
    const { main, database } = await repositoryIn(disk.path);
    const writer = await SqliteWriter.start(database, `${disk.path}/stop`, { mode: "wal", pauseMs: 0 });
    await until(() => Deno.statSync(`${database}-wal`).size > 100_000);
    await writer.kill(); // so that there is a log
    const { snapshot: saved } = await callIn(main, snapshot, {}, AUTO);
    const process = new Deno.Command(python(), {
      args: ["-c", KEEPS_OPEN, database],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const reader = process.stdout.getReader();
    await reader.read(); // it changed the log, and perhaps not the database
    reader.releaseLock();
    await callIn(main, restore, { snapshot: saved.snapshot_id }, AUTO);
    const copy = () => transactionsInCopy(`${main}/data`, "x.db", `${disk.path}/copy`);
    const restored = copy();
    await process.stdin.close();
    assertEquals((await process.output()).code, 0);
    assertEquals(copy(), restored);
  },
});
