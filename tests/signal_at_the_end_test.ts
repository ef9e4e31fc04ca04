import { assertEquals, assertStringIncludes } from "@std/assert";
import { mustRun, run } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";
import { until } from "./support/until.ts";

const jvs = Deno.env.get("JVS_BIN") ?? new URL("../bin/jvs", import.meta.url).pathname;

/** The code of a program that SIGTERM ended; one that was interrupted ends with 130. */
const SIGTERM = 143;
/** What a pipe holds before a writer has to wait. */
const PIPE = 65_536;

Deno.test("a signal that comes while the result is printed does not make it look interrupted", async () => {
  using folder = tempDir();
  const pipe = `${folder.path}/pipe`;
  mustRun("mkfifo", pipe);
  using end = Deno.openSync(pipe, { read: true, write: true });
  end.writeSync(new Uint8Array(PIPE));
  // The shell becomes the program, so that its process is ours.
  const child = new Deno.Command("sh", {
    args: ["-c", 'exec "$1" version > "$2"', "sh", jvs, pipe],
    stderr: "piped",
  }).spawn();
  await until(() => run("cat", `/proc/${child.pid}/wchan`).stdout.includes("pipe_write"));
  child.kill("SIGTERM");
  const printed = read(end, PIPE + 1);
  const { code, stderr } = await child.output();
  assertStringIncludes(printed, "jvs ");
  assertEquals(new TextDecoder().decode(stderr), "");
  // Deno takes our handlers away before the process ends. A signal after that ends it as it ends any program.
  assertEquals(code === SIGTERM ? 0 : code, 0);
});

/** Reads until there is no less than this, and returns what came after the pipe was full. */
function read(pipe: Deno.FsFile, least: number): string {
  const all = new Uint8Array(2 * PIPE);
  let length = 0;
  while (length < least) length += pipe.readSync(all.subarray(length)) ?? 0;
  return new TextDecoder().decode(all.subarray(PIPE, length));
}
