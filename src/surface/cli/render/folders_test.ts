import { assertEquals } from "@std/assert";
import { type Difference, rowsOf } from "./folders.ts";

/** A difference from a line such as `A d data`, `D f data/a 5` or `R f old -> new 5`; `M f x type` changed its type. */
function parsed(line: string): Difference {
  const [letter = "", type = "", ...words] = line.split(" ");
  const isRenamed = words[1] === "->";
  const path = words[isRenamed ? 2 : 0] ?? "";
  const last = words.at(-1) ?? "";
  const size = type === "f" && letter !== "M" ? Number(last) : null;
  return {
    kind: { A: "added", D: "removed", M: "modified", R: "renamed" }[letter] as Difference["kind"],
    path,
    old_path: isRenamed ? words[0] ?? "" : null,
    type: { d: "dir", f: "file", l: "symlink", p: "fifo" }[type] as Difference["type"],
    aspects: letter === "M" ? [last] : [],
    size_before: letter === "A" ? null : size,
    size_after: letter === "D" ? null : size,
  };
}

/** The lines that a list becomes. */
function lines(...list: string[]): string[] {
  const rows = rowsOf(list.map(parsed), false);
  assertEquals(
    rows.reduce((sum, { paths }) => sum + paths, 0),
    list.length,
    "a path is in no line, or in two",
  );
  return rows.map(({ difference: { kind, path, old_path, type }, inside }) =>
    [kind, ...(old_path === null ? [] : [old_path, "->"]), path + (type === "dir" ? "/" : ""), inside].join(
      " ",
    ).trimEnd()
  );
}

Deno.test("rowsOf() makes one line of a folder that is wholly new or gone, with all below it", () => {
  assertEquals(
    lines("D d data", "D f data/a 5", "D d data/sub", "D l data/sub/l", "D p data/sub/p", "D f data/z 1"),
    ["removed data/ 2 files, 1 folder, 1 link, 1 other, -6 B"],
  );
  const many = Array.from({ length: 5000 }, (_, i) => `A f new/${String(i).padStart(4, "0")} 1000`);
  assertEquals(lines("A d new", ...many), ["added new/ 5,000 files, +5 MB"]);
});

Deno.test("rowsOf() names paths in a folder that stays, and folders in it that do not", () => {
  assertEquals(lines("D f kept/a 1", "A d kept/new", "A f kept/new/x 2", "M f kept/z content"), [
    "removed kept/a",
    "added kept/new/ 1 file, +2 B",
    "modified kept/z",
  ]);
  assertEquals(lines("M d kept mode", "A f kept/a 1"), ["modified kept/", "added kept/a"]);
});

Deno.test("rowsOf() knows folders from paths that only begin alike", () => {
  // In the order of raw bytes, "-" stands between a folder and what is in it.
  assertEquals(lines("D d data", "D f data-x 1", "D f data/a 2"), [
    "removed data/ 1 file, -2 B",
    "removed data-x",
  ]);
});

Deno.test("rowsOf() counts folders alone, and leaves an empty one as it is", () => {
  assertEquals(lines("A d a", "A d a/b", "A d a/b/c"), ["added a/ 2 folders"]);
  assertEquals(lines("A d empty"), ["added empty/"]);
});

Deno.test("rowsOf() tells what is in a folder that became something else, or was something else", () => {
  assertEquals(lines("M f data type", "D f data/a 5", "D d data/sub", "D f data/sub/b 5"), [
    "modified data",
    "removed data/ 2 files, 1 folder, -10 B",
  ]);
  assertEquals(lines("M d x type", "A f x/a 5"), ["modified x/", "added x/ 1 file, +5 B"]);
  assertEquals(lines("M l x type"), ["modified x"]);
});

Deno.test("rowsOf() makes one line of a folder that moved, its folders and empty files included", () => {
  const moved = [
    ...["A d new", "A f new/empty 0", "A d new/sub", "R f old/a -> new/a 5", "R f old/sub/b -> new/sub/b 5"],
    ...["D d old", "D f old/empty 0", "D d old/sub"],
  ];
  assertEquals(lines(...moved), ["renamed old -> new/ 3 files, 1 folder, 10 B"]);
});

Deno.test("rowsOf() does not call it a move where the two folders do not hold the same", () => {
  assertEquals(lines("A d new", "R f old/a -> new/a 5", "A f new/more 1", "D d old"), [
    "added new/ 1 file, +1 B",
    "renamed old -> new/ 1 file, 5 B",
    "removed old/",
  ]);
  assertEquals(lines("A d new", "R f old/a -> new/b 5", "D d old"), [
    "added new/",
    "renamed old/a -> new/b",
    "removed old/",
  ]);
  assertEquals(lines("R f old/a -> kept/a 5", "D d old"), ["renamed old/a -> kept/a", "removed old/"]);
});

Deno.test("rowsOf() keeps a line for each path with all", () => {
  const rows = rowsOf(["D d data", "D f data/a 5"].map(parsed), true);
  assertEquals(rows.map(({ difference, inside, paths }) => [difference.path, inside, paths]), [
    ["data", "", 1],
    ["data/a", "", 1],
  ]);
});
