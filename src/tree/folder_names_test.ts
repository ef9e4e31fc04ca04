import { assertEquals } from "@std/assert";
import { tableOf } from "../../tests/support/tree_cases.ts";
import { bytesOf, textOf } from "../model/bytes.ts";
import { type FolderNames, KnownNames, ListedNames } from "./folder_names.ts";
import { KnownTree } from "./known_tree.ts";
import { NameStack } from "./name_stack.ts";
import { NONE } from "./table.ts";

const table = tableOf("a/", "a.b", "a/x", "a/z", "b/", "c");
const tree = new KnownTree(table);

/** Each name, and the path of its known entry. */
function all(names: FolderNames): [string, string][] {
  const found: [string, string][] = [];
  for (; !names.isDone; names.next()) {
    const text = textOf(names.current());
    const known = names.known();
    found.push([text, known === NONE ? "" : textOf(table.path(known))]);
  }
  names.close();
  return found;
}

Deno.test("ListedNames finds the known entry of each name that was listed", () => {
  const stack = new NameStack();
  const find = (folder: number, names: string[], known?: KnownTree) => {
    const listed = names.map(bytesOf);
    const range = stack.push({ count: listed.length, name: (i) => listed[i] as Uint8Array });
    return all(new ListedNames(stack, range, known, folder)).map(([, path]) => path);
  };
  assertEquals(find(0, ["0", "a", "a.b", "aa", "c", "d"], tree), ["", "a", "a.b", "", "c", ""]);
  assertEquals(find(table.find(bytesOf("a")), ["a", "x", "y", "z"], tree), ["", "a/x", "", "a/z"]);
  assertEquals(find(table.find(bytesOf("b")), ["a"], tree), [""]);
  assertEquals(find(NONE, ["a"], tree), [""]);
  assertEquals(find(0, ["a"]), [""]);
});

Deno.test("KnownNames gives the names of a known folder, without those in its folders", () => {
  assertEquals(all(new KnownNames(tree, 0)), [["a", "a"], ["a.b", "a.b"], ["b", "b"], ["c", "c"]]);
  assertEquals(all(new KnownNames(tree, table.find(bytesOf("a")))), [["x", "a/x"], ["z", "a/z"]]);
  assertEquals(all(new KnownNames(tree, table.find(bytesOf("b")))), []);
});
