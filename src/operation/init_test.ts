import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { callIn } from "../../tests/support/context.ts";
import { interceptWhen, killedAt } from "../../tests/support/kill_point.ts";
import { exists, namesIn } from "../../tests/support/files.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { textOf } from "../model/bytes.ts";
import { LinuxFolder } from "../platform/linux_folder.ts";
import { SystemError } from "../platform/system_error.ts";
import { init } from "./init.ts";
import { snapshot } from "./snapshot.ts";

Deno.test("init() makes a folder with an empty main, and one audit record", async () => {
  using repository = await TestRepository.make();
  assertEquals(namesIn(repository.path), [".jvs", "main"]);
  assertEquals(namesIn(repository.main), []);
  const [first, ...rest] = await repository.audit();
  assertEquals(first?.operation, "init");
  assertEquals(first?.actor, "tester@here");
  assertEquals(rest, []);
  assertEquals((await repository.open()).store.intents.list(), []);
});

Deno.test("init() without a name takes the current folder when it is empty", async () => {
  using folder = tempDir();
  const result = await callIn(folder.path, init);
  assertEquals(result.repository, folder.path);
  assertEquals(result.worktree, { name: "main", path: `${folder.path}/main` });
  assertMatch(result.repo_id, /^[0-9a-f-]{36}$/);
  assertEquals(result.engine, "copy");
});

Deno.test("init() in a folder with content says to adopt it, and changes nothing", async () => {
  using folder = tempDir();
  Deno.writeTextFileSync(`${folder.path}/thesis.txt`, "");
  const error = await assertRejects(() => callIn(folder.path, init), JvsError);
  assertEquals(error.code, "E_ALREADY_EXISTS");
  assertMatch(error.hint, /jvs adopt/);
  assertEquals(namesIn(folder.path), ["thesis.txt"]);
});

Deno.test("init() with a dot says how to use the current folder", async () => {
  using folder = tempDir();
  for (const name of [".", "./"]) {
    const error = await assertRejects(() => callIn(folder.path, init, { name }), JvsError);
    assertEquals(error.code, "E_NAME_INVALID");
    assertEquals(error.hint, "To use this folder, leave the name out: `jvs init`.");
  }
  assertEquals(namesIn(folder.path), []);
});

Deno.test("init() refuses a name that is a path, or no name", async () => {
  using folder = tempDir();
  const bad: [string, string][] = [
    ["a/b", "E_PATH_ESCAPE"],
    ["..", "E_PATH_ESCAPE"],
    ["/tmp", "E_PATH_ESCAPE"],
    ["", "E_NAME_INVALID"],
    [".hidden", "E_NAME_INVALID"],
    ["-x", "E_NAME_INVALID"],
    ["a\nb", "E_NAME_INVALID"],
    ["x".repeat(200), "E_NAME_INVALID"],
  ];
  for (const [name, code] of bad) {
    const error = await assertRejects(() => callIn(folder.path, init, { name }), JvsError);
    assertEquals(error.code, code, JSON.stringify(name));
  }
  assertEquals(namesIn(folder.path), []);
});

Deno.test("init() tells a user who gives a path how the repository is made there", async () => {
  using folder = tempDir();
  const ways: [string, string][] = [
    ["a/lab", `Make it from there: \`cd ${folder.path}/a && jvs init lab\`.`],
    ["/srv/our data/lab/", "Make it from there: `cd '/srv/our data' && jvs init lab`."],
    ["../lab", `Make it from there: \`cd ${folder.path.replace(/\/[^/]*$/, "")} && jvs init lab\`.`],
    ["lab/", "Give the name alone: `jvs init lab`."],
    ["a/la b", "Use letters, digits, dot, dash and underscore."],
    ["a\u202e/lab", "Use letters, digits, dot, dash and underscore."],
    ["..", "Use letters, digits, dot, dash and underscore."],
  ];
  for (const [name, hint] of ways) {
    const error = await assertRejects(() => callIn(folder.path, init, { name }), JvsError);
    assertEquals([error.code, error.hint], ["E_PATH_ESCAPE", hint]);
  }
  assertEquals(namesIn(folder.path), []);
});

Deno.test("init() refuses a folder inside a worktree, also through a link", async () => {
  using repository = await TestRepository.make();
  const inside = await assertRejects(() => repository.call(init, { name: "inner" }), JvsError);
  assertEquals(inside.code, "E_USAGE");
  Deno.symlinkSync(repository.main, `${repository.outside}/link`);
  const through = await assertRejects(
    () => callIn(`${repository.outside}/link`, init, { name: "inner" }),
    JvsError,
  );
  assertEquals(through.code, "E_USAGE");
  assertEquals(namesIn(repository.main), []);
});

Deno.test("init() with an engine that cannot work makes the repository and warns", async () => {
  using folder = tempDir();
  const told: string[] = [];
  const reporter = { begin() {}, advance() {}, warn: (message: string) => void told.push(message) };
  const result = await callIn(folder.path, init, { name: "p" }, { engine: "juicefs-clone", reporter });
  assertEquals(result.engine, null);
  assertEquals(told.length, 1);
  assert(exists(`${folder.path}/p/.jvs/format_version`));
});

Deno.test("init() says that the disk is full, also where the mark of what JVS made has no room, and leaves nothing", async () => {
  using folder = tempDir();
  const isMark = ([name]: readonly unknown[]) => name instanceof Uint8Array && textOf(name) === "origin";
  const unblock = interceptWhen(LinuxFolder.prototype, "makeFolder", isMark, () => {
    throw new SystemError("create", "origin", "ENOSPC");
  });
  try {
    const error = await assertRejects(() => callIn(folder.path, init, { name: "project" }), JvsError);
    assertEquals([error.code, namesIn(folder.path)], ["E_NO_SPACE", []]);
  } finally {
    unblock();
  }
});

Deno.test("init() killed at any moment leaves no repository, or one whose record is made up for", async () => {
  for (let n = 1;; n++) {
    using folder = tempDir();
    const killed = await killedAt(n, () => callIn(folder.path, init, { name: "p" }));
    if (!exists(`${folder.path}/p/.jvs`)) await callIn(folder.path, init, { name: "p" });
    await callIn(`${folder.path}/p/main`, snapshot, {}); // a change of main finishes what was begun
    const log = Deno.readTextFileSync(`${folder.path}/p/.jvs/audit/audit.jsonl`).trim().split("\n");
    assertEquals(log.map((line) => JSON.parse(line).operation), ["init", "snapshot"], `killed at ${n}`);
    if (!killed) return;
  }
});
