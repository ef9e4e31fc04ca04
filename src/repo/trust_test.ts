import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { areProgramsTrusted, requireTrustedPrograms, trustedRepositories, trustPrograms } from "./trust.ts";

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

Deno.test("trustPrograms() trusts exactly that text in that repository, for that user", async () => {
  using folder = tempDir();
  const [mine, other] = [`${folder.path}/mine/jvs`, `${folder.path}/other/jvs`];
  const named = { root: "/repo", programs: '{"hooks":{"pre-snapshot":["make"]}}' };
  assertEquals(await areProgramsTrusted(mine, named), false);
  assertEquals(await areProgramsTrusted(undefined, named), false);
  await trustPrograms(mine, named);
  await trustPrograms(mine, named);
  assert(await areProgramsTrusted(mine, named));
  await requireTrustedPrograms(mine, named);
  const others = [{ ...named, programs: `${named.programs} ` }, { ...named, root: "/repo2" }, {
    root: "/rep",
    programs: `o${named.programs}`,
  }];
  for (const changed of others) {
    const error = await assertRejects(
      () => requireTrustedPrograms(mine, changed),
      JvsError,
      "you have not trusted",
    );
    assertEquals(error.code, "E_UNTRUSTED");
    assertStringIncludes(error.hint, "jvs config trust");
  }
  assertEquals(await areProgramsTrusted(other, named), false);
  assertEquals((Deno.statSync(mine).mode ?? 0) & 0o777, 0o700);
});
