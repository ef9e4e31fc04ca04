import { assert, assertEquals, assertRejects } from "@std/assert";
import { isJvsError, JvsError, Repository } from "../../../mod.ts";
import { interceptWhen } from "../../../tests/support/kill_point.ts";
import { requires } from "../../../tests/support/requires.ts";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { callIn } from "../../../tests/support/context.ts";
import { init } from "../../operation/init.ts";
import { textOf } from "../../model/bytes.ts";
import { LinuxFolder } from "../../platform/linux_folder.ts";
import { operations } from "../../operation/registry.ts";
import { methodName } from "./repository.ts";

Deno.test("Repository.init() makes a repository whose methods are the operations", async () => {
  using dir = tempDir();
  const repository = await Repository.init(`${dir.path}/project`, { actor: "somebody" });
  assertEquals(repository.folder, `${dir.path}/project/main`);
  Deno.writeTextFileSync(`${repository.folder}/a`, "one");
  const { snapshot } = await repository.snapshot({ note: "first", tags: ["v1"] });
  assertEquals([snapshot.note, snapshot.tags, snapshot.stats.files], ["first", ["v1"], 1]);
  Deno.writeTextFileSync(`${repository.folder}/a`, "two");
  const { summary } = await repository.diff();
  assertEquals(summary.modified, 1);
  const restored = await repository.restore({ snapshot: "v1" });
  assertEquals(Deno.readTextFileSync(`${repository.folder}/a`), "one");
  assert(restored.autosave_snapshot_id !== null);
  const { path } = await repository.worktreeFork({ name: "other" });
  assertEquals((await (await Repository.open(path)).status()).worktree, "other");
  const { healthy } = await repository.doctor({ strict: true });
  assert(healthy);
});

Deno.test("Repository.init() refuses what is no path", async () => {
  assertEquals((await assertRejects(() => Repository.init("a\0b"), JvsError)).code, "E_PATH_ESCAPE");
});

Deno.test("Repository.init() takes an empty folder that is there", async () => {
  using dir = tempDir();
  const { folder } = await Repository.init(dir.path);
  assertEquals(folder, `${dir.path}/main`);
});

Deno.test("Repository.adopt() leaves the folder where it is", async () => {
  using dir = tempDir();
  Deno.mkdirSync(`${dir.path}/work`);
  Deno.writeTextFileSync(`${dir.path}/work/a`, "one");
  const repository = await Repository.adopt(`${dir.path}/work`);
  assertEquals(repository.folder, `${dir.path}/work`);
  assertEquals((await repository.snapshot()).snapshot.stats.files, 1);
});

Deno.test("Repository leaves the umask as it is, and still gives the group what it makes in a shared repository", async () => {
  using dir = tempDir();
  const umask = Deno.umask(0o077);
  try {
    const root = `${dir.path}/project`;
    await callIn(dir.path, init, { name: "project", shared: "group" });
    const repository = await Repository.open(`${root}/main`);
    Deno.writeTextFileSync(`${root}/main/own`, "one");
    await repository.snapshot();
    await repository.worktreeFork({ name: "other" });
    await repository.refCreate({ name: "gold" });
    assertEquals([Deno.umask(), modeOf(`${root}/main/own`)], [0o077, 0o600]);
    for (const path of oursIn(`${root}/.jvs`)) {
      assertEquals(modeOf(path) & 0o2070, modeForGroup(path), path);
    }
    assertEquals(modeOf(`${root}/worktrees`) & 0o2070, 0o2070);
  } finally {
    Deno.umask(umask);
  }
});

/** Everything of ours: not what is in payloads, which have the modes of what they hold. */
function oursIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (!isDirectory) return [path];
    return folder.endsWith("/snapshots") ? [] : [path, ...oursIn(path)];
  });
}

/** A folder is the group's, but a user's own, and what is made or was replaced there the user's alone; a record is written by its owner alone; what all write in place is a lock or the audit log. */
function modeForGroup(path: string): number {
  if (/\/users\/\d+\/(staging|replaced)$/.test(path)) return 0o2000;
  if (Deno.lstatSync(path).isDirectory) return /\/users\/\d/.test(path) ? 0o2050 : 0o2070;
  return /\/locks\/|\/audit\.jsonl$/.test(path) ? 0o060 : 0o040;
}

function modeOf(path: string): number {
  return (Deno.lstatSync(path).mode ?? 0) & 0o7777;
}

Deno.test("Repository.open() refuses a folder without a repository", async () => {
  using dir = tempDir();
  const error = await assertRejects(() => Repository.open(dir.path), JvsError);
  assert(isJvsError(error, "E_NOT_A_REPOSITORY"));
  await assertRejects(() => Repository.open(`${dir.path}/missing`), JvsError, "missing");
});

Deno.test("Repository refuses what an operation does not know", async () => {
  using dir = tempDir();
  const repository = await Repository.init(`${dir.path}/project`);
  const wrong = { nota: "x" } as unknown as { note: string };
  const error = await assertRejects(() => repository.snapshot(wrong), JvsError, "nota is not known");
  assertEquals(error.code, "E_USAGE");
  assertEquals((await assertRejects(() => repository.call("explode"), JvsError)).code, "E_USAGE");
});

Deno.test("Repository stops when it is told to", async () => {
  using dir = tempDir();
  const repository = await Repository.init(`${dir.path}/project`);
  Deno.writeTextFileSync(`${repository.folder}/a`, "one");
  const stopped = AbortSignal.abort();
  const error = await assertRejects(() => repository.snapshot({}, { signal: stopped }), JvsError);
  assertEquals(error.code, "E_INTERRUPTED");
  assertEquals((await repository.history()).snapshots, []);
});

Deno.test("Repository throws a JvsError whatever goes wrong", async () => {
  using dir = tempDir();
  const repository = await Repository.init(`${dir.path}/project`);
  Deno.writeTextFileSync(`${repository.folder}/a`, "one");
  const codeOf = async (work: () => Promise<unknown>) => (await assertRejects(work, JvsError)).code;
  const fails = () => {
    throw new TypeError("of the caller's own");
  };
  const reporter = { begin: fails, advance: fails, warn: fails };
  const told = await Repository.open(repository.folder, { reporter });
  assertEquals(await codeOf(() => told.snapshot()), "E_INTERNAL");
  assertEquals(await codeOf(() => Repository.init(`${repository.folder}/a/b`)), "E_USAGE");
  assertEquals(await codeOf(() => Repository.open(`${dir.path}/\0`)), "E_IO");
  assertEquals(await codeOf(() => Repository.adopt(null as unknown as string)), "E_INTERNAL");
});

Deno.test("Repository tells its reporter what it does", async () => {
  using dir = tempDir();
  const phases: string[] = [];
  const reporter = { begin: (phase: string) => void phases.push(phase), advance() {}, warn() {} };
  const repository = await Repository.init(`${dir.path}/project`, { reporter });
  Deno.writeTextFileSync(`${repository.folder}/a`, "one");
  await repository.snapshot();
  assert(phases.length > 0);
});

Deno.test("Repository has a method for every operation that needs one", async () => {
  const methods = Repository.prototype as unknown as Record<string, unknown>;
  for (const { name, needs } of await operations.loadAll()) {
    if (needs === "repository") assertEquals(typeof methods[methodName(name)], "function", name);
  }
  assertEquals(methodName("worktree fork"), "worktreeFork");
});

Deno.test("Repository that is held open sees what another process changed", async () => {
  using dir = tempDir();
  const held = await Repository.init(`${dir.path}/project`);
  const other = await Repository.open(held.folder);
  const save = async (text: string) => {
    Deno.writeTextFileSync(`${held.folder}/a`, text);
    return (await other.snapshot({ note: text })).snapshot.snapshot_id;
  };
  const notes = async () => (await held.history()).snapshots.map(({ note }) => note);
  const first = await save("one");
  assertEquals(await notes(), ["one"]);
  await save("two");
  assertEquals(await notes(), ["two", "one"]);
  const { snapshots: [shown] } = await held.history();
  (shown?.tags as string[]).push("mine");
  assertEquals((await held.history()).snapshots[0]?.tags, [], "each call has objects of its own");
  const descriptor = `${dir.path}/project/.jvs/descriptors/${first}.json`;
  Deno.writeTextFileSync(descriptor, Deno.readTextFileSync(descriptor).replace('"one"', '"ONE"'));
  const { snapshots, unread } = await held.history();
  assertEquals([snapshots.map(({ note }) => note), unread], [["two"], [first]]);
  assertEquals((await held.verify({ all: true })).severity, "critical");
  Deno.removeSync(`${dir.path}/project/.jvs/snapshots/${first}.READY`);
  assertEquals((await assertRejects(() => held.show({ snapshot: first }), JvsError)).code, "E_NOT_FOUND");
});

Deno.test("Repository that is held open reads each descriptor once in a call", requires("ffi"), async () => {
  using dir = tempDir();
  const held = await Repository.init(`${dir.path}/project`);
  const other = await Repository.open(held.folder);
  const read: string[] = [];
  const isDescriptor = ([name, how]: readonly unknown[]) => {
    const text = textOf(name as Uint8Array);
    if (how === "read" && /^\d+-\w+\.json$/.test(text)) read.push(text);
    return false;
  };
  const back = interceptWhen(LinuxFolder.prototype, "openFile", isDescriptor, () => {});
  try {
    const save = async (note: string) => `${(await other.snapshot({ note })).snapshot.snapshot_id}.json`;
    const readAgain = async () => {
      read.length = 0;
      const { snapshots } = await held.history();
      return [snapshots.map(({ note }) => note), [...read].sort()];
    };
    const first = await save("one");
    const second = await save("two");
    for (const call of ["first", "next"]) {
      assertEquals(await readAgain(), [["two", "one"], [first, second]], `the ${call} call`);
    }
  } finally {
    back();
  }
});

Deno.test("Repository tells the reporter of each call what that call does, also where several run at once", async () => {
  using dir = tempDir();
  const repository = await Repository.init(`${dir.path}/project`);
  const heard = await Promise.all(["status", "snapshot", "verify"].map(async (name, i) => {
    const open: string[] = [];
    const phases: string[] = [];
    const reporter = {
      begin: (phase: string) => {
        phases.push([...open, phase].join(" > "));
        open.push(phase);
      },
      end: () => void open.pop(),
      advance() {},
      warn() {},
    };
    if (i === 2) await repository.snapshot();
    await repository.call(name, {}, { reporter });
    return { phases, open };
  }));
  assertEquals(heard.map(({ open }) => open), [[], [], []]);
  const [status, snapshot, verify] = heard.map(({ phases }) => phases);
  assert(status?.includes("looking at the worktree > scanning") && !status.includes("committing"));
  assert(snapshot?.includes("committing > publishing") && !snapshot.includes("comparing"));
  assert(verify?.includes("verifying > scanning") && !verify.includes("looking at the worktree"));
});
