import { assertEquals } from "@std/assert";
import { jsonPieces, jsonText } from "./printable.ts";

Deno.test("jsonPieces() gives the text of jsonText(), each element of a list in a piece of its own", () => {
  const objects = [
    {},
    { a: 1, none: undefined, empty: [], nothing: null },
    { list: [{ text: "two\nlines \u202e", list: [1, [2]] }, "x", null, []], after: { deep: [{ a: "\n" }] } },
  ];
  for (const object of objects) assertEquals([...jsonPieces(object)].join(""), `${jsonText(object, 2)}\n`);
  assertEquals([...jsonPieces({ list: Array(1000).fill({ a: 1 }) })].length, 1003);
});
