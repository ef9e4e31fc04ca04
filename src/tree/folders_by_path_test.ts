import { assert, assertEquals, assertThrows } from "@std/assert";
import { openFilesIn } from "../../tests/support/open_files.ts";
import { onTree, watched } from "../../tests/support/tree_cases.ts";
import { bytesOf } from "../model/bytes.ts";
import { Stat } from "../platform/stat.ts";
import { FoldersByPath } from "./folders_by_path.ts";

onTree("FoldersByPath.get() gives each folder, whatever was asked for before", ({ root, path }) => {
  for (const folder of ["a/b/c", "a/b2", "ab/c", "a.b"]) {
    Deno.mkdirSync(`${path}/${folder}`, { recursive: true });
  }
  using folders = new FoldersByPath(root);
  for (let round = 0; round < 2; round++) {
    for (const asked of ["a", "ab/c", "a/b/c", "a/b", "a/b2", "a.b", "ab", ""]) {
      const { ino } = Deno.statSync(`${path}/${asked}`);
      assertEquals(Stat.ofFolder(folders.get(bytesOf(asked))).inoLo, ino, asked);
    }
  }
  assertThrows(() => folders.get(bytesOf("a/b/none/c")), Error, "it is not there");
  folders.ensure(bytesOf("a/b/none/c"));
  assert(Deno.statSync(`${path}/a/b/none/c`).isDirectory);
});

onTree(
  "FoldersByPath opens each level of a deep path once, keeps few of them open and none afterwards",
  (given) => {
    const before = openFilesIn(given.path);
    let opened = 0;
    const root = watched(given.root, (call) => opened += call === "openFolder" ? 1 : 0);
    const depth = 2000;
    const deep = bytesOf("d/".repeat(depth).slice(0, -1));
    {
      using folders = new FoldersByPath(root);
      folders.ensure(deep).makeFolder(bytesOf("below"));
      assertEquals(opened, depth);
      folders.get(deep);
      folders.get(deep.subarray(0, -2));
      folders.get(bytesOf(`${"d/".repeat(depth)}below`));
      assertEquals(opened, depth + 1);
      assert(openFilesIn(given.path) - before < 70);
    }
    assertEquals(openFilesIn(given.path), before);
  },
);
