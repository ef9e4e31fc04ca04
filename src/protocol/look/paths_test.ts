import { assertEquals, assertThrows } from "@std/assert";
import { textOf } from "../../model/bytes.ts";
import { JvsError } from "../../model/errors.ts";
import { TestRepository } from "../../../tests/support/repository.ts";
import { repositoryIn } from "../../../tests/support/context.ts";
import { requireWorktree } from "../worktree/which.ts";
import { pathsInWorktree } from "./paths.ts";

/** What a path means to a caller who stands in a folder of the repository. */
async function seenFrom(repository: TestRepository, folder: string, path: string): Promise<string> {
  const context = await repositoryIn(`${repository.path}/${folder}`);
  const [found] = pathsInWorktree(context, requireWorktree(context, "main"), [path]);
  return textOf(found ?? new Uint8Array());
}

Deno.test("pathsInWorktree() takes paths as they are seen from where the caller stands", async () => {
  using repository = await TestRepository.saved();
  for (
    const [folder, path, meant] of [
      ["main", "data/b.txt", "data/b.txt"],
      ["main/data", "b.txt", "data/b.txt"],
      ["main/data", "../gone//x/", "gone/x"],
      ["main/data", "..", ""],
      ["main", `${repository.main}/a.txt`, "a.txt"],
      [".", "data", "data"],
    ] as const
  ) assertEquals(await seenFrom(repository, folder, path), meant, `${path} in ${folder}`);
});

Deno.test("pathsInWorktree() follows a link that leads to the worktree, and none in it", async () => {
  using repository = await TestRepository.saved();
  const link = `${repository.outside}/link`;
  Deno.symlinkSync(repository.main, link);
  Deno.symlinkSync("data", `${repository.main}/inner`);
  assertEquals(await seenFrom(repository, "main", `${link}/a.txt`), "a.txt");
  assertEquals(await seenFrom(repository, "main", `${link}/inner/b.txt`), "inner/b.txt");
  assertEquals(await seenFrom(repository, "main", `${link}/data/gone`), "data/gone");
  assertEquals(await seenFrom(repository, "main", link), "");
});

Deno.test("pathsInWorktree() refuses what is elsewhere, and an empty path, which is nowhere", async () => {
  using repository = await TestRepository.saved();
  const context = await repositoryIn(repository.main);
  const main = requireWorktree(context, "main");
  const refused = (path: string) => assertThrows(() => pathsInWorktree(context, main, [path]), JvsError).code;
  Deno.writeTextFileSync(`${repository.outside}/beside`, "");
  for (
    const path of ["..", "../x", "/etc/passwd", "/nowhere/at/all", `${repository.main}x`, "../../beside"]
  ) {
    assertEquals(refused(path), "E_PATH_ESCAPE", path);
  }
  assertEquals(refused(""), "E_USAGE");
});
