import { assertEquals } from "@std/assert";
import { tempDir } from "./support/temp_dir.ts";

const jvs = Deno.env.get("JVS_BIN") ?? new URL("../bin/jvs", import.meta.url).pathname;

Deno.test("a signal that comes when the result is printed does not make it look interrupted", async () => {
  using folder = tempDir();
  const endings: unknown[] = [];
  for (let delay = 0; delay < 10; delay++) {
    const child = new Deno.Command(jvs, { args: ["version"], cwd: folder.path, stdout: "piped" }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    // Each time a little later, so that some come while V8 writes its cache.
    await new Promise((resolve) => setTimeout(resolve, delay / 2));
    try {
      child.kill("SIGTERM");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended
    }
    await reader.cancel();
    const { code, signal } = await child.status;
    endings.push([code, signal]);
  }
  assertEquals(endings, endings.map(() => [0, null]));
});
