import { assert, assertEquals } from "@std/assert";
import { BlackBox } from "../support/black_box.ts";
import { diskImage } from "../support/disk_image.ts";
import { contentsOf, type RestoreSays } from "../support/kept_content.ts";
import { killedAt } from "../support/killed_by_strace.ts";
import { requires } from "../support/requires.ts";
import { mustRun, run } from "../support/run.ts";
import { describeTree } from "../support/trees.ts";
import { placesOf } from "./faulty_calls.ts";

/** One of each kind of change, each in a folder of its own. */
async function savedTwice(parent?: string): Promise<BlackBox & { readonly first: string }> {
  const box = await BlackBox.make(parent === undefined ? {} : { parent });
  const inMain = (script: string) => mustRun("sh", "-ec", `cd '${box.main}'; ${script}`);
  inMain(
    "mkdir swapped created removed turned turned/folder; echo 1 > swapped/f; echo 1 > created/f; echo 1 > turned/folder/f",
  );
  const { snapshot_id: first } = await box.save("first");
  inMain(
    "echo 22 > swapped/f; rm created/f; echo 22 > removed/f; rm -r turned/folder; echo 22 > turned/folder",
  );
  await box.save("second");
  return Object.assign(box, { first });
}

/** Leaves no block: neither for content nor for a folder. What is to be removed to free it again. */
function fill(disk: string): string {
  const full = `${disk}/full`;
  Deno.mkdirSync(full);
  run("dd", "if=/dev/zero", `of=${full}/content`, "bs=4k");
  mustRun("sync", "-f", full);
  while (mayMakeFolder(full));
  return full;
}

function mayMakeFolder(parent: string): boolean {
  try {
    Deno.mkdirSync(`${parent}/${crypto.randomUUID()}`);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes("os error 28")) return false;
    throw error;
  }
}

Deno.test({
  name: "jvs restore is undone on a disk that has no room for anything any more",
  ...requires("root", "ext4", "strace", "python3"),
  fn: async () => {
    await using disk = await diskImage("ext4", { sizeMb: 16 });
    using box = await savedTwice(disk.path);
    const old = await describeTree(box.main);
    assert(
      await killedAt(box, ["restore", box.first], { call: "syncfs", when: 2 }),
      "it must have been killed",
    );
    const full = fill(disk.path);
    assert(!mayMakeFolder(disk.path));
    await box.json(["doctor", "--repair-runtime"]);
    assertEquals(await describeTree(box.main), old);
    Deno.removeSync(full, { recursive: true });
    await box.audit();
  },
});

Deno.test({
  name:
    "jvs restore needs no new folder from its first visible change on, so that a full disk leaves it wholly old",
  ...requires("strace", "ffi"),
  fn: async () => {
    using box = await savedTwice();
    const old = contentsOf(box.main);
    const { places } = await placesOf(box, ["restore", box.first]);
    const folders = places.filter(({ call }) => call === "mkdirat");
    assert(folders.length > 4, `${folders.length}`);
    for (const { call, when } of folders) {
      await box.json(["restore", "HEAD"]);
      const inject = `inject=${call}:error=ENOSPC:when=${when}+`;
      const under = ["strace", "-f", "-o", "/dev/null", "-e", `trace=${call}`, "-e", inject];
      const { code, stdout } = await box.run(["restore", box.first, "--json"], { under });
      assertEquals(code, 1, stdout);
      assertEquals(contentsOf(box.main), old, `${call} ${when}`);
    }
    await box.json(["doctor", "--repair-runtime"]);
    assertEquals((await box.history()).length, 2, "there was no write to save");
    const { second_autosave_id } = await box.json<RestoreSays>(["restore", box.first]);
    assertEquals(second_autosave_id, null);
    await box.audit();
  },
});
