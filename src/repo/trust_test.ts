import { assertEquals, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { trustedRepositories } from "./trust.ts";

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
    Deno.removeSync(path);
    mustRun("mkfifo", path);
    assertEquals(trustedRepositories(folder.path), []);
  },
);
