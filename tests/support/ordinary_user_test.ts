import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { reachableDeno } from "./ordinary_user.ts";
import { asUser, USER } from "./as_user.ts";
import { requires } from "./requires.ts";
import { mustRun } from "./run.ts";
import { tempDir } from "./temp_dir.ts";

Deno.test({
  name: "reachableDeno() copies a Deno that is in a home closed to others, as npx leaves it in root's",
  ...requires("root", "user"),
  fn() {
    using home = tempDir();
    using open = tempDir();
    const own = `${home.path}/deno`;
    Deno.symlinkSync(Deno.execPath(), own);
    Deno.chmodSync(home.path, 0o700);
    const deno = reachableDeno(USER, open.path, own);
    assertNotEquals(deno, own);
    assertEquals(mustRun(...asUser(USER, "env", [deno, "--version"])).split(" ")[0], "deno");
  },
});

Deno.test({
  name: "tempDir() is where other users can go, also when TMPDIR is in a home closed to others",
  ...requires("root", "user"),
  fn() {
    using home = tempDir();
    Deno.chmodSync(home.path, 0o700);
    const script = `import { tempDir } from "${import.meta.resolve("./temp_dir.ts")}";
      using made = tempDir();
      console.log(made.path);`;
    const { stdout } = new Deno.Command(Deno.execPath(), {
      args: ["eval", script],
      env: { TMPDIR: home.path, JVS_TEST_TMP: "" },
    }).outputSync();
    const path = new TextDecoder().decode(stdout).trim();
    assertStringIncludes(path, "/jvs-");
    assert(!path.startsWith(home.path), path);
  },
});
