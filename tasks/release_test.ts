import { assertEquals } from "@std/assert";
import { VERSION } from "../src/model/version.ts";
import { CHECKOUT } from "./bundle.ts";
import { problems } from "./release.ts";

const READY = {
  changelog: `# Changelog\n\n## [${VERSION}] - 2026-12-01\n`,
  config: { version: VERSION },
  tags: [`v${VERSION}`],
  changed: [],
};

Deno.test("problems() finds what keeps a version from being released", () => {
  assertEquals(problems(READY), []);
  assertEquals(
    problems({ ...READY, changelog: `## [${VERSION}] - Unreleased\n`, tags: [], changed: ["a.ts"] }),
    [
      `CHANGELOG.md has no date for ${VERSION}.`,
      `The commit has no tag v${VERSION}.`,
      "These files differ from the commit: a.ts.",
    ],
  );
  assertEquals(problems({ ...READY, changelog: "", config: { version: "0.0.9" } }), [
    `deno.json has version 0.0.9, and src/model/version.ts has ${VERSION}.`,
    `CHANGELOG.md has no section for ${VERSION}.`,
  ]);
});

Deno.test("the workflows call tasks and files that exist", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${CHECKOUT}/deno.json`));
  for (const name of ["ci", "release"]) {
    const workflow = Deno.readTextFileSync(`${CHECKOUT}/.github/workflows/${name}.yml`);
    const called = [...workflow.matchAll(/ task (\w+)/g)].map(([, task = ""]) => task);
    assertEquals(called.filter((task) => !(task in tasks)), []);
    for (const [file] of workflow.matchAll(/(?:packaging\/smoke\.sh|\.ci\/run)/g)) {
      Deno.statSync(`${CHECKOUT}/${file}`);
    }
  }
});
