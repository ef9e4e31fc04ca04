import { assert, assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { setup } from "../../tasks/setup.ts";
import { ordinaryHome } from "../../tests/support/ordinary_user.ts";
import { asUser, USER } from "../../tests/support/as_user.ts";
import { requires } from "../../tests/support/requires.ts";
import { run } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { JvsError } from "../model/errors.ts";
import { openPlatform } from "./open_platform.ts";

const config = new URL("../../deno.json", import.meta.url).pathname;
const here = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);

function deno(script: string, ...flags: string[]): string {
  using temp = tempDir();
  Deno.writeTextFileSync(`${temp.path}/go.ts`, script);
  const result = run(
    Deno.execPath(),
    "run",
    "-q",
    "--no-prompt",
    "-c",
    config,
    ...flags,
    `${temp.path}/go.ts`,
  );
  assertEquals(result.code, 0, result.stderr);
  return result.stdout.trim();
}

Deno.test("openPlatform() opens once", () => {
  assertStrictEquals(openPlatform(), openPlatform());
  assertStrictEquals(openPlatform({ ffi: false }), openPlatform({ ffi: false }));
});

Deno.test("openPlatform() says on other systems that JVS does not run there yet, and where it does", () => {
  for (const os of ["darwin", "windows"] as const) {
    const error = assertThrows(
      () => openPlatform({ os }),
      JvsError,
      `Cannot work on ${os}: JVS runs on Linux`,
    );
    assertEquals([error.code, error.details.os], ["E_ENGINE_UNAVAILABLE", os]);
    assertStringIncludes(error.hint, "Linux machine");
  }
});

const script = `import { openPlatform } from ${here("./open_platform.ts")};
const { abilities, host } = openPlatform();
console.log(abilities.byteNames, host.isAlive(host.pid, host.startTime));`;

Deno.test({
  name: "openPlatform() works with the permission set of JVS",
  ...requires("ffi"),
  fn: () => assertEquals(deno(script, "-P=jvs"), "true true"),
});

Deno.test("openPlatform() does without the C library where that is not permitted", () => {
  assertEquals(deno(script, "--allow-read", "--allow-write", "--allow-sys"), "false true");
});

Deno.test({
  name: "openPlatform() works in a worker, with an errno of its own",
  ...requires("ffi"),
  fn: () => {
    const worker = `import { openPlatform } from ${here("./open_platform.ts")};
      import { Stat } from ${here("./stat.ts")};
      using folder = openPlatform().openFolder("/");
      const name = new TextEncoder().encode("jvs no such name");
      let wrong = 0;
      for (let i = 0; i < 20_000; i++) {
        try { if (folder.stat(name, new Stat())) wrong++; } catch { wrong++; }
      }
      if (globalThis.Window === undefined && self.postMessage) self.postMessage(wrong); `;
    using temp = tempDir();
    Deno.writeTextFileSync(`${temp.path}/worker.ts`, worker);
    const main = `const worker = () => new Promise((resolve) => {
        const worker = new Worker(${JSON.stringify(`file://${temp.path}/worker.ts`)}, { type: "module" });
        worker.onmessage = (event) => { worker.terminate(); resolve(event.data); };
      });
      console.log(JSON.stringify(await Promise.all([worker(), worker()])));`;
    assertEquals(deno(main, "-P=jvs"), "[0,0]");
  },
});

Deno.test({
  name: "Folder works for a user in a folder that cannot be searched",
  ...requires("ffi", "user"),
  fn: async () => {
    await setup();
    const { checkout, deno, home } = ordinaryHome();
    const user = `import { openPlatform } from "file://${checkout}/src/platform/open_platform.ts";
      import { Stat } from "file://${checkout}/src/platform/stat.ts";
      import { bytesOf } from "file://${checkout}/src/model/bytes.ts";
      const dot = bytesOf(".");
      Deno.mkdirSync("${home}/closed/in", { recursive: true });
      using folder = openPlatform().openFolder("${home}/closed");
      folder.setMode(dot, 0o600);
      folder.setTimes(dot, 5, 6);
      folder.setOwner(dot, ${USER}, ${USER});
      const stat = new Stat();
      folder.stat(dot, stat);
      let refused = "";
      try { folder.stat(bytesOf("in"), stat); } catch (error) { refused = error.errno + " " + error.code; }
      console.log(stat.mode.toString(8), stat.mtimeSec, folder.xattrs(dot).length, folder.list().count, refused);`;
    Deno.writeTextFileSync(`${home}/go.ts`, user);
    const result = run(
      ...asUser(USER, "env", [
        `HOME=${home}`,
        `DENO_DIR=${checkout}/.deno/cache`,
        deno,
        "run",
        "-q",
        "--no-prompt",
        "--no-check",
        "--cached-only",
        "-P=jvs",
        "-c",
        `${checkout}/deno.json`,
        `${home}/go.ts`,
      ]),
    );
    assertEquals(result.stdout.trim(), "600 5 0 1 EACCES E_PERMISSION", result.stderr);
    assert(result.code === 0);
  },
});
