/**
 * What the pages show is what the program does: the commands in their `console` blocks are run, and what they print is
 * compared with the page. JVS_UPDATE_PAGES=1 writes what they print into the pages instead.
 */
import { assert, assertEquals } from "@std/assert";
import { masked, rewritten, runSession, stepsOf } from "./support/page_session.ts";
import { tempDir } from "./support/temp_dir.ts";

const root = new URL("../", import.meta.url);
/** The folder in which the pages' user is when a page begins. */
const USERS_FOLDER = "/home/ana";

for (const page of ["README.md", "docs/guide.md"]) {
  Deno.test(`${page} shows what its commands really print`, async () => {
    const file = new URL(page, root);
    const text = Deno.readTextFileSync(file);
    const steps = stepsOf(text);
    assert(steps.length > 10, "hardly a command was found: this test looks for the wrong blocks");
    using folder = tempDir();
    const printed = (await runSession(steps.map(({ command }) => command), folder.path))
      .map((each) => each.replaceAll(folder.path, USERS_FOLDER));
    if (Deno.env.get("JVS_UPDATE_PAGES") === "1") Deno.writeTextFileSync(file, rewritten(text, printed));
    else assertSameSession(steps.map((step) => step.printed), printed, steps.map((step) => step.command));
  });
}

/** Compares command by command, so that the first difference is named by its command. */
function assertSameSession(expected: string[], actual: string[], commands: readonly string[]): void {
  const [then, now] = [masked(expected), masked(actual)];
  const lines = (texts: readonly string[]) => commands.map((command, i) => `$ ${command}\n${texts[i] ?? ""}`);
  assertEquals(lines(now), lines(then));
}

Deno.test("stepsOf() finds the commands of console blocks, each with what it prints", () => {
  const page = "# T\n```console\n$ a b\n\n$ c\none\n\ntwo\n```\n```\n$ not this\n```\n```console\n$ d\n```\n";
  assertEquals(stepsOf(page), [
    { command: "a b", printed: "" },
    { command: "c", printed: "one\n\ntwo" },
    { command: "d", printed: "" },
  ]);
});

Deno.test("masked() hides which ids and times there are, and keeps which are the same", () => {
  const [first, second] = masked(["1795236395197-2071c0cf  just now  HEAD", "to 2071c0cf, not 322f9f24"]);
  assertEquals(first, "ID#1 AGO HEAD");
  assertEquals(second, "to #1, not #2");
});
