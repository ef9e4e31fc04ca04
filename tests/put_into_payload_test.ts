import { assertEquals, assertStringIncludes } from "@std/assert";
import { asUser } from "./support/as_user.ts";
import { BlackBox } from "./support/black_box.ts";
import { diskImage } from "./support/disk_image.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";

/* A member moves somebody's closed file into a payload: nobody gives its content the mode of the file that was saved. */

const [ANN, BEN, TEAM] = [61001, 61002, 61003];

function act(box: BlackBox, user: number, script: string): void {
  mustRun(...asUser(user, "sh", ["-ec", `cd '${box.main}'; ${script}`], TEAM));
}

/** The files with Ann's words. */
function whereMine(box: BlackBox): string {
  return mustRun("grep", "-rls", "^mine", box.path).trim();
}

/**
 * A snapshot of Ben's file, which is of the same size and time as Ann's diary, with the diary in the file's place. The mode of the diary
 * opens it to the group, as that of a file with an access control list does, or closes it.
 */
async function madeBox(mode: string, parent?: string): Promise<BlackBox & { first: string }> {
  const box = await BlackBox.make({ user: ANN, group: TEAM, ...(parent === undefined ? {} : { parent }) });
  act(box, BEN, "umask 002; echo open > notes; chmod 664 notes; touch -d 2026-01-01 notes");
  const { snapshot_id: first } = await box.save("first");
  act(box, BEN, "echo newer, and longer > notes");
  await box.save("second");
  await box.json(["config", "set", "restore.verify_limit", "0"]);
  act(box, ANN, `umask 077; echo mine > diary; chmod ${mode} diary; touch -d 2026-01-01 diary`);
  act(box, BEN, `mv -f diary ../.jvs/snapshots/${first}/notes`);
  return Object.assign(box, { first });
}

for (const mode of ["600", "640"]) {
  for (const [what, args] of [["restore", ["--paths", "notes"]], ["restore", ["--name", "other"]]] as const) {
    Deno.test({
      name: `jvs ${what} ${args.join(" ")} gives no closed file of mode ${mode} the mode of a saved one`,
      ...requires("root", "user"),
      async fn() {
        using box = await madeBox(mode);
        const { message } = await box.error("E_PAYLOAD_HASH_MISMATCH", [what, box.first, ...args]);
        assertStringIncludes(message, "notes");
        assertEquals(
          whereMine(box),
          `${box.control}/snapshots/${box.first}/notes`,
        );
      },
    });
  }
}

Deno.test({
  name: "nor does root, nor the engine that clones by reflink",
  ...requires("root", "user", "xfs"),
  async fn() {
    await using disk = await diskImage("xfs");
    Deno.chmodSync(disk.path, 0o777);
    using box = await madeBox("600", disk.path);
    const asRoot = { user: 0, env: { JVS_SNAPSHOT_ENGINE: "reflink-copy" } };
    await box.json(["config", "trust", "--repository"], asRoot);
    for (const args of [["restore", box.first, "--discard"], ["worktree", "fork", box.first, "two"]]) {
      const { message } = await box.error("E_PAYLOAD_HASH_MISMATCH", args, asRoot);
      assertStringIncludes(message, "notes");
    }
    assertEquals(whereMine(box), `${box.control}/snapshots/${box.first}/notes`);
  },
});
