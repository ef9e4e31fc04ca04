import { assert, assertEquals } from "@std/assert";
import type { EngineKind } from "../src/engine/contract.ts";
import { ENGINES } from "../src/engine/engines.ts";
import { init } from "../src/operation/init.ts";
import { snapshot } from "../src/operation/snapshot.ts";
import { verify } from "../src/operation/verify.ts";
import { LinuxFolder } from "../src/platform/linux_folder.ts";
import { callIn } from "./support/context.ts";
import { testWorkers } from "./support/team_worker.ts";
import { useEngine } from "./support/use_engine.ts";
import { requires } from "./support/requires.ts";
import { tempDir } from "./support/temp_dir.ts";

/* A snapshot hashes the files of the worktree, which are in memory, instead of their clones. What it proves by that must hold. */

const NEEDED = requires("ffi");

async function repositoryWith(folder: string, content: string): Promise<string> {
  const { repository } = await callIn(folder, init, { name: "project" });
  const main = `${repository}/main`;
  for (const name of ["a", "b"]) Deno.writeTextFileSync(`${main}/${name}`, content);
  return main;
}

/** The engine `copy`, which calls something after each clone of a payload. */
function copyAndThen(meddle: (count: number) => void): Disposable {
  const copy = ENGINES.find(({ name }) => name === "copy") as EngineKind;
  let clones = 0;
  return useEngine({
    ...copy,
    make: (platform) => {
      const engine = copy.make(platform);
      return {
        ...engine,
        async clone(request) {
          const result = await engine.clone(request);
          if (request.as === "payload") meddle(++clones);
          return result;
        },
      };
    },
  });
}

async function assertVerified(main: string): Promise<void> {
  const { snapshots } = await callIn(main, verify, { all: true });
  assertEquals(snapshots.map(({ severity }) => severity), ["ok"]);
}

Deno.test("a snapshot reads no file of the payload that it made", NEEDED, async () => {
  using folder = tempDir();
  const main = await repositoryWith(folder.path, "content");
  const opened: string[] = [];
  const { openFile } = LinuxFolder.prototype;
  LinuxFolder.prototype.openFile = function (name, how, mode) {
    if (how === "read" && this.path.includes(".tmp")) opened.push(this.path);
    return openFile.call(this, name, how, mode);
  };
  try {
    await callIn(main, snapshot);
  } finally {
    LinuxFolder.prototype.openFile = openFile;
  }
  assertEquals(opened, []);
  await assertVerified(main);
});

Deno.test("a file that changes between its clone and its hash is captured again", NEEDED, async () => {
  using folder = tempDir();
  const main = await repositoryWith(folder.path, "before");
  const { mtime } = Deno.statSync(`${main}/a`);
  let clones = 0;
  using _engine = copyAndThen((count) => {
    clones = count;
    if (count > 1) return;
    Deno.writeTextFileSync(`${main}/a`, "after!"); // the same size, and the time put back
    Deno.utimeSync(`${main}/a`, mtime as Date, mtime as Date);
  });
  const { snapshot: saved } = await callIn(main, snapshot, {}, { engine: "auto" });
  assertEquals([saved.consistency_level, clones], ["quiesced", 2]);
  await assertVerified(main);
});

Deno.test(
  "a file that changes after a worker read it beside the clone is captured again",
  NEEDED,
  async () => {
    using folder = tempDir();
    const main = await repositoryWith(folder.path, "before");
    {
      using hole = Deno.openSync(`${main}/hole`, { write: true, create: true });
      hole.truncateSync(210_000_000); // with less the worker would not be started
    }
    let clones = 0;
    using _engine = copyAndThen((count) => {
      clones = count;
      if (count === 1) Deno.writeTextFileSync(`${main}/a`, "after!");
    });
    const workers = testWorkers();
    const { snapshot: saved } = await callIn(main, snapshot, {}, { engine: "auto", workers });
    assertEquals([saved.consistency_level, clones], ["quiesced", 2]);
    await assertVerified(main);
  },
);

Deno.test(
  "a best-effort snapshot says of a file that never rests what its payload holds",
  NEEDED,
  async () => {
    using folder = tempDir();
    const main = await repositoryWith(folder.path, "before");
    using _engine = copyAndThen((count) => Deno.writeTextFileSync(`${main}/a`, `after${count}`));
    const input = { consistency: "best_effort" as const };
    const { snapshot: saved } = await callIn(main, snapshot, input, { engine: "auto" });
    assertEquals(saved.consistency_level, "best_effort");
    assert(Deno.readTextFileSync(`${main}/../.jvs/snapshots/${saved.snapshot_id}/a`) === "before");
    await assertVerified(main);
  },
);
