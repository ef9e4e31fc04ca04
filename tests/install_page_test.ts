/** What docs/install.md tells a user to write is written here, as a new user with the packages of this checkout. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CHECKOUT } from "../tasks/bundle.ts";
import { packNpm } from "../tasks/npm.ts";
import { makeWheel } from "../tasks/wheels.ts";
import { exists } from "./support/files.ts";
import { type Block, blocksBySection, holds, workflowSteps } from "./support/install_page.ts";
import { publishedFiles } from "./support/jsr_files.ts";
import { requires } from "./support/requires.ts";
import { mustRun, python, run } from "./support/run.ts";
import { smallJsr, smallNpm } from "./support/small_registry.ts";
import { type TempDir, tempDir } from "./support/temp_dir.ts";

const PAGE = blocksBySection(Deno.readTextFileSync(`${CHECKOUT}/docs/install.md`));
const { name, version, exports, permissions } = JSON.parse(Deno.readTextFileSync(`${CHECKOUT}/deno.json`));

/** What npm fetched before: tens of megabytes of Deno. */
const NPM_CACHE = run("npm", "config", "get", "cache").stdout.trim();

/** A new user: a home, and a folder to work in. */
class User implements Disposable {
  private readonly folder: TempDir = tempDir();
  readonly home = `${this.folder.path}/home`;
  readonly work = `${this.folder.path}/home/zwei Wörter`;
  private readonly env: Record<string, string>;

  /** `before` is what comes first on PATH. */
  constructor(env: Record<string, string>, ...before: string[]) {
    Deno.mkdirSync(this.work, { recursive: true });
    const path = [...before, `${this.home}/.local/bin`, `${this.home}/.deno/bin`, Deno.env.get("PATH") ?? ""];
    this.env = { HOME: this.home, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1", PATH: path.join(":"), ...env };
  }

  write(file: string, text: string): void {
    Deno.writeTextFileSync(`${this.work}/${file}`, text);
  }

  /** Runs a line in a shell; returns how it ended. */
  async try(line: string, env: Record<string, string> = {}) {
    const options = { args: ["-ec", line], cwd: this.work, env: { ...this.env, ...env } };
    const { code, stdout, stderr } = await new Deno.Command("bash", options).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  /** Runs a line that must succeed; returns what it prints. */
  async run(line: string, env?: Record<string, string>): Promise<string> {
    const { code, stdout, stderr } = await this.try(line, env);
    assertEquals(code, 0, `${line}: ${stdout}${stderr}`);
    return stdout;
  }

  /** Runs a block line by line. After each but the last line, which removes it, `jvs` is there and installed in this way. */
  async installs(block: Block, way: string, jvs = "jvs"): Promise<void> {
    const lines = linesOf(block);
    for (const line of lines.slice(0, -1)) {
      await this.run(line);
      assertStringIncludes(await this.run(`${jvs} version --json`), `"installed": "${way}"`, line);
    }
    await this.run(lines.at(-1) ?? "");
    const { code } = await this.try(`hash -r; command -v ${jvs}`);
    assert(code !== 0, `${lines.at(-1)} leaves it there`);
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

Deno.test({
  name: "docs/install.md: npm",
  ...requires("npm"),
  async fn() {
    using made = tempDir();
    const file = await packNpm(made.path);
    const manifest = JSON.parse(mustRun("tar", "-xzOf", file, "package/package.json"));
    const upstream = mustRun("npm", "config", "get", "registry").trim();
    await using registry = smallNpm(manifest, Deno.readFileSync(file), upstream);
    const npm = {
      npm_config_registry: registry.url,
      npm_config_prefix: `${made.path}/prefix`,
      npm_config_cache: NPM_CACHE,
    };
    using user = new User(npm, `${made.path}/prefix/bin`);
    const [global, project] = blocks("npm", "sh");
    await user.installs(global, "npm");
    user.write("package.json", "{}");
    const [add = "", use = "", remove = ""] = linesOf(project);
    await user.run(add);
    assertStringIncludes(await user.run(use), `jvs ${version}`);
    await user.run(remove);
    assertEquals(exists(`${user.work}/node_modules/jvs`), false);
    assertStringIncludes(await user.run("npx --yes jvs help"), "Usage  jvs <command>"); // as in the table at the top
    assertStringIncludes(await user.run("npx --yes jvs demo"), "Restored"); // as in README.md
  },
});

Deno.test({
  name: "docs/install.md: Python",
  ...requires("pip"),
  async fn() {
    using made = tempDir();
    mustRun(python(), "-m", "venv", `${made.path}/tools`);
    mustRun(`${made.path}/tools/bin/pip`, "install", "-q", "pipx", "uv");
    await makeWheel(`${made.path}/dist`, `${made.path}/tools/bin/python`);
    const links = `${made.path}/dist ${Deno.env.get("PIP_FIND_LINKS") ?? ""}`.trim();
    const env = {
      PIP_FIND_LINKS: links,
      UV_FIND_LINKS: links.replaceAll(" ", ","),
      PIPX_DEFAULT_PYTHON: python(),
    };
    using user = new User({ ...env, UV_PYTHON: python() }, `${made.path}/venv/bin`, `${made.path}/tools/bin`);
    const [pip, pipx, uv] = blocks("Python", "sh");
    mustRun(python(), "-m", "venv", `${made.path}/venv`);
    await user.installs(pip, "pypi");
    await user.installs(pipx, "pypi");
    await user.installs(uv, "pypi");
  },
});

Deno.test("docs/install.md: Deno", async () => {
  await using registry = smallJsr({ name, version, exports, files: await publishedFiles() });
  using made = tempDir();
  const path = `${made.path}/path`;
  Deno.mkdirSync(path);
  Deno.symlinkSync(Deno.execPath(), `${path}/deno`);
  using user = new User({ JSR_URL: registry.url, DENO_DIR: `${made.path}/cache` }, path);
  const [config] = blocks("Deno", "json");
  assertEquals(JSON.parse(config.code).permissions, { jvs: permissions.jvs });
  user.write("deno.json", config.code);
  user.write("script.ts", blocks("Deno", "ts")[0].code);
  const [use, command] = blocks("Deno", "sh");
  await user.run("deno check -q script.ts");
  assertEquals(await user.run(linesOf(use)[0] ?? ""), "1\n");
  assertStringIncludes(await user.run(linesOf(use)[1] ?? ""), `jvs ${version}`);
  for (const [kind, value] of Object.entries<true | string[]>(permissions.jvs)) {
    const flag = value === true ? `--allow-${kind} ` : `--allow-${kind}=${value.join(",")}`;
    assertStringIncludes(command.code.replaceAll("'", ""), flag);
  }
  Deno.removeSync(`${user.work}/deno.json`);
  await user.installs(command, "jsr");
});

Deno.test("docs/install.md: an executable", async () => {
  using user = new User({});
  const [block] = blocks("An executable", "sh");
  // A script in place of the executable, which may be for another system.
  const file = `jvs-${version}-linux-x64`;
  user.write(file, `#!/bin/sh\nexec '${CHECKOUT}/bin/jvs' "$@"\n`);
  await user.run(
    `sha256sum ${file} > SHA256SUMS; echo "${"0".repeat(64)}  jvs-of-another-system" >> SHA256SUMS`,
  );
  const [check = "", ...rest] = linesOf(block);
  assertStringIncludes(await user.run(check), `${file}: OK`);
  await user.installs({ ...block, code: rest.join("\n") }, "checkout");
});

Deno.test({
  name: "docs/install.md: from a clone",
  ...requires("npm"),
  async fn() {
    using made = tempDir();
    Deno.mkdirSync(`${made.path}/clone/tests`, { recursive: true });
    const parts = ["bin", "cli.ts", "deno.json", "deno.lock", "mod.ts", "src", "tasks", "tests/links"];
    for (const part of parts) mustRun("cp", "-R", `${CHECKOUT}/${part}`, `${made.path}/clone/${part}`);
    using user = new User({ npm_config_cache: NPM_CACHE });
    const [block] = blocks("From a clone", "sh");
    const [install = "", remove = ""] = linesOf(block);
    await user.run(`cd '${made.path}/clone' && ${install}`);
    await user.installs({ ...block, code: `jvs version\n${remove}` }, "checkout");
  },
});

Deno.test({
  name: "docs/install.md: completion",
  ...requires("zsh"),
  async fn() {
    using user = new User({}, `${CHECKOUT}/bin`);
    Deno.writeTextFileSync(`${user.home}/.zshrc`, "autoload -Uz compinit && compinit -u\n");
    for (const line of linesOf(blocks("Completion", "sh")[0])) await user.run(line);
    assertStringIncludes(await user.run("bash -ic 'complete -p jvs' 2>&1"), "jvs");
    assertStringIncludes(await user.run("zsh -ic 'print $_comps[jvs]' 2>&1"), "jvs");
  },
});

Deno.test("docs/install.md: a workflow goes back to what it saved after a build that failed, and only then", async () => {
  using user = new User({}, `${CHECKOUT}/bin`);
  // The checkout's launcher in place of what npx would fetch.
  Deno.mkdirSync(`${user.home}/.local/bin`, { recursive: true });
  Deno.writeTextFileSync(`${user.home}/.local/bin/npx`, '#!/bin/sh\nshift\nexec jvs "$@"\n', { mode: 0o755 });
  const steps = workflowSteps(blocks("In your CI", "yaml")[0].code);
  assertEquals(steps.map(({ id }) => id), [undefined, "save", "build", undefined]);
  Deno.mkdirSync(`${user.work}/data`);
  user.write("data/train.csv", "good");
  const PATH = `${user.home}/.local/bin:${CHECKOUT}/bin:${Deno.env.get("PATH") ?? ""}`;
  let runs = 0;
  const run = async (build: string) => {
    user.write("build.sh", `#!/bin/sh\n${build}\n`);
    Deno.chmodSync(`${user.work}/build.sh`, 0o755);
    const env = { DATA: `${user.work}/data`, RUN: `run-${++runs}-1`, PATH };
    const outcomes: Record<string, string> = {};
    let hasFailed = false;
    for (const { id, command, condition } of steps) {
      if (condition === undefined ? hasFailed : !holds(condition, outcomes)) continue;
      const { code } = await user.try(command, env);
      hasFailed ||= code !== 0;
      if (id !== undefined) outcomes[id] = code === 0 ? "success" : "failure";
    }
    return { hasFailed, data: Deno.readTextFileSync(`${user.work}/data/train.csv`) };
  };
  assertEquals(await run('echo broken > "$1/train.csv"; false'), { hasFailed: true, data: "good" });
  assertEquals(await run('printf built > "$1/train.csv"'), { hasFailed: false, data: "built" });
  const saving = 'echo half > "$1/train.csv"; jvs -C "$1" snapshot half; false';
  assertEquals(await run(saving), { hasFailed: true, data: "built" });
  assertEquals(await run("true"), { hasFailed: false, data: "built" });
  assertEquals(await run('rm -r "$1"; false'), { hasFailed: true, data: "built" });
  assertEquals(await run('rm -r "$1"; mkdir "$1"; false'), { hasFailed: true, data: "built" });
  // Another file that takes the inode number of the folder, which a new one may else get again.
  assertEquals(await run('rm -r "$1"; touch other; false'), { hasFailed: true, data: "built" });
  // If it cannot be saved, nothing is built, and nothing goes back.
  Deno.removeSync(`${user.work}/data.jvs/.jvs/format_version`);
  user.write("data/train.csv", "new work");
  assertEquals(await run("true"), { hasFailed: true, data: "new work" });
});

Deno.test("docs/install.md: a task keeps the data as it was when the build fails", async () => {
  using user = new User({}, `${CHECKOUT}/bin`, Deno.execPath().replace(/\/[^/]*$/, ""));
  user.write("deno.json", blocks("In your CI", "json")[0].code);
  user.write("build.sh", BUILD);
  Deno.mkdirSync(`${user.work}/data`);
  user.write("data/train.csv", "good");
  await user.run("jvs adopt data");
  const failed = await user.try("deno task safe-build", { OUTCOME: "fails" });
  assertEquals([failed.code, Deno.readTextFileSync(`${user.work}/data/train.csv`)], [1, "good"]);
  await user.run("deno task safe-build", { OUTCOME: "works" });
  assertEquals(Deno.readTextFileSync(`${user.work}/data/train.csv`), "works");
});

/** A build that writes into the data, and fails if it is told so. */
const BUILD = `#!/bin/sh\nprintf %s "$OUTCOME" > "$1/train.csv"\n[ "$OUTCOME" != fails ]\n`;

/** The blocks of a section in a language; there is at least one. */
function blocks(section: string, language: string): [Block, Block, Block] {
  const found = (PAGE.get(section) ?? []).filter((block) => block.language === language);
  assert(found.length > 0, `there is no block of ${language} in the section "${section}"`);
  return found as [Block, Block, Block];
}

/** The commands of a block; one may go over several lines. */
function linesOf({ code }: Block): string[] {
  return code.replaceAll("\\\n", " ").trim().split("\n");
}
