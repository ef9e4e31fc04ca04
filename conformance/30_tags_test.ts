import { assertEquals } from "@std/assert";
import { fullAudit } from "../tests/support/full_audit.ts";
import { jvsError, jvsJson } from "../tests/support/jvs.ts";
import { namesIn } from "../tests/support/files.ts";
import { tempDir } from "../tests/support/temp_dir.ts";

Deno.test("rule 30: jvs stores tags, each once, and checks them", async () => {
  using folder = tempDir();
  await jvsJson(["init", "p"], { cwd: folder.path });
  const root = `${folder.path}/p`;
  const main = { cwd: `${root}/main` };
  Deno.writeTextFileSync(`${main.cwd}/a`, "1");
  for (const tag of ["a b", "a/b", "ä", "a:b", "", "a\nb"]) {
    await jvsError("E_NAME_INVALID", ["snapshot", "bad", "--tag", tag], main);
  }
  assertEquals(namesIn(`${root}/.jvs/snapshots`), []);
  const saved = await jvsJson<{ snapshot: { snapshot_id: string; tags: string[] } }>(
    ["snapshot", "good", "--tag", "v1.0", "--tag", "Best_so-far", "--tag", ".x", "--tag", "v1.0"],
    main,
  );
  assertEquals(saved.snapshot.tags, ["v1.0", "Best_so-far", ".x"]);
  const id = saved.snapshot.snapshot_id;
  const descriptor = JSON.parse(Deno.readTextFileSync(`${root}/.jvs/descriptors/${id}.json`));
  assertEquals(descriptor.tags, saved.snapshot.tags);
  const shown = await jvsJson<{ snapshot: { snapshot_id: string } }>(["show", "v1.0"], main);
  assertEquals(shown.snapshot.snapshot_id, id);
  await fullAudit(root);
});
