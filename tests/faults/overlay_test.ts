import { assertEquals, assertStringIncludes } from "@std/assert";
import { BlackBox } from "../support/black_box.ts";
import { sharedDisk } from "../support/disk_image.ts";
import { contentsOf, type RestoreSays } from "../support/kept_content.ts";
import { requires } from "../support/requires.ts";
import { mustRun } from "../support/run.ts";

/** What is in `lower`, with an overlay over it, until the end of the block. */
function overlaid(lower: string, beside: string, options: string): Disposable & { readonly path: string } {
  for (const name of ["upper", "work", "mount"]) Deno.mkdirSync(`${beside}/${name}`);
  const path = `${beside}/mount`;
  const dirs = `lowerdir=${lower},upperdir=${beside}/upper,workdir=${beside}/work`;
  mustRun("mount", "-t", "overlay", "overlay", "-o", `${dirs},${options}`, path);
  return { path, [Symbol.dispose]: () => void mustRun("umount", path) };
}

for (const redirect of ["off", "on"]) {
  Deno.test({
    name: `jvs restore finds out beforehand whether an overlay can move folders (redirect_dir=${redirect})`,
    ...requires("root", "ext4", "overlay"),
    fn: async () => {
      using disk = await sharedDisk("ext4");
      Deno.mkdirSync(`${disk.path}/lower`);
      using below = await BlackBox.make({ parent: `${disk.path}/lower` });
      below.write("a", "1\n");
      const { snapshot_id: first } = await below.save("first");
      below.write("a", "22\n");
      below.write("folder/f", "22\n");
      await below.save("second");
      using above = overlaid(`${disk.path}/lower`, disk.path, `redirect_dir=${redirect}`);
      const main = `${above.path}${below.main.slice(`${disk.path}/lower`.length)}`;
      const there = below.commands({ cwd: main });
      await below.json(["doctor", "--repair-runtime"], there);
      const old = contentsOf(main);
      if (redirect === "on") {
        await below.json<RestoreSays>(["restore", first], there);
        assertEquals(contentsOf(main), new Map([["a", "1\n"]]));
        return;
      }
      const { message, hint } = await below.error("E_IO", ["restore", first], there);
      assertStringIncludes(message, `"folder"`);
      assertStringIncludes(message, "Nothing was changed");
      assertStringIncludes(hint, "redirect_dir");
      assertEquals(contentsOf(main), old);
      assertEquals([...Deno.readDirSync(`${main}/../.jvs/runtime/shared/replaced`)], [], "nothing was begun");
      await below.json(["worktree", "fork", first, "other"], there);
      assertEquals(contentsOf(`${main}/../worktrees/other`), new Map([["a", "1\n"]]));
    },
  });
}
