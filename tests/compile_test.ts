import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { bundle } from "../tasks/bundle.ts";
import { compile, type Target, thisMachine } from "../tasks/compile.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { atEndOfFile, tempDir } from "./support/temp_dir.ts";
import { giveTour, testWayIn } from "./support/way_in_cases.ts";

const checkout = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
const config = JSON.parse(Deno.readTextFileSync(`${checkout}/deno.json`));

// Without denort, packaging is what can be checked: Deno's own program stands in for it. The result is a plain Deno.
Deno.test("compile() embeds the bundle with its permission set, and nothing of this machine", async () => {
  using folder = tempDir();
  const target = thisMachine() ?? "linux-x64";
  await checkExecutable(target, Deno.execPath(), `${folder.path}/dist`);
});

for (const [target, name] of [["macos-arm64", "darwin-arm64"], ["windows-x64", "win32-x64"]] as const) {
  Deno.test({
    name: `compile() embeds the same into a program for ${target}`,
    ...requires("npm"),
    async fn() {
      using folder = tempDir();
      const options = ["--silent", "--prefer-offline", "--pack-destination", folder.path];
      const file = mustRun("npm", "pack", ...options, `@deno/${name}@~2.9.5`).trim();
      mustRun("tar", "-xzf", `${folder.path}/${file}`, "-C", folder.path);
      const base = `${folder.path}/package/deno${name === "win32-x64" ? ".exe" : ""}`;
      await checkExecutable(target, base, `${folder.path}/dist`);
    },
  });
}

Deno.test("deno task compile says what it needs, and which systems there are", () => {
  using folder = tempDir();
  const { path } = folder;
  const fails = (...args: string[]) => {
    const env = { DENORT_BIN: "nothing", INIT_CWD: path };
    const command = ["run", "-A", `${checkout}/tasks/compile.ts`, ...args];
    const { code, stdout, stderr } = new Deno.Command(Deno.execPath(), { args: command, env }).outputSync();
    assertEquals([code, stdout.length], [1, 0]);
    return new TextDecoder().decode(stderr);
  };
  assertStringIncludes(fails("linux-arm64", path), `Could not find denort at '${path}/nothing'`);
  assertStringIncludes(fails("linux-arm64", path), "or name the file in DENORT_BIN.");
  assertStringIncludes(fails("plan9", path), "name one of linux-x64, linux-arm64,");
  assertEquals([...Deno.readDirSync(path)], []);
});

let made: string | undefined;

/** The executable for this machine, made with a real denort. */
async function executable(): Promise<string> {
  if (made !== undefined) return made;
  const folder = tempDir();
  atEndOfFile(() => folder[Symbol.dispose]());
  return made = await compile(thisMachine() ?? "linux-x64", `${folder.path}/zwei Wörter`);
}

const wayIn = async () => ({ program: await executable(), path: "/proc/nowhere" });

testWayIn("the executable", requires("denort"), wayIn, {
  // It has its own Deno; and denort takes only arguments that are UTF-8.
  except: ["a JVS_DENO that names nothing", "an argument that is no UTF-8"],
});

Deno.test({
  name: "the executable gives the README's tour without a Deno on PATH",
  ...requires("denort"),
  async fn() {
    giveTour(await wayIn());
  },
});

/** Makes an executable out of a base program, and checks what was added to it. */
async function checkExecutable(target: Target, base: string, folder: string): Promise<void> {
  Deno.env.set("OTEL_DENO", "true"); // must not be in it
  const file = await compile(target, folder, base);
  Deno.env.delete("OTEL_DENO");
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`), [file]);
  await bundle(`${folder}/bundle`);
  const program = latin1(Deno.readFileSync(`${folder}/bundle/jvs.js`));
  // Linux: the program begins where the memory of the base program ends, which is up to 3 MB behind its file's end.
  const added = Deno.statSync(file).size - Deno.statSync(base).size - program.length;
  assert(added < 4_000_000, `${added} bytes more than its parts`);

  const { metadata, files, programs, others } = readEmbedded(file, program);
  assert(
    program.includes("jvs worker"),
    "the program is the module of its workers, so nothing more is embedded",
  );
  assertEquals(files, [{ File: { n: "jvs.js", o: [0, program.length], u: true, t: 0 } }]);
  assertEquals([programs, others < 100], [1, true], `${others} bytes are neither metadata nor the program`);
  for (const path of [checkout, folder.slice(0, folder.lastIndexOf("/"))]) {
    assert(!JSON.stringify(metadata).includes(path), `it tells of ${path}`);
  }

  // An empty list stands for everything. Deno always adds hosts for imports, but denort imports only what is embedded.
  const { allow_import: _hosts, ...permissions } = withoutNull(metadata.permissions);
  const granted = Object.entries(config.permissions.run).map((
    [kind, what],
  ) => [`allow_${kind}`, what === true ? [] : what]);
  assertEquals(permissions, { ...Object.fromEntries(granted), prompt: false });
  const [, flags = ""] = /^young=--v8-flags=(.*)$/m.exec(Deno.readTextFileSync(`${checkout}/bin/jvs`)) ?? [];
  assertEquals(metadata.v8_flags.slice(-2), flags.split(","));
  const { argv, entrypoint_key, code_cache_key, env_vars_from_env_file, otel_config, app_name } = metadata;
  assertEquals([argv, entrypoint_key, code_cache_key, app_name], [[], "jvs.js", null, "jvs"]);
  assertEquals([env_vars_from_env_file, otel_config.tracing_enabled], [{}, false]);
}

/** What `deno compile` added to a base program: metadata as JSON, a table of files as JSON and their content, between marks. */
function readEmbedded(file: string, program: string) {
  const [embedded = ""] = latin1(Deno.readFileSync(file)).split(MARK).slice(-2);
  const [before = "", ...after] = embedded.split(program);
  const [metadata = ""] = /\{"argv".*"app_name":"[^"]*"\}/.exec(before) ?? [];
  const [files = ""] = /\[\{.*\]/.exec(before.slice(before.indexOf(metadata) + metadata.length)) ?? [];
  const others = before.length + after.join("").length - metadata.length - files.length;
  return { metadata: JSON.parse(metadata), files: JSON.parse(files), programs: after.length, others };
}

const MARK = "d3n0l4nd";

/** Bytes as text of the same length, so that they can be searched. */
function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

function withoutNull(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
}
