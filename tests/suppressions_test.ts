import { assert, assertEquals } from "@std/assert";

const root = new URL("../", import.meta.url);
const SUPPRESSION =
  /(?:deno-lint-ignore|deno-fmt-ignore|deno-coverage-ignore|@ts-(?:ignore|nocheck|expect-error))[^\n]*/g;

/** Suppressions in a source text that give no reason behind ` -- `. */
function unreasoned(text: string): string[] {
  const found = text.match(SUPPRESSION) ?? [];
  return found.filter((line) => !/ -- \S+/.test(line));
}

function* sources(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(new URL(folder, root))) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    if (entry.isDirectory) yield* sources(`${folder}${entry.name}/`);
    else if (entry.isFile && entry.name.endsWith(".ts")) yield `${folder}${entry.name}`;
  }
}

Deno.test("every suppression of a rule gives its reason", () => {
  const files = [...sources("./")].filter((file) => !file.endsWith("/suppressions_test.ts"));
  assert(files.length > 10, "hardly a source was found: this test looks in the wrong place");
  const found = files.flatMap((file) => {
    return unreasoned(Deno.readTextFileSync(new URL(file, root))).map((line) => `${file}: ${line}`);
  });
  assertEquals(found, []);
});

Deno.test("unreasoned() tells a suppression with a reason from one without", () => {
  assertEquals(unreasoned("// deno-lint-ignore no-explicit-any -- takes anything\nx"), []);
  assertEquals(unreasoned("// deno-lint-ignore no-explicit-any\n// @ts-ignore later -- "), [
    "deno-lint-ignore no-explicit-any",
    "@ts-ignore later -- ",
  ]);
});
