import { assert, assertEquals, assertMatch } from "@std/assert";
import { layoutFaults } from "./support/import_graph.ts";
import { scanSource } from "./support/source_scan.ts";

const root = new URL("../", import.meta.url);

/** The program's own files: what lies below src/ and is no test, and the two entry points. */
function programSources(): Map<string, string> {
  const sources = new Map<string, string>();
  const read = (path: string) => sources.set(path, Deno.readTextFileSync(new URL(path, root)));
  const walk = (folder: string) => {
    for (const entry of Deno.readDirSync(new URL(folder, root))) {
      if (entry.isDirectory) walk(`${folder}${entry.name}/`);
      else if (entry.name.endsWith(".ts") && !entry.name.endsWith("_test.ts")) read(`${folder}${entry.name}`);
    }
  };
  walk("src/");
  for (const entry of Deno.readDirSync(root)) {
    if (entry.name === "mod.ts" || entry.name === "cli.ts") read(entry.name);
  }
  return sources;
}

Deno.test("the program keeps to its layers", () => {
  const sources = programSources();
  assert(sources.size > 0, "no source was found: this test looks in the wrong place");
  assertEquals(layoutFaults(sources), []);
});

/** Checks that a made-up program has exactly one fault, and of this kind. */
function assertFault(files: Record<string, string>, expected: RegExp) {
  const faults = layoutFaults(new Map(Object.entries(files)));
  assertEquals(faults.length, 1, `expected one fault, found: ${faults.join(" ")}`);
  assertMatch(faults[0] ?? "", expected);
}

Deno.test("layoutFaults() lets a sound program pass", () => {
  const faults = layoutFaults(
    new Map(Object.entries({
      "cli.ts": `import { main } from "./src/surface/cli/main.ts"; await main(Deno.args);`,
      "mod.ts": `export * from "./src/surface/library/repository.ts";`,
      "src/surface/cli/main.ts":
        `import type { A } from "../../operation/a.ts"; console.log(Deno.env.get("HOME"));`,
      "src/operation/a.ts":
        `export const a = async () => (await import("node:crypto")).createHash("sha256");`,
      "src/engine/select.ts": `import "./copy.ts"; import "./reflink.ts";`,
      "src/engine/copy.ts": `import { x } from "./_shared.ts";`,
      "src/engine/juicefs/clone.ts": `import { x } from "../_shared.ts";`,
      "src/platform/system.ts":
        `export const system = Deno.build.os; // console.log, Deno.exit and Deno.args in words`,
      "src/model/ids.ts":
        'const text = `console.log(${f({ a: "Deno.exit" })})`; const r = /"console.log/; const h = 4 / 2;',
      "src/model/names.ts": `import type { Hash } from "node:crypto";`,
    })),
  );
  assertEquals(faults, []);
});

Deno.test("layoutFaults() finds an import that goes up", () => {
  assertFault({ "src/model/ids.ts": `import { a } from "../repo/layout.ts";` }, /model is below repo/);
  assertFault(
    { "src/tree/scan.ts": `const m = await import("../engine/contract.ts");` },
    /tree is below engine/,
  );
  assertFault({ "src/platform/a.ts": `export type { B } from "../tree/b.ts";` }, /platform is below tree/);
  assertFault(
    { "src/surface/cli/main.ts": `import {\n  a,\n  b,\n} from "../../../mod.ts";` },
    /below the entry points/,
  );
  assertFault({ "src/repo/a.ts": `import "../../tests/support/run.ts";` }, /only what is below src/);
});

Deno.test("layoutFaults() finds surfaces and engines that know each other", () => {
  assertFault({ "src/surface/rpc/a.ts": `import { b } from "../cli/b.ts";` }, /surfaces do not know/);
  assertFault({ "src/engine/reflink.ts": `import { copyTree } from "./copy.ts";` }, /engines do not know/);
  assertFault({ "src/engine/juicefs/clone.ts": `import { a } from "../btrfs.ts";` }, /engines do not know/);
});

Deno.test("layoutFaults() finds a circle, through a dynamic import too", () => {
  assertFault({
    "src/repo/a.ts": `import { b } from "./b.ts";`,
    "src/repo/b.ts": `import { c } from "./c.ts";`,
    "src/repo/c.ts": `const a = () => import("./a.ts");`,
  }, /in a circle: src\/repo\/a\.ts -> src\/repo\/b\.ts -> src\/repo\/c\.ts -> src\/repo\/a\.ts/);
  assertFault({ "src/repo/a.ts": `import { a } from "./a.ts";` }, /in a circle/);
});

Deno.test("layoutFaults() finds folders that import each other", () => {
  const files = {
    "src/repo/a.ts": `import type { B } from "./parts/b.ts";`,
    "src/repo/parts/c.ts": `const d = () => import("../d.ts");`,
    "src/repo/d.ts": `import { e } from "../tree/parts/e.ts";`,
  };
  assertFault(files, /each other: src\/repo src\/repo\/parts \(src\/repo\/a.ts and src\/repo\/parts\/c.ts\)/);
});

Deno.test("layoutFaults() finds a static import of a node: module", () => {
  assertFault({ "src/tree/hash.ts": `import { createHash } from "node:crypto";` }, /node:crypto" statically/);
  assertFault({ "src/tree/hash.ts": `import "node:fs";` }, /node:fs" statically/);
  assertFault({ "src/tree/hash.ts": `export * from 'node:fs';` }, /node:fs" statically/);
});

Deno.test("layoutFaults() finds a package", () => {
  assertFault(
    { "src/repo/a.ts": `const m = await import("jsr:@std/jsonc");` },
    /imports the package "jsr:@std\/jsonc"/,
  );
});

Deno.test("layoutFaults() finds what only some files may use", () => {
  assertFault({ "src/operation/a.ts": `console.error("x");` }, /uses console/);
  assertFault({ "src/repo/a.ts": "const t = `a${Deno.exit(1)}b`;" }, /uses Deno\.exit/);
  assertFault({ "src/surface/library/a.ts": `f(Deno.args);` }, /uses Deno\.args/);
  assertFault({ "src/platform/a.ts": `Deno.env.get("HOME");` }, /uses Deno\.env/);
  assertFault({ "cli.ts": `Deno.env.get("HOME");` }, /uses Deno\.env/);
  assertFault(
    { "src/engine/a.ts": `if (x / 2 > 1 && Deno.build.os === "linux") y = 4 / 2;` },
    /uses Deno\.build/,
  );
});

Deno.test("layoutFaults() finds a way to files that is not ControlPath's", () => {
  const text = `Deno.readTextFileSync(layout.config.path);`;
  for (
    const file of ["src/repo/config.ts", "src/tree/a.ts", "src/engine/a.ts", "src/protocol/verify/check.ts"]
  ) {
    assertFault({ [file]: text }, /uses Deno\.readTextFileSync: .* ControlPath/);
  }
  assertFault({ "src/repo/a.ts": `using f = this.platform.openFolder(x.path);` }, /platform\.openFolder/);
  assertFault({ "src/protocol/a.ts": `openPlatform().openFolder(x)` }, /uses openPlatform\(\)\.openFolder/);
  assertFault({ "src/platform/a.ts": `Deno.umask(0)` }, /uses Deno\.umask/);
  assertEquals(
    layoutFaults(new Map([["src/repo/discover.ts", text], ["src/protocol/a.ts", "root.openFolder(name)"]])),
    [],
  );
});

Deno.test("layoutFaults() finds a private file used from elsewhere", () => {
  assertFault({ "src/repo/a.ts": `import { x } from "../tree/_names.ts";` }, /private to src\/tree\//);
  assertFault(
    { "src/surface/a.ts": `import { x } from "./cli/_parts/x.ts";` },
    /private to src\/surface\/cli\//,
  );
});

Deno.test("scanSource() tells imports from words that look like them", () => {
  const { imports } = scanSource(`
    // import { no } from "./comment.ts";
    import def, * as all from './a.ts';
    import type { T } from "./b.ts";
    const text = "import { no } from './text.ts'";
    const important = { from: "./no.ts", import: f("./no.ts") };
    export { x } from "./c.ts"; export const y = "./no.ts";
    export interface Shape { from: "./no.ts"; kind: "x" }
    const pattern = /import "x"/, lazy = import("./d.ts");
  `);
  assertEquals(imports.map(({ kind, specifier }) => `${kind} ${specifier}`), [
    "static ./a.ts",
    "type ./b.ts",
    "static ./c.ts",
    "dynamic ./d.ts",
  ]);
});
