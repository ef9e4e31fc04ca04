import { assertEquals, assertThrows } from "@std/assert";
import { JsoncProblem, parseJsonc } from "./_jsonc.ts";

Deno.test("parseJsonc() reads what JSON.parse reads", () => {
  const values: unknown[] = [
    null,
    true,
    -1.5e3,
    'a\n"\\/é\u2028',
    [],
    [1, [2, {}], "x"],
    { a: { b: [false] }, "": 0, "//": "/* no comment */" },
  ];
  for (const value of values) {
    assertEquals(parseJsonc(JSON.stringify(value)).value, value);
    assertEquals(parseJsonc(JSON.stringify(value, null, 2)).value, value);
  }
});

Deno.test("parseJsonc() passes over comments, trailing commas and a byte order mark", () => {
  const text = '\ufeff// one\n{ /* two */ "a": [1, 2,], // three\n "b": {"c": "//",}, } /* end */\n';
  assertEquals(parseJsonc(text).value, { a: [1, 2], b: { c: "//" } });
});

Deno.test("parseJsonc() keeps a member called __proto__ a plain member", () => {
  const { value } = parseJsonc('{"__proto__": {"x": 1}}');
  assertEquals(Object.keys(value as object), ["__proto__"]);
  assertEquals(Object.getPrototypeOf(value), Object.prototype);
});

Deno.test("parseJsonc() tells where each value is", () => {
  const { place } = parseJsonc('{\n  "a": {\n    "b": [1,\n 2]\n  }\n}');
  assertEquals(place("a.b[1]"), { line: 4, column: 2 });
  assertEquals(place("a"), { line: 2, column: 8 });
  assertEquals(place("nowhere"), { line: 1, column: 1 });
});

Deno.test("parseJsonc() names line and column of what is broken", () => {
  const broken: [text: string, line: number, column: number, reason: string][] = [
    ["", 1, 1, "ends too early"],
    ['{\n  "a": 1', 2, 9, "ends too early"],
    ['{\n  "a": }', 2, 8, "a value is missing"],
    ['{"a" 1}', 1, 6, "a colon"],
    ['{"a": 1 "b": 2}', 1, 9, "a comma or }"],
    ["[1 2]", 1, 4, "a comma or ]"],
    ["{a: 1}", 1, 2, "double quotes"],
    ['{"a": tru}', 1, 7, "misspelt"],
    ['{"a": 01}', 1, 7, "misspelt"],
    ['{"a": "b\n"}', 1, 7, "double quotes"],
    ["[,]", 1, 2, "a value is missing"],
    ["{} {}", 1, 4, "more after the end"],
    ['{"a": 1,\n "a": 2}', 2, 2, "given twice"],
    ["/* never closed {}", 1, 1, "a value is missing"],
    ["[".repeat(100000), 1, 66, "nested too deeply"],
  ];
  for (const [text, line, column, reason] of broken) {
    const problem = assertThrows(() => parseJsonc(text), JsoncProblem, reason, text.slice(0, 50));
    assertEquals(problem.place, { line, column }, text.slice(0, 50));
  }
});

Deno.test("parseJsonc() builds no paths of values: a long name with many items in it costs little", () => {
  const [length, count] = [500_000, 240_000];
  const name = "x".repeat(length);
  const text = `{"${name}": [${"0,".repeat(count)}]}`;
  const { value, place } = parseJsonc(text); // the paths of all items have 120 GB
  assertEquals(Object.keys(value as object), [name]);
  assertEquals(place(`${name}[${count - 1}]`), { line: 1, column: length + 7 + 2 * (count - 1) });
});

Deno.test("parseJsonc() reads texts and comments of any length", () => {
  const name = "é\\n".repeat(5_000_000);
  assertEquals(parseJsonc(`{"${name}": 1}`).value, { [JSON.parse(`"${name}"`)]: 1 });
  assertEquals(parseJsonc(`${"//\n/**/ ".repeat(2_000_000)}[1]`).value, [1]);
  assertThrows(() => parseJsonc(`{"${name}`), JsoncProblem, "double quotes");
});

Deno.test("parseJsonc() finds the place of names with dots and brackets in them", () => {
  const { place } = parseJsonc('{"a": {"c": 1}, "a.b": {"c": [1]}, "a[0]": 2, "": {"": 3}}');
  const columns = ["a", "a.c", "a.b", "a.b.c", "a.b.c[0]", "a[0]", "a.b.d", "."].map((path) =>
    place(path).column
  );
  assertEquals(columns, [7, 13, 24, 30, 31, 44, 1, 56]);
});
