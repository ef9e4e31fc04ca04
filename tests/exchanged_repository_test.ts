import { assert, assertEquals } from "@std/assert";
import { JvsError } from "../src/model/errors.ts";
import { init } from "../src/operation/init.ts";
import { snapshot } from "../src/operation/snapshot.ts";
import { LinuxFolder } from "../src/platform/linux_folder.ts";
import { callIn } from "./support/context.ts";
import { exists, namesIn } from "./support/files.ts";
import { interceptWhen } from "./support/kill_point.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";

/*
 * Who may write above a new repository gives its path to another repository of its maker, at each moment of `jvs init`: by a link in the place
 * of its root, which leads to that one, or to a folder where the unfinished one is such a link.
 */

for (const how of ["the root", "what is not finished"] as const) {
  Deno.test({
    name: `jvs init changes no other repository that gets its place: ${how}`,
    ...requires("ffi"),
    async fn() {
      using dir = tempDir();
      const other = `${dir.path}/precious`;
      await callIn(dir.path, init, { name: "precious" });
      Deno.writeTextFileSync(`${other}/main/f`, "one\n");
      await callIn(`${other}/main`, snapshot, { note: "first" });
      const before = contentOf(other);
      let turn = 1;
      while (await exchangedAt(turn, how, other)) assertEquals(contentOf(other), before, `moment ${turn++}`);
      assert(turn > 20, `${turn} moments were tried`);
    },
  });
}

/** Makes a repository; exchanges it before one of the folders is opened. False if there are not so many. */
async function exchangedAt(
  turn: number,
  how: "the root" | "what is not finished",
  other: string,
): Promise<boolean> {
  using dir = tempDir();
  const root = `${dir.path}/lab`;
  let calls = 0;
  const stop = interceptWhen(LinuxFolder.prototype, "openFolder", () => {
    const begun = exists(root) ? namesIn(root).find((name) => name.startsWith(".jvs")) : undefined;
    return begun !== undefined && ++calls === turn;
  }, () => {
    const name = namesIn(root).find((each) => each.startsWith(".jvs-unfinished-"));
    Deno.renameSync(root, `${dir.path}/away`);
    if (how === "the root" || name === undefined) return Deno.symlinkSync(other, root);
    Deno.mkdirSync(root);
    Deno.symlinkSync(other, `${root}/${name}`);
  });
  let error: unknown;
  try {
    await callIn(dir.path, init, { name: "lab" });
  } catch (thrown) {
    error = thrown;
  } finally {
    stop();
  }
  assert(error === undefined || error instanceof JvsError, String(error));
  return calls >= turn;
}

/** Every file of a repository with its content, and all modes. */
function contentOf(path: string): string {
  return mustRun(
    "sh",
    "-c",
    `cd '${path}' && find . -printf '%P %m\\n' | sort && find . -type f | sort | xargs md5sum`,
  );
}
