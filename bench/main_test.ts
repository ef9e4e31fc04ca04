import { assertEquals, assertStringIncludes } from "@std/assert";
import { requires } from "../tests/support/requires.ts";
import { run } from "../tests/support/run.ts";
import { tempDir } from "../tests/support/temp_dir.ts";

const MAIN = new URL("main.ts", import.meta.url).pathname;

Deno.test("an interrupted benchmark leaves no mount and no file", requires("root", "xfs"), async () => {
  using folder = tempDir();
  const bench = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, "--small", "--only=first snapshot"],
    env: { JVS_TEST_TMP: folder.path },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const mounted = () =>
    run("findmnt", "-rno", "TARGET").stdout.split("\n").filter((path) => path.startsWith(folder.path));
  // A row has begun: there is something to remove.
  const hasBegun = () => mounted().some((path) => [...Deno.readDirSync(path)].length > 0);
  while (!hasBegun()) await new Promise((resolve) => setTimeout(resolve, 20));
  bench.kill("SIGINT");
  const { code, stderr } = await bench.output();
  assertStringIncludes(new TextDecoder().decode(stderr), "Interrupted by SIGINT.");
  assertEquals(code, 130);
  assertEquals(mounted(), []);
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("a benchmark without root names each row that it skips; where nothing may be skipped, that fails", async () => {
  const run = async (env: Record<string, string>) => {
    const args = ["run", "-A", MAIN, "--check", "--only=repeated"];
    const output = await new Deno.Command(Deno.execPath(), {
      args,
      env: { JVS_TEST_WITHOUT: "root", ...env },
    }).output();
    return { code: output.code, said: new TextDecoder().decode(output.stdout) };
  };
  const { code, said } = await run({ JVS_TEST_REQUIRE: "" });
  assertStringIncludes(
    said,
    "Skipped: repeated snapshot, 1 % changed, 2,000 files and 32 MB, ext4: JVS_TEST_WITHOUT names it.",
  );
  assertStringIncludes(said, "\n0 rows, 0 too slow, 5 skipped\n");
  assertEquals(code, 0);
  assertEquals((await run({ JVS_TEST_REQUIRE: "root" })).code, 1);
});
