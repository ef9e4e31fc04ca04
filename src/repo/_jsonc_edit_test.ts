import { assertEquals } from "@std/assert";
import { parseJsonc } from "./_jsonc.ts";
import { withItem, withoutItem, withValue } from "./_jsonc_edit.ts";

Deno.test("withValue() replaces a value and nothing else", () => {
  const text = '// top\n{\n  "a": 1, // why\n  "b": { "c": [1, /* x */ 2] }\n}\n';
  assertEquals(withValue(text, ["a"], "two"), text.replace("1, //", '"two", //'));
  assertEquals(withValue(text, ["b", "c"], null), text.replace("[1, /* x */ 2]", "null"));
});

Deno.test("withValue() adds a member behind the others and behind their comments", () => {
  const cases: [text: string, path: string[], expected: string][] = [
    ["{}", ["a"], '{\n  "a": 1\n}'],
    ["// top\n{ }\n", ["a", "b"], '// top\n{\n  "a": {\n    "b": 1\n  }\n}\n'],
    ['{ "x": 0 }', ["a"], '{ "x": 0, "a": 1 }'],
    ['{"x": 0,}', ["a"], '{"x": 0, "a": 1}'],
    ['{\n\t"x": 0 // why\n}', ["a"], '{\n\t"x": 0, // why\n\t"a": 1\n}'],
    ['{\n  "x": 0, // why\n  // "y": 2\n}', ["a"], '{\n  "x": 0, // why\n  // "y": 2\n  "a": 1\n}'],
    ['{\n  "x": 0 } // end', ["a"], '{\n  "x": 0,\n  "a": 1\n} // end'],
    ['{\n  "x": {} // }\n}', ["x", "a"], '{\n  "x": {\n    "a": 1\n  } // }\n}'],
    ["{ // only this\n}", ["a"], '{ // only this\n  "a": 1\n}'],
    ['{\n  "x": {\n    "y": 0\n  }\n}', ["x", "a"], '{\n  "x": {\n    "y": 0,\n    "a": 1\n  }\n}'],
  ];
  for (const [text, path, expected] of cases) {
    const edited = withValue(text, path, 1);
    assertEquals(edited, expected);
    assertEquals(withValue(edited, path, 1), edited, "what was added is found again");
    parseJsonc(edited);
  }
});

Deno.test("withItem() adds an item behind the others and behind their comments", () => {
  const cases: [text: string, expected: string][] = [
    ["{}", '{\n  "a": [\n    1\n  ]\n}'],
    ['{ "a": [] }', '{ "a": [\n  1\n] }'],
    ['{ "a": [0] }', '{ "a": [0, 1] }'],
    ['{ "a": [0,] }', '{ "a": [0, 1] }'],
    [
      '{\n  "a": [\n    "x" // why\n    // , ]\n  ]\n}',
      '{\n  "a": [\n    "x", // why\n    // , ]\n    1\n  ]\n}',
    ],
    ['{\n  "a": [\n    {"x": 0}, // why\n  ]\n}', '{\n  "a": [\n    {"x": 0}, // why\n    1\n  ]\n}'],
  ];
  for (const [text, expected] of cases) assertEquals(withItem(text, ["a"], 1), expected);
});

Deno.test("withoutItem() takes out one item, with its line, and leaves comments", () => {
  const text =
    '{ // top\n  "a": [\n    "x", // of x\n    "y" /* , */ , // of y\n    ["z"]\n    // end\n  ]\n}\n';
  const without = (...indexes: number[]) => indexes.reduce((text, i) => withoutItem(text, ["a"], i), text);
  assertEquals(without(2), text.replace('    ["z"]\n', ""));
  assertEquals(without(1), text.replace('"y" /* , */ ,', "/* , */ "));
  assertEquals(without(0), text.replace('"x", ', ""));
  assertEquals(without(3), text);
  assertEquals(parseJsonc(without(2, 1, 0)).value, { a: [] });
  assertEquals(parseJsonc(without(0, 0, 0)).value, { a: [] });
  assertEquals(withoutItem('{ "a": ["x", "y"] }', ["a"], 0), '{ "a": ["y"] }');
  assertEquals(withoutItem('{ "a": ["x", "y"] }', ["a"], 1), '{ "a": ["x", ] }');
});

Deno.test("withItem() and withoutItem() leave any text with the items that must be in it", () => {
  const gaps = ["", " ", "\n", "\n  ", " // ] , x\n", " /* ] , */ ", "\t", "\r\n"];
  const random = (many: number) => Math.floor(Math.random() * many);
  const gap = () => gaps[random(gaps.length)] ?? "";
  for (let n = 0; n < 2000; n++) {
    const items = Array.from(
      { length: random(4) },
      (_, i) => ['"x,]"', "{}", "[1, 2]", `${i}`][random(4)] ?? "",
    );
    const inside = items.map((item) => `${gap()}${item}${gap()}`).join(",") +
      (items.length > 0 && n % 3 === 0 ? "," : "");
    const text = `{${gap()}"a":${gap()}[${inside}${gap()}]${gap()}}`;
    const values = items.map((item) => JSON.parse(item) as unknown);
    const added = withItem(text, ["a"], "new");
    assertEquals(parseJsonc(added).value, { a: [...values, "new"] }, text);
    const at = random(items.length + 1);
    assertEquals(parseJsonc(withoutItem(added, ["a"], at)).value, {
      a: [...values, "new"].filter((_, i) => i !== at),
    }, added);
  }
});

Deno.test("withoutItem() passes over byte order marks and many blanks before a comma", () => {
  const text = `{"a": [1${" ".repeat(100)}\ufeff, 2]}`; // a pattern that tries all ways to divide the blanks never ends
  assertEquals(parseJsonc(withoutItem(text, ["a"], 0)).value, { a: [2] });
});
