import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { type ErrorCode, JvsError } from "../../model/errors.ts";
import { BlackBox } from "../../../tests/support/black_box.ts";
import { requires } from "../../../tests/support/requires.ts";
import { exists } from "../../../tests/support/files.ts";
import { mustRun } from "../../../tests/support/run.ts";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { sessionOfFile } from "./session_file.ts";

const BEGINS = { beginsSession: true };

Deno.test("sessionOfFile() makes the file with a new session where one begins, for its user alone, and takes it again", () => {
  using folder = tempDir();
  const path = `${folder.path}/session`;
  const session = sessionOfFile(path, BEGINS);
  assertEquals(Deno.readTextFileSync(path), `${session}\n`);
  assertMatch(session, /^[0-9a-f-]{36}$/);
  assertEquals((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  assertEquals(sessionOfFile(path, {}), session);
  assertEquals(sessionOfFile(path, BEGINS), session);
});

Deno.test("sessionOfFile() refuses what JVS did not write, and never shows or changes it", () => {
  using folder = tempDir();
  const path = `${folder.path}/session`;
  const refused = (code: ErrorCode, message: string, how = {}) => {
    const error = assertThrows(() => sessionOfFile(path, how), JvsError, message);
    assertEquals(error.code, code);
    assert(!JSON.stringify(error).includes("secret"));
  };
  refused("E_USAGE", "there is no such file");
  for (const text of ["", "\n", "API_KEY=secret\n", `${crypto.randomUUID()}\nsecret\n`]) {
    Deno.writeTextFileSync(path, text);
    refused("E_USAGE", "JVS did not write it");
    refused("E_USAGE", "JVS did not write it", BEGINS);
    assertEquals(Deno.readTextFileSync(path), text);
  }
  Deno.writeTextFileSync(path, "x".repeat(1025));
  refused("E_USAGE", "more than 1024 bytes");
  Deno.truncateSync(path, 1e12);
  refused("E_USAGE", "more than 1024 bytes");
  Deno.removeSync(path);
  for (
    const make of [
      () => mustRun("mkfifo", path),
      () => Deno.symlinkSync(`${folder.path}/target`, path),
      () => Deno.symlinkSync("/etc/hostname", path),
      () => Deno.mkdirSync(path),
    ]
  ) {
    make();
    refused("E_PERMISSION", "it is no file");
    refused("E_PERMISSION", "it is no file", BEGINS);
    Deno.removeSync(path);
  }
  assertEquals(exists(`${folder.path}/target`), false);
  const error = assertThrows(() => sessionOfFile("/", BEGINS), JvsError, "it is no file");
  assertEquals(error.code, "E_PERMISSION");
});

Deno.test("sessionOfFile() says of a file in a folder that is not there what to do", () => {
  using folder = tempDir();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  for (const path of ["none/session", "file/session"]) {
    const make = () => sessionOfFile(`${folder.path}/${path}`, BEGINS);
    const error = assertThrows(make, JvsError, "the folder that it would be in is not there");
    assertEquals(error.code, "E_NOT_FOUND");
    assertStringIncludes(error.hint, "Make that folder first");
    assertThrows(() => sessionOfFile(`${folder.path}/${path}`, {}), JvsError, "there is no such file");
  }
});

Deno.test({
  name: "sessionOfFile() refuses the file of another user",
  ...requires("root"),
  fn: () => {
    using folder = tempDir();
    const path = `${folder.path}/session`;
    Deno.writeTextFileSync(path, `${crypto.randomUUID()}\n`);
    Deno.chownSync(path, 61001, 61001);
    const error = assertThrows(() => sessionOfFile(path, BEGINS), JvsError, "another user");
    assertEquals(error.code, "E_PERMISSION");
  },
});

Deno.test("--session comes before --session-file, and that before JVS_SESSION", async () => {
  using box = await BlackBox.make();
  const file = ["--session-file", "../of the job"];
  const { lease } = await box.json<{ lease: { session_id: string } }>(["lock", "acquire", ...file], {
    env: { JVS_SESSION: "from the environment" },
  });
  assertEquals(Deno.readTextFileSync(`${box.path}/of the job`), `${lease.session_id}\n`);
  const isMine = async (args: string[], env = {}) =>
    (await box.json(["lock", "status", ...args], { env })).is_mine;
  assertEquals(await isMine(file, { JVS_SESSION: "other" }), true);
  assertEquals(await isMine([...file, "--session", "other"]), false);
  assertEquals(await isMine([], { JVS_SESSION: lease.session_id }), true);
  assertEquals(await isMine([]), false);
  const { stderr } = await box.run(["status", "--session-file", "nowhere"]);
  assertStringIncludes(stderr, "lock acquire --session-file FILE");
  await box.error("E_LOCK_CONFLICT", ["lock", "acquire", "--session-file", "../new"]);
  const kept = Deno.readTextFileSync(`${box.path}/new`);
  await box.error("E_LOCK_CONFLICT", ["lock", "acquire", "--session-file", "../new"]);
  assertEquals(Deno.readTextFileSync(`${box.path}/new`), kept, "another command may have a lease by it");
});

Deno.test("lock acquire without a session says how the next commands go by the one that it made", async () => {
  using box = await BlackBox.make();
  const { stdout } = await box.run(["lock", "acquire"]);
  const [, line = "", session = ""] = /`(export JVS_SESSION=(\S+))`/.exec(stdout) ?? [];
  assertStringIncludes(stdout, `session  ${session}`);
  const script = `${line}; exec "$0" "$@"`;
  assertEquals((await box.run(["snapshot"], { under: ["sh", "-c", script] })).code, 0, stdout);
  const given = (await box.run(["lock", "acquire", "--session", session])).stdout;
  assert(!given.includes("export"), given);
});

Deno.test("JVS_SESSION that is no text is the user's mistake, and said to be", async () => {
  using box = await BlackBox.make();
  const under = ["sh", "-c", 'JVS_SESSION=$(printf "\\377") exec "$0" "$@"'];
  const { message } = await box.error("E_USAGE", ["status"], { under });
  assertStringIncludes(message, "JVS_SESSION");
});
