import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { installCommand } from "../tasks/_system_packages.ts";
import { CHECKS, holds } from "../tasks/ok.ts";
import { allGroups, countReport } from "../tasks/test.ts";
import { sumOfTried } from "./support/tried.ts";
import { mustRun } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";

Deno.test("countReport() adds up what a report of Deno says", () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="deno test" tests="6" failures="1" errors="1" time="0.025">
      <testsuite name="./a_test.ts" tests="5" disabled="1" errors="1" failures="1"><testcase/></testsuite>
      <testsuite name="./b_test.ts" tests="1" disabled="0" errors="0" failures="0">
    </testsuites>`;
  assertEquals(countReport(xml), { passed: 3, failed: 2, skipped: 1 });
  assertEquals(countReport(""), { passed: 0, failed: 0, skipped: 0 });
});

Deno.test("each file of tests is in one group", async () => {
  const root = new URL("..", import.meta.url).pathname;
  const folders = ["tests", "conformance", "src", "bench", "tasks"];
  const filesIn = (path: string) =>
    mustRun("find", `${root}${path}`, "-name", "*_test.ts").trim().split("\n");
  const inGroups = (await allGroups()).flatMap(({ args }) => {
    const ignored = args.flatMap((each) => each.startsWith("--ignore=") ? filesIn(each.slice(9)) : []);
    const named = args.filter((each) => folders.includes(each.split("/")[0] ?? ""));
    return named.flatMap(filesIn).filter((file) => file !== "" && !ignored.includes(file));
  });
  const name = (file: string) => file.replace(root, "").replaceAll("//", "/");
  const all = folders.flatMap(filesIn).filter((file) => file !== "");
  assertEquals(inGroups.map(name).sort(), all.map(name).sort());
});

Deno.test("installCommand() is the one command that brings what is missing", () => {
  const lacking = (...packages: string[]) => ({ met: false as const, why: "it is not there", packages });
  const missing = new Map([["xfs", lacking("xfsprogs")], ["acl", lacking("acl")], ["root", lacking()]]);
  assertEquals(installCommand(missing), "apt-get install -y --no-install-recommends acl xfsprogs");
  assertEquals(installCommand(new Map([["root", lacking()]])), undefined);
});

Deno.test("holds() says whether a check holds, and what to do if it does not", async () => {
  for (const [script, expected] of [["", true], ["Deno.exit(3)", false]] as const) {
    assertEquals(await holds({ name: "made up", args: ["eval", script], remedy: "Do so." }), expected);
  }
  assertEquals(CHECKS.map(({ name }) => name), [
    "format",
    "lint",
    "types",
    "public symbols",
    "documentation",
  ]);
});

Deno.test("sumOfTried() adds up what tests counted", () => {
  const text = "kills\t1000\npower cuts\t7\nkills\t234\n";
  assertEquals(sumOfTried(text), "1,234 kills, 7 power cuts");
  assertEquals(sumOfTried(""), "");
});

Deno.test("the test task names what it skipped and why and what it tried, and ends with its counts", () => {
  using folder = tempDir();
  Deno.writeTextFileSync(
    `${folder.path}/a_test.ts`,
    `import { requires } from "${new URL("support/requires.ts", import.meta.url).href}";
    import { tried } from "${new URL("support/tried.ts", import.meta.url).href}";
    Deno.test("runs", () => tried("kills", 2, "in one test"));
    Deno.test("runs too", () => tried("kills", 3));
    Deno.test("skipped", { ...requires("zsh") }, () => {});`,
  );
  const { success, stdout } = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("../tasks/test.ts", import.meta.url).pathname, `${folder.path}/a_test.ts`],
    env: { JVS_TEST_WITHOUT: "zsh", JVS_TEST_REQUIRE: "", CI: "" },
    stderr: "null",
  }).outputSync();
  const text = new TextDecoder().decode(stdout);
  assert(success, text);
  assertStringIncludes(text, "this machine lacks what they need:\n  zsh: JVS_TEST_WITHOUT names it\n");
  assertStringIncludes(text, "\nTried: 5 kills.\n");
  assertMatch(text, /\n2 passed, 0 failed, 1 skipped\n$/);
});
