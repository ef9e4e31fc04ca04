import { assert, assertEquals } from "@std/assert";
import { RULES } from "../src/conformance/rules.ts";
import { namesIn } from "./support/files.ts";

const root = new URL("../", import.meta.url).pathname;

/** The rules of SPEC 15: number and promise. */
function specified(): [number: number, promise: string][] {
  const spec = Deno.readTextFileSync(`${root}docs/spec.md`);
  const section = /^## 15\. Conformance$([^]*?)^## /m.exec(spec)?.[1] ?? "";
  const list = section.slice(section.search(/^1 /m)).replaceAll("\n", " ").replace(/\.\s*$/, "");
  return list.split(" · ").map((each) => {
    const [, number = "", promise = ""] = /^(\d+) (.*)$/.exec(each.trim()) ?? [];
    return [Number(number), promise];
  });
}

Deno.test("RULES has every rule of SPEC 15, in its words", () => {
  const expected = specified();
  assert(expected.length >= 42, `the specification has ${expected.length}`);
  assertEquals(RULES.map(({ number, promise }) => [number, promise]), expected);
  for (const { means, number } of RULES) assert(/^[A-Z].*\.$/.test(means), `${number}: ${means}`);
});

Deno.test("RULES has a rule for each file of conformance/, and each rule is tested in such a file", () => {
  const tested = new Set<number>();
  for (const name of namesIn(`${root}conformance`)) {
    const number = Number(/^(\d\d)_\w+_test\.ts$/.exec(name)?.[1]);
    assert(RULES.some((rule) => rule.number === number), `conformance/${name} is of no rule`);
    const text = Deno.readTextFileSync(`${root}conformance/${name}`);
    for (const [, tests] of text.matchAll(/^ruleTest\((\d+)\);$/gm)) {
      assertEquals(Number(tests), number, `conformance/${name} tests another rule`);
      assert(!tested.has(number), `conformance/${name} tests a rule that another file tests too`);
      tested.add(number);
    }
  }
  assertEquals(RULES.filter(({ number }) => !tested.has(number)).map(({ number }) => number), []);
});

Deno.test("RULES are black boxes: they import types of JVS, and nothing that it does", () => {
  for (const name of namesIn(`${root}src/conformance/rules`)) {
    const text = Deno.readTextFileSync(`${root}src/conformance/rules/${name}`);
    for (const [line] of text.matchAll(/^import (?!type ).*$/gm)) {
      assert(
        /from "(\.\.\/black_box\/\w+|\.\/(described_tree|leases))\.ts";$/.test(line),
        `${name}: ${line}`,
      );
    }
  }
});
