import { assertEquals, assertStringIncludes } from "@std/assert";
import { makeWheel } from "../tasks/wheels.ts";
import { requires } from "./support/requires.ts";
import { mustRun, python, run } from "./support/run.ts";
import { atEndOfFile, tempDir } from "./support/temp_dir.ts";
import { assertSmall, giveTour, OF_ANOTHER_SYSTEM, start, testWayIn } from "./support/way_in_cases.ts";

let made: { readonly wheel: string; readonly folder: string } | undefined;

/** The wheel, and a folder for what a test installs. */
async function wheel() {
  if (made !== undefined) return made;
  const folder = tempDir();
  atEndOfFile(() => folder[Symbol.dispose]());
  mustRun(python(), "-m", "venv", `${folder.path}/tools`);
  mustRun(`${folder.path}/tools/bin/pip`, "install", "-q", "pipx", "uv");
  const file = await makeWheel(`${folder.path}/dist`, `${folder.path}/tools/bin/python`);
  return made = { wheel: file, folder: folder.path };
}

let environment: string | undefined;

/** An environment of this machine's Python with the wheel, and a PATH with nothing on it. */
async function installed() {
  const { wheel: file, folder } = await wheel();
  if (environment === undefined) {
    environment = `${folder}/zwei Wörter`;
    mustRun(python(), "-m", "venv", environment);
    mustRun(`${environment}/bin/pip`, "install", "-q", file);
    Deno.mkdirSync(`${folder}/empty`);
  }
  return { home: environment, program: `${environment}/bin/jvs`, path: `${folder}/empty` };
}

testWayIn("the wheel", requires("pip"), installed);

Deno.test({
  name: "the wheel is small and gives the README's tour by jvs and by python -m jvs, without a Deno on PATH",
  ...requires("pip"),
  async fn() {
    const { wheel: file } = await wheel();
    assertSmall(file);
    const { home, path } = await installed();
    giveTour({ program: `${home}/bin/jvs`, path });
    giveTour({ program: `${home}/bin/python`, path }, "-m", "jvs");
  },
});

Deno.test({
  name: "the wheel works as pip --target, pipx and uv install it",
  ...requires("pip"),
  async fn() {
    const { wheel: file, folder } = await wheel();
    const tools = `${folder}/tools/bin`;
    mustRun(`${tools}/pip`, "install", "-q", "--target", `${folder}/target`, file);
    const home = `${folder}/home`;
    const install = (...command: string[]) =>
      mustRun(
        "env",
        `HOME=${home}`,
        `PATH=${tools}:/usr/bin:/bin`,
        `UV_TOOL_BIN_DIR=${folder}/uv`,
        ...command,
      );
    Deno.mkdirSync(home);
    install("pipx", "install", "--python", python(), file);
    install("uv", "tool", "install", "--python", python(), file);
    const PATH = `${folder}/empty-too`;
    Deno.mkdirSync(PATH);
    const answers = [
      start(`${folder}/target/bin/jvs`, ["version"], { PATH, PYTHONPATH: `${folder}/target` }),
      start(`${folder}/home/.local/bin/jvs`, ["version"], { PATH }),
      start(`${folder}/uv/jvs`, ["version"], { PATH }),
    ];
    for (const { code, stdout, stderr } of answers) {
      assertEquals([code, stdout.slice(0, 6), stderr], [0, "jvs 0.", ""]);
    }
  },
});

Deno.test({
  name:
    "the wheel runs on each Python of this machine from 3.9 on, with a Deno on PATH where pip brings none",
  ...requires("pip"),
  async fn() {
    const { wheel: file, folder } = await wheel();
    for (const minor of [9, 10, 11, 12, 13]) {
      const found = pythonOf(minor);
      if (found === undefined) continue; // the release has all of them
      const home = `${folder}/python3.${minor}`;
      mustRun(found, "-m", "venv", "--without-pip", home);
      mustRun(`${folder}/tools/bin/uv`, "pip", "install", "-q", "--no-deps", "--python", home, file);
      Deno.mkdirSync(`${home}/path`);
      Deno.symlinkSync(Deno.execPath(), `${home}/path/deno`);
      const { code, stdout, stderr } = start(`${home}/bin/jvs`, ["version"], { PATH: `${home}/path` });
      assertEquals([code, stdout.slice(0, 6), stderr], [0, "jvs 0.", ""], home);
    }
  },
});

Deno.test({
  name: "the wheel says what is missing: its files, or a Deno of the right version",
  ...requires("pip"),
  async fn() {
    const { wheel: file, folder } = await wheel();
    const home = `${folder}/alone`;
    mustRun(python(), "-m", "venv", home);
    mustRun(`${home}/bin/pip`, "install", "-q", "--no-deps", file);
    Deno.mkdirSync(`${home}/path`);
    const jvs = () => start(`${home}/bin/jvs`, ["version"], { PATH: `${home}/path` });
    assertStringIncludes(jvs().stderr, "jvs: Cannot start: there is no Deno 2.9.");
    Deno.writeTextFileSync(`${home}/path/deno`, "#!/bin/sh\necho deno 1.46.3\n", { mode: 0o755 });
    const old = jvs();
    assertEquals(old.code, 1);
    assertStringIncludes(old.stderr, "there is no Deno 2.9.");
    Deno.writeTextFileSync(`${home}/bin/deno`, OF_ANOTHER_SYSTEM, { mode: 0o755 });
    const unfit = jvs();
    assertEquals(unfit.code, 1);
    assertEquals(
      unfit.stderr.split(". Install")[0],
      `jvs: Cannot start: ${home}/bin/deno does not run on this system`,
    );
    const program = run("find", home, "-name", "_program").stdout.trim();
    Deno.removeSync(program, { recursive: true });
    const broken = jvs();
    assertEquals(broken.code, 1);
    assertStringIncludes(broken.stderr, "files of the Python package are missing in ");
  },
});

/** A Python of this minor version, on PATH or where pyenv puts it. */
function pythonOf(minor: number): string | undefined {
  const homes = run("sh", "-c", `ls -d "$HOME"/.pyenv/versions/3.${minor}.*/bin`).stdout.trim().split("\n");
  const names = [...homes.map((home) => `${home}/python3`), `python3.${minor}`];
  return names.find((name) => run(name, "-c", "import ensurepip").code === 0);
}
