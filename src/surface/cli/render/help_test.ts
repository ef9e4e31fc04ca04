import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { madeUp } from "../../../../tests/support/made_up_cli.ts";
import { JvsError } from "../../../model/errors.ts";
import { operations } from "../../../operation/registry.ts";
import { createStyle, displayWidth } from "./style.ts";
import { GROUPS, helpText } from "./help.ts";

const plain = createStyle({ color: false, width: 200 });

Deno.test("helpText() explains one command: usage, arguments, flags with their defaults, examples", async () => {
  const text = await helpText(["paint"], madeUp, plain);
  assertEquals(
    text.slice(0, text.indexOf("Flags of every command")),
    `jvs paint: Put a colour on something

Usage  jvs paint <what> [flags]

First paragraph.

Second paragraph, which goes on for a while so that it has to be broken into more than one line of
at most a hundred columns.

Arguments
  <what>  What to paint.

Flags
  -c, --colour red|green  Which one. (default green)
      --coats N           How often. (default 1)
      --label LABEL
      --paths TEXT…
      --name [TEXT]
      --[no-]verify       Look at it afterwards.
      --dry
      --reason TEXT

Examples
  jvs paint wall --colour red
      a red wall

`,
  );
});

Deno.test("helpText() shows what may be left out", async () => {
  assertStringIncludes(await helpText(["tree", "fork"], madeUp, plain), "jvs tree fork [from] <name>\n");
  assertStringIncludes(await helpText(["tree", "list"], madeUp, plain), "jvs tree list [names…]\n");
});

Deno.test("helpText() lists the commands of a group", async () => {
  const text = await helpText(["tree"], madeUp, plain);
  assertStringIncludes(text, "tree fork  Make another tree\n  tree list  Show many\n");
});

Deno.test("helpText() knows no other commands", async () => {
  const error = await assertRejects(() => helpText(["pait"], madeUp, plain), JvsError);
  assertStringIncludes(error.hint, "jvs paint");
});

Deno.test("helpText() keeps every page within 100 columns, and within the terminal", async () => {
  for (const width of [200, 60]) {
    const style = createStyle({ color: true, width });
    const pages = [[], ...operations.names.map((name) => name.split(" "))];
    for (const words of pages) {
      const lines = (await helpText(words, operations, style)).split("\n");
      const wide = lines.filter((line) => displayWidth(line) > 100);
      assertEquals(wide, [], words.join(" "));
      if (width === 200 || words.length > 0) continue;
      const prose = lines.filter((line) => displayWidth(line) > width);
      assertEquals(prose, [], "the overview");
    }
  }
});

Deno.test("GROUPS has a place for every operation, and for nothing that is none", () => {
  const words = new Set(GROUPS.flatMap(([, ...names]) => names));
  const none = [...words].filter((word) => !operations.has(word) && operations.group(word).length === 0);
  assertEquals(none, [], "GROUPS in src/surface/cli/render/help.ts names what is no operation.");
  const without = operations.names.filter((name) => !words.has(name) && !words.has(name.split(" ")[0] ?? ""));
  assertEquals(without, [], "GROUPS in src/surface/cli/render/help.ts lacks these operations: add them.");
});

Deno.test("every operation says what it does, in one sentence without a full stop, and how to use it", async () => {
  for (const operation of await operations.loadAll()) {
    const { name, summary, examples = [] } = operation;
    assert(/^[A-Z].*[^.]$/.test(summary), `${name}: ${summary}`);
    assert(examples.length > 0, `${name} has no example`);
    for (const [command] of examples) assert(command.includes("jvs "), `${name}: ${command}`);
    for (const [field, schema] of Object.entries(operation.input.fields)) {
      assert(schema.description !== "", `${name}: nothing is said about ${field}`);
    }
  }
});

Deno.test("every operation's arguments can be told apart", async () => {
  const { argumentsOf } = await import("../line/arguments.ts");
  for (const { name, input } of await operations.loadAll()) {
    const all = argumentsOf(input.fields);
    for (const part of ["flag", "short"] as const) {
      const used = all.map((each) => part === "flag" ? each.name : each.hints.short).filter((each) =>
        each !== undefined
      );
      assertEquals(used.length, new Set(used).size, `${name}: ${used}`);
    }
    const lists = all.filter(({ hints, isList }) => hints.positional && isList);
    assert(lists.length <= 1, `${name} has more than one list without a flag`);
  }
});
