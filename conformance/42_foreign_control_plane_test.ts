import { assertEquals, assertMatch } from "@std/assert";
import { fullAudit } from "../tests/support/full_audit.ts";
import { jvsError, jvsJson } from "../tests/support/jvs.ts";
import { USER } from "../tests/support/as_user.ts";
import { requires } from "../tests/support/requires.ts";
import { tempDir } from "../tests/support/temp_dir.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(42);

/** A user who is neither the caller nor root. */
const STRANGER = 1234;

Deno.test({
  name: "rule 42: jvs refuses a control plane of another owner until the user trusts it",
  ...requires("root", "user"),
  async fn() {
    using folder = tempDir();
    using home = tempDir({ owner: USER });
    await jvsJson(["init", "p"], { cwd: folder.path });
    const root = `${folder.path}/p`;
    Deno.writeTextFileSync(`${root}/main/a`, "1");
    giveTo(root, STRANGER);
    // Open to everybody, so that nothing but the owner is in the way.
    const caller = { cwd: `${root}/main`, user: USER, env: { XDG_CONFIG_HOME: home.path } };
    const commands = [["status"], ["snapshot", "x"], ["worktree", "create", "w"], ["config", "list"], [
      "info",
    ]];
    for (const command of commands) {
      assertMatch((await jvsError("E_UNTRUSTED", command, caller)).message, /1234/);
    }
    // Nor as root, whom a stranger could make do anything.
    await jvsError("E_UNTRUSTED", ["status"], { cwd: `${root}/main` });

    Deno.mkdirSync(`${home.path}/jvs`);
    const settings = `${home.path}/jvs/config.jsonc`;
    Deno.writeTextFileSync(settings, `{ "trusted_repositories": [${JSON.stringify(root)}] }`);
    for (const path of [`${home.path}/jvs`, settings]) Deno.chownSync(path, USER, USER);
    assertEquals((await jvsJson(["status"], caller)).worktree, "main");
    // What others may write is not the user's word.
    Deno.chmodSync(settings, 0o666);
    await jvsError("E_UNTRUSTED", ["status"], caller);
    Deno.removeSync(settings);
    await jvsJson(["config", "trust", "--repository", root], caller);
    assertEquals((await jvsJson(["status"], caller)).worktree, "main");

    giveTo(root, Deno.uid() ?? 0);
    // What was one user's own, and is another's and open to all now, is believed by nobody: doctor would name it.
    Deno.removeSync(`${root}/.jvs/runtime/users`, { recursive: true });
    await fullAudit(root);
  },
});

function giveTo(path: string, user: number): void {
  const info = Deno.lstatSync(path);
  Deno.chownSync(path, user, user);
  Deno.chmodSync(path, info.isDirectory ? 0o777 : 0o666);
  if (info.isDirectory) { for (const { name } of Deno.readDirSync(path)) giveTo(`${path}/${name}`, user); }
}
