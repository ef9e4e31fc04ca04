import { assertEquals } from "@std/assert";
import { tempDir } from "../../../tests/support/temp_dir.ts";

const PROGRAM = `
import { systemIo } from "${new URL("./io.ts", import.meta.url)}";
import { watchSignals } from "${new URL("./signals.ts", import.meta.url)}";
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
