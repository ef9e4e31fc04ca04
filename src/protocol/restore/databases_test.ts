import { assertEquals } from "@std/assert";
import { entry, tableOf } from "../../../tests/support/random_tables.ts";
import { pathOf } from "../../../tests/support/restore_scenes.ts";
import { replacedWithDatabase } from "./databases.ts";

/** What is replaced together, by path; each tree is a list of paths with their content. */
function replaced(now: Record<string, string>, then: Record<string, string>): string[] {
  const [a, b] = [now, then].map((tree) =>
    tableOf(
      Object.entries(tree).map(([path, content]) =>
        entry(path, { size: 1, hash: content.padEnd(64, "0"), ...(content === "link" ? { group: "g" } : {}) })
      ),
    )
  ) as [ReturnType<typeof tableOf>, ReturnType<typeof tableOf>];
  return [...replacedWithDatabase(a, b)].map((index) => pathOf(a, index)).sort();
}

Deno.test("replacedWithDatabase() names all files of a database of which one differs", () => {
  const other = { "f": "1", "y": "1", "y-wal": "2" };
  const now = { ...other, "d/x": "1", "d/x-shm": "3", "d/x-wal": "2" };
  assertEquals(replaced(now, { ...now, "d/x-wal": "9" }), ["d/x", "d/x-shm", "d/x-wal"]);
  assertEquals(replaced(now, { ...now, "f": "2" }), []);
  assertEquals(replaced(now, { ...other, "d/x": "1" }), ["d/x"]);
  assertEquals(replaced({ "d/x": "1" }, { "d/x": "1", "d/x-journal": "2" }), ["d/x"]);
  assertEquals(replaced(now, { "y-wal": "2" }), ["y-wal"]);
});
