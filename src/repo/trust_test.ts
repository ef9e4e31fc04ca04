import { assertEquals, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
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
