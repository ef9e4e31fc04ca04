import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { REQUIREMENTS } from "./probes.ts";
import { requires } from "./requires.ts";
import { mustRun } from "./run.ts";
import { tempDir } from "./temp_dir.ts";

/** Runs a test file that requires python3, in a process of its own with this environment. */
function runRequiring(env: Record<string, string>): { code: number; output: string } {
  using folder = tempDir();
  const support = new URL("./requires.ts", import.meta.url).href;
  Deno.writeTextFileSync(
    `${folder.path}/a_test.ts`,
    `import { requires } from "${support}";
    Deno.test({ name: "a test", ...requires("python3"), fn: () => {} });
    Deno.test({ name: "another test", ...requires("python3"), fn: () => {} });`,
  );
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const { code, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["test", "--config", config, "-P=tests", "--no-check", `${folder.path}/a_test.ts`],
    env: { NO_COLOR: "1", JVS_TEST_REQUIRE: "", JVS_TEST_WITHOUT: "", JVS_TEST_SKIPS: "", ...env },
  }).outputSync();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("requires() runs tests where everything is there", { ...requires("python3") }, () => {
  const { code, output } = runRequiring({});
  assertEquals(code, 0, output);
  assertStringIncludes(output, "2 passed | 0 failed");
});

Deno.test("requires() ignores tests where something is missing, and says why once", () => {
  using folder = tempDir();
  const JVS_TEST_SKIPS = `${folder.path}/skips`;
  const { code, output } = runRequiring({ JVS_TEST_WITHOUT: "xfs,python3", JVS_TEST_SKIPS });
  assertEquals(code, 0, output);
  assertStringIncludes(output, "0 passed | 0 failed | 2 ignored");
  assertEquals(Deno.readTextFileSync(JVS_TEST_SKIPS), "python3\tJVS_TEST_WITHOUT names it\n");
});

Deno.test("requires() fails where JVS_TEST_REQUIRE names what is missing", () => {
  const { code, output } = runRequiring({ JVS_TEST_WITHOUT: "python3", JVS_TEST_REQUIRE: "root,python3" });
  assert(code !== 0);
  assertStringIncludes(output, "0 passed | 1 failed | 2 ignored");
  assertStringIncludes(output, "JVS_TEST_REQUIRE names python3");
});

Deno.test("CI requires everything that a test may need but denort, which no package registry has", () => {
  const script = Deno.readTextFileSync(new URL("../../.ci/run", import.meta.url));
  const required = /^export JVS_TEST_REQUIRE=(.*)$/m.exec(script)?.[1]?.split(",");
  assertEquals(required, REQUIREMENTS.filter((name) => name !== "denort"));
});

Deno.test("every test file that starts a program of acl or attr requires it", () => {
  const root = new URL("../../", import.meta.url).pathname;
  const files = mustRun(
    "grep",
    "-rlE",
    "--include=*_test.ts",
    '(mustRun|run)\\("[gs]etf(acl|attr)"',
    `${root}src`,
  )
    .split("\n").filter((path) => path !== "");
  assert(files.length > 1, `${files}`);
  const lacking = files.flatMap((path) => {
    const text = Deno.readTextFileSync(path);
    return ["acl", "attr"].filter((needed) =>
      text.includes(`"setf${needed}"`) && !text.includes(`"${needed}"`)
    )
      .map((needed) => `${path} does not require ${needed}`);
  });
  assertEquals(lacking, []);
});
