import { assertEquals } from "@std/assert";
import { runJvs } from "./support/jvs.ts";
import { USER } from "./support/as_user.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";

/** A user who is neither the caller nor root. */
const STRANGER = 1234;
// No command takes this long. One that waits for the other end of a FIFO waits forever, and only this signal ends it.
const LIMIT = ["timeout", "-s", "KILL", "120"];

/** A stranger's control plane, whose records would block a reader. */
function plant(root: string): void {
  mustRun("mkdir", "-p", `${root}/.jvs/worktrees/main`);
  for (const name of ["worktrees/main/config.json", "config.jsonc", "format_version", "repo_id"]) {
    mustRun("mkfifo", `${root}/.jvs/${name}`);
  }
  mustRun("chown", "-R", `${STRANGER}:${STRANGER}`, `${root}/.jvs`);
  mustRun("chmod", "-R", "a+rwX", `${root}/.jvs`);
}

async function outcomes(cwd: string, commands: readonly string[][]): Promise<[string, string | null][]> {
  const found: [string, string | null][] = [];
  for (const command of commands) {
    const { code, stdout } = await runJvs([...command, "--json"], { cwd, user: USER, under: LIMIT });
    found.push([command.join(" "), code === 0 ? null : JSON.parse(stdout || '{"error":"killed"}').error]);
  }
  return found;
}

Deno.test({
  name:
    "a stranger's control plane above blocks no command: it is refused unread, and what starts below goes on",
  ...requires("root", "user", "ffi"),
  async fn() {
    using folder = tempDir();
    plant(folder.path);
    const mine = `${folder.path}/main/mine`;
    Deno.mkdirSync(`${mine}/data`, { recursive: true });
    mustRun("chown", "-R", `${USER}:${USER}`, `${folder.path}/main`);
    assertEquals(
      await outcomes(mine, [["status"], ["info"], ["snapshot"], ["doctor"], ["init", "project"], [
        "adopt",
        "data",
      ]]),
      [
        ["status", "E_UNTRUSTED"],
        ["info", "E_UNTRUSTED"],
        ["snapshot", "E_UNTRUSTED"],
        ["doctor", "E_UNTRUSTED"],
        ["init project", null],
        ["adopt data", null],
      ],
    );
    assertEquals(await outcomes(`${mine}/project/main`, [["status"], ["snapshot"]]), [
      ["status", null],
      ["snapshot", null],
    ]);
  },
});

Deno.test({
  name: "a stranger's control plane beside a folder, as if it had adopted that, is refused unread",
  ...requires("root", "user", "ffi"),
  async fn() {
    using folder = tempDir();
    Deno.mkdirSync(`${folder.path}/mine`);
    plant(`${folder.path}/mine.jvs`);
    mustRun("chown", `${USER}:${USER}`, folder.path, `${folder.path}/mine`);
    assertEquals(
      await outcomes(`${folder.path}/mine`, [["status"], ["info"], ["adopt"], ["init"], [
        "adopt",
        "--relocate",
      ]]),
      [
        ["status", "E_UNTRUSTED"],
        ["info", "E_UNTRUSTED"],
        ["adopt", "E_ALREADY_EXISTS"],
        ["init", "E_ALREADY_EXISTS"],
        ["adopt --relocate", "E_UNTRUSTED"],
      ],
    );
  },
});
