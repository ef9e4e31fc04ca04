import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { UserFolder } from "../platform/user_folder.ts";
import { believedRepositories, distrustRepositories, trustedRepositories, trustRepository } from "./trust.ts";

Deno.test("trustedRepositories() reads the user's own config, comments and all", () => {
  using folder = tempDir();
  assertEquals(trustedRepositories(undefined), []);
  assertEquals(trustedRepositories(`${folder.path}/none`), []);
  const write = (text: string) => Deno.writeTextFileSync(`${folder.path}/config.jsonc`, text);
  write('{ // mine\n "trusted_repositories": ["/a", "/b"], "more": 1 }');
  assertEquals(trustedRepositories(folder.path), ["/a", "/b"]);
  Deno.mkdirSync(`${folder.path}/linked`);
  Deno.symlinkSync("../config.jsonc", `${folder.path}/linked/config.jsonc`);
  assertEquals(trustedRepositories(`${folder.path}/linked`), ["/a", "/b"]);
  write("{}");
  assertEquals(trustedRepositories(folder.path), []);
  for (
    const [text, place] of [['{ "trusted_repositories": "/a" }', "line 1, column 27"], [
      "{\n",
      "line 2, column 1",
    ]]
  ) {
    write(text as string);
    const error = assertThrows(() => trustedRepositories(folder.path), JvsError, place);
    assertEquals(error.code, "E_USAGE");
  }
});

Deno.test(
  "trustedRepositories() believes no other user's config, and does not wait for a pipe",
  requires("root"),
  () => {
    using folder = tempDir();
    const path = `${folder.path}/config.jsonc`;
    Deno.writeTextFileSync(path, '{ "trusted_repositories": ["/evil"] }');
    Deno.chownSync(path, 61002, 61002);
    assertEquals(trustedRepositories(folder.path), []);
    assertThrows(() => believedRepositories(folder.path), JvsError, "belongs to 61002");
    Deno.removeSync(path);
    mustRun("mkfifo", path);
    assertEquals(trustedRepositories(folder.path), []);
  },
);

Deno.test("trustedRepositories() does not believe what other users may write", () => {
  using folder = tempDir();
  const path = `${folder.path}/config.jsonc`;
  Deno.writeTextFileSync(path, '{ "trusted_repositories": ["/evil"] }');
  for (const [at, mode, usual] of [[path, 0o666, 0o644], [folder.path, 0o777, 0o755]] as const) {
    Deno.chmodSync(at, mode);
    assertEquals(trustedRepositories(folder.path), []);
    Deno.chmodSync(at, usual);
  }
  assertEquals(trustedRepositories(folder.path), ["/evil"]);
});

Deno.test("trustRepository() and distrustRepositories() change only the list, and keep comments", async () => {
  using folder = tempDir();
  const [config, file] = [`${folder.path}/jvs`, `${folder.path}/jvs/config.jsonc`];
  assertEquals(await distrustRepositories(config, () => true), false);
  assertThrows(() => Deno.lstatSync(config), Deno.errors.NotFound); // nothing is made to take nothing back
  const one = { path: "/one", owner: 61001 };
  assertEquals(await trustRepository(config, one), true);
  assertEquals(await trustRepository(config, one), false);
  assertEquals(await trustRepository(config, { ...one, owner: 61002 }), true);
  assertEquals(trustedRepositories(config), [one, { ...one, owner: 61002 }]);
  const mine = '{ // mine\n  "trusted_repositories": [\n    "/a", // Ann\n  ],\n  "more": 1 }\n';
  Deno.writeTextFileSync(file, mine);
  await trustRepository(config, one);
  assertEquals(
    Deno.readTextFileSync(file),
    mine.replace("// Ann\n", '// Ann\n    {"path":"/one","owner":61001}\n'),
  );
  assertEquals(await distrustRepositories(config, (path) => path === "/one"), true);
  assertEquals(Deno.readTextFileSync(file), mine);
  await distrustRepositories(config, () => true);
  assertEquals([trustedRepositories(config), Deno.readTextFileSync(file).includes("// Ann")], [[], true]);
});

Deno.test("trustRepository() loses nothing when many come at once", async () => {
  using folder = tempDir();
  const all = Array.from({ length: 30 }, (_, i) => ({ path: `/r${i}`, owner: 61001 }));
  await Promise.all(all.map((each) => trustRepository(folder.path, each)));
  assertEquals(trustedRepositories(folder.path).length, 30);
  await Promise.all(
    all.slice(1).map((each) => distrustRepositories(folder.path, (path) => path === each.path)),
  );
  assertEquals(trustedRepositories(folder.path), all.slice(0, 1));
});

Deno.test("trustRepository() waits for another process that changes what is trusted, and goes on from what that left", async () => {
  using home = tempDir();
  const [one, two] = [{ path: "/one", owner: 61001 }, { path: "/two", owner: 61001 }];
  using folder = UserFolder.open(home.path);
  const lock = await folder.lock("a test");
  const error = await assertRejects(
    () => trustRepository(home.path, one, { timeoutMs: 1 }),
    JvsError,
    "a test (process",
  );
  assertEquals([error.code, trustedRepositories(home.path)], ["E_BUSY", []]);
  const waiting = trustRepository(home.path, one);
  folder.write("config.jsonc", JSON.stringify({ trusted_repositories: [two] }));
  lock[Symbol.dispose]();
  assertEquals([await waiting, trustedRepositories(home.path)], [true, [two, one]]);
});

Deno.test("trustRepository() changes nothing in settings that are damaged, or may be another user's", async () => {
  using folder = tempDir();
  const path = `${folder.path}/config.jsonc`;
  const repository = { path: "/r", owner: 61001 };
  for (
    const [text, code] of [["{", "E_USAGE"], ["\xff", "E_USAGE"], [
      '{ "trusted_repositories": 1 }',
      "E_USAGE",
    ]] as const
  ) {
    Deno.writeTextFileSync(path, text);
    assertEquals((await assertRejects(() => trustRepository(folder.path, repository), JvsError)).code, code);
    assertEquals(Deno.readTextFileSync(path), text);
  }
  Deno.writeFileSync(path, new Uint8Array([0x7b, 0x2f, 0x2f, 0xff, 0x0a, 0x7d])); // {//<no UTF-8>
  await assertRejects(() => trustRepository(folder.path, repository), JvsError, "no UTF-8");
  Deno.writeTextFileSync(path, "{}");
  Deno.chmodSync(path, 0o666);
  const error = await assertRejects(
    () => trustRepository(folder.path, repository),
    JvsError,
    "other users may write",
  );
  assertEquals([error.code, Deno.readTextFileSync(path)], ["E_PERMISSION", "{}"]);
  Deno.chmodSync(path, 0o600);
  Deno.renameSync(path, `${folder.path}/kept`);
  Deno.symlinkSync("kept", path);
  await assertRejects(() => trustRepository(folder.path, repository), JvsError, "it is a link");
  assertEquals(Deno.readTextFileSync(`${folder.path}/kept`), "{}");
});
