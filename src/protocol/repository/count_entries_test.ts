import { assertEquals } from "@std/assert";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { hasMoreEntriesThan } from "./count_entries.ts";

Deno.test("hasMoreEntriesThan() counts files and folders at every depth, and follows no link", async () => {
  using folder = tempDir();
  Deno.mkdirSync(`${folder.path}/a/b/c`, { recursive: true });
  for (const name of ["a/1", "a/b/2", "a/b/c/3"]) Deno.writeTextFileSync(`${folder.path}/${name}`, "");
  Deno.symlinkSync("..", `${folder.path}/a/up`);
  const { signal } = new AbortController();
  assertEquals(await hasMoreEntriesThan(folder.path, 6, signal), true);
  assertEquals(await hasMoreEntriesThan(folder.path, 7, signal), false);
});
