import { assert, assertEquals, assertRejects } from "@std/assert";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { JvsError } from "../model/errors.ts";
import { runProgram } from "./processes.ts";

Deno.test("runProgram() gives what a program printed and how it ended", async () => {
  const result = await runProgram("sh", ["-c", 'printf "%s" "$0"; echo bad >&2; exit 3', "two words; $HOME"]);
  assertEquals(result, { code: 3, stdout: "two words; $HOME", stderr: "bad\n" });
});

Deno.test("runProgram() gives a program nothing to read, and a folder to work in", async () => {
  using folder = tempDir();
  const result = await runProgram("sh", ["-c", "pwd; cat"], { cwd: folder.path });
  assertEquals(result.stdout, `${folder.path}\n`);
});

Deno.test("runProgram() says which program is not there", async () => {
  const error = await assertRejects(() => runProgram("jvs-no-such-program", []), JvsError);
  assertEquals([error.code, error.details.program], ["E_ENGINE_UNAVAILABLE", "jvs-no-such-program"]);
});

Deno.test("runProgram() ends a program when it is told to, and starts none afterwards", async () => {
  using folder = tempDir();
  const stop = new AbortController();
  const script = `echo > started; exec sleep 60`;
  const running = runProgram("sh", ["-c", script], { signal: stop.signal, cwd: folder.path });
  setTimeout(() => stop.abort(), 20);
  assertEquals((await assertRejects(() => running, JvsError)).code, "E_INTERRUPTED");
  const late = () => runProgram("touch", [`${folder.path}/late`], { signal: stop.signal });
  assertEquals((await assertRejects(late, JvsError)).code, "E_INTERRUPTED");
  assert(!Array.from(Deno.readDirSync(folder.path)).some((entry) => entry.name === "late"));
});
