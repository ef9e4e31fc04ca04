import { assertEquals } from "@std/assert";
import { parseJsonc } from "./_jsonc.ts";
import { withValue } from "./_jsonc_edit.ts";

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
