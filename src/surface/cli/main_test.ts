import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FakeIo, madeUp } from "../../../tests/support/made_up_cli.ts";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { VERSION } from "../../model/version.ts";
import { runCli } from "./main.ts";

async function jvs(io: FakeIo, ...args: string[]): Promise<number> {
  return await runCli(args, io, madeUp);
}

Deno.test("runCli() prints a result for people, and warnings beside it", async () => {
  const io = new FakeIo();
  assertEquals(await jvs(io, "paint", "wall", "-c", "red"), 0);
  assertEquals(io.stdout, "what    wall\ncolour  red\n");
  assertEquals(io.stderr, "warning: wet paint.\n");
});

Deno.test("runCli() prints a result for programs with --json before or after the command", async () => {
  for (const args of [["--json", "paint", "wall"], ["paint", "wall", "--json"]]) {
    const io = new FakeIo();
    assertEquals(await jvs(io, ...args), 0);
    assertEquals(io.stdout, `{\n  "schema_version": 1,\n  "what": "wall",\n  "colour": "green"\n}\n`);
  }
});

Deno.test("runCli() ends with 1 when a result says no", async () => {
  const io = new FakeIo();
  assertEquals(await jvs(io, "paint", "nothing"), 1);
  assertStringIncludes(io.stdout, "nothing");
});

Deno.test("runCli() prints errors on standard error with what to do next", async () => {
  const io = new FakeIo();
  assertEquals(await jvs(io, "paint", "cat", "-q"), 1);
  assertEquals(io.stdout, "");
  assertEquals(io.stderr, "error: Cannot paint the cat: it refuses (E_PERMISSION)\n  hint: Ask it.\n");
});

Deno.test("runCli() prints errors as JSON on standard output, wrong usage included", async () => {
  const io = new FakeIo();
  assertEquals(await jvs(io, "paint", "wall", "--bogus", "--json"), 2);
  const { schema_version, error, message, hint, details } = JSON.parse(io.stdout);
  assertEquals([schema_version, error], [1, "E_USAGE"]);
  assertStringIncludes(message, "--bogus");
  assert(hint !== "" && typeof details === "object");
  assertEquals(io.stderr, "");
});

Deno.test("runCli() shows help without a command", async () => {
  const io = new FakeIo();
  assertEquals(await jvs(io), 0);
  assertStringIncludes(io.stdout, "tree fork");
});

Deno.test("runCli() gives help as JSON Schema to programs", async () => {
  const io = new FakeIo();
  assertEquals(await jvs(io, "help", "paint", "--json"), 0);
  const { commands: [paint] } = JSON.parse(io.stdout);
  assertEquals(paint.name, "paint");
  assertEquals(paint.input.required, ["what"]);
});

Deno.test("runCli() prints nothing of a change with --quiet", async () => {
  const io = new FakeIo({ JVS_ACTOR: "me" });
  assertEquals(await jvs(io, "tree", "fork", "new", "--quiet"), 0);
  assertEquals(io.stdout + io.stderr, "");
  assertEquals(await jvs(io, "tree", "list", "a", "--quiet"), 0);
  assertStringIncludes(io.stdout, "a");
});

Deno.test("runCli() hands on who asks", async () => {
  const io = new FakeIo({ JVS_ACTOR: "somebody@somewhere" });
  assertEquals(await jvs(io, "tree", "fork", "new", "--json"), 0);
  assertEquals(JSON.parse(io.stdout).actor, "somebody@somewhere");
});

Deno.test("runCli() refuses a folder that does not exist", async () => {
  const io = new FakeIo();
  assertEquals(await jvs(io, "-C", "no-such-folder", "paint", "wall"), 2);
  assertStringIncludes(io.stderr, 'Cannot work in "no-such-folder"');
});

Deno.test("runCli() refuses a current folder that has no name as text, unless another is named", async () => {
  class NoText extends FakeIo {
    override cwd(): string {
      throw new TypeError('File name or path "/a\\xFF" is not valid UTF-8');
    }
  }
  const io = new NoText();
  assertEquals(await jvs(io, "paint", "wall"), 2);
  assertStringIncludes(io.stderr, 'Cannot work in the current folder: File name or path "/a\\xFF"');
  assertEquals(await jvs(new NoText(), "-C", "/", "paint", "wall"), 0);
});

Deno.test("runCli() says that it was done when the result cannot be written", async () => {
  class Full extends FakeIo {
    override out(): boolean {
      throw Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
    }
  }
  for (const flags of [[], ["--json"], ["-q"]]) {
    const io = new Full();
    assertEquals(await jvs(io, "paint", "wall", ...flags), 1);
    assertStringIncludes(io.stderr, "`jvs paint`, which was carried out: No space left on device");
    assertEquals(io.stderr.includes("nothing was changed"), false);
  }
  const refused = new Full();
  assertEquals(await jvs(refused, "paint", "cat", "--json"), 1);
  assertStringIncludes(refused.stderr, "Cannot paint the cat");
});

Deno.test("runCli() colours only on a terminal, and not where that is not wanted", async () => {
  const coloured = async (io: FakeIo, ...args: string[]) => {
    await jvs(io, "paint", "wall", ...args);
    return io.stdout.includes("\x1b[");
  };
  assertEquals(await coloured(new FakeIo({}, true)), true);
  assertEquals(await coloured(new FakeIo({}, false)), false);
  assertEquals(await coloured(new FakeIo({ NO_COLOR: "1" }, true)), false);
  assertEquals(await coloured(new FakeIo({ TERM: "dumb" }, true)), false);
  assertEquals(await coloured(new FakeIo({}, true), "--no-color"), false);
});

Deno.test("runCli() shows a mistake of its own without its stack, unless asked to", async () => {
  const broken = { ...madeUp, load: () => Promise.reject(new TypeError("x is undefined")) };
  const io = new FakeIo();
  assertEquals(await runCli(["paint", "wall"], io, broken), 1);
  assertStringIncludes(io.stderr, "E_INTERNAL");
  assertEquals(io.stderr.includes("main_test.ts"), false);
  await runCli(["paint", "wall", "--debug"], io, broken);
  assertStringIncludes(io.stderr, "main_test.ts");
});

Deno.test("runCli() knows its version", async () => {
  const io = new FakeIo();
  assertEquals(await runCli(["--version"], io), 0);
  assertStringIncludes(io.stdout, `jvs ${VERSION} `);
  const { version } = JSON.parse(Deno.readTextFileSync(new URL("../../../deno.json", import.meta.url)));
  assertEquals(VERSION, version);
});

Deno.test("cli.ts ends quietly when its output is not read", async () => {
  const cli = new URL("../../../cli.ts", import.meta.url).pathname;
  // The reader of the pipe has ended before the program starts.
  const script = `exec 4> >(:); wait $!; "$0" run -q --no-prompt -P=jvs "$1" version >&4; echo "code $?"`;
  const { stdout, stderr } = await new Deno.Command("bash", { args: ["-c", script, Deno.execPath(), cli] })
    .output();
  assertEquals([stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)), ["code 0\n", ""]);
});

const PROGRAM = `
import { systemIo } from "${new URL("./io.ts", import.meta.url)}";
import { watchSignals } from "${new URL("./main.ts", import.meta.url)}";
const interruption = watchSignals(systemIo());
interruption.signal.addEventListener("abort", () => console.log(interruption.signal.reason.code));
setInterval(() => {}, 1000);
console.log("waiting");
`;

Deno.test("watchSignals() stops the operation at the first signal and the program at the second", async () => {
  using dir = tempDir();
  Deno.writeTextFileSync(`${dir.path}/program.ts`, PROGRAM);
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // The runner of tests takes such signals for itself, so they go to a program of their own.
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "-q", "--no-check", `${dir.path}/program.ts`],
      stdout: "piped",
    }).spawn();
    const lines: string[] = [];
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      lines.push(text.trim());
      child.kill(name); // once when it waits, once when it has stopped
    }
    assertEquals(lines, ["waiting", "E_INTERRUPTED"], name);
    assertEquals((await child.status).code, 130, name);
  }
});
