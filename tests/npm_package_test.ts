import { assertEquals, assertStringIncludes } from "@std/assert";
import { packNpm } from "../tasks/npm.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { atEndOfFile, tempDir } from "./support/temp_dir.ts";
import { assertSmall, giveTour, OF_ANOTHER_SYSTEM, start, testWayIn } from "./support/way_in_cases.ts";

/** Programs that a launcher may need, without a Deno: what it starts must be the one that npm installed. */
const PROGRAMS = ["env", "sh", "readlink", "cp"];
const NODE = ["node", "npm", "npx"];

let made: { readonly file: string; readonly installed: string; readonly path: string } | undefined;

/** The package, installed as its user would in a folder of its own. */
async function installed() {
  if (made !== undefined) return made;
  const folder = tempDir();
  atEndOfFile(() => folder[Symbol.dispose]());
  const file = await packNpm(`${folder.path}/dist`);
  const target = `${folder.path}/zwei Wörter`;
  Deno.mkdirSync(target);
  mustRun("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", target, file);
  const path = `${folder.path}/path`;
  Deno.mkdirSync(`${path}/node`, { recursive: true });
  for (const name of [...PROGRAMS, ...NODE]) {
    const found = mustRun("sh", "-c", `command -v ${name}`).trim();
    Deno.symlinkSync(Deno.realPathSync(found), `${path}/${NODE.includes(name) ? "node/" : ""}${name}`);
  }
  return made = { file, installed: target, path };
}

testWayIn("the npm package", requires("npm"), async () => {
  const { installed: home, path } = await installed();
  return { program: `${home}/node_modules/.bin/jvs`, path };
});

Deno.test({
  name:
    "the npm package is small, asks for no install script, and gives the README's tour without a Deno or Node on PATH",
  ...requires("npm"),
  async fn() {
    const { file, installed: home, path } = await installed();
    assertSmall(file);
    const { scripts } = JSON.parse(Deno.readTextFileSync(`${home}/node_modules/jvs/package.json`));
    assertEquals(scripts, undefined);
    giveTour({ program: `${home}/node_modules/.bin/jvs`, path });
  },
});

Deno.test({
  name: "npx jvs runs it in the folder where it is called, and ends as it does",
  ...requires("npm"),
  async fn() {
    const { installed: home, path } = await installed();
    const env = { PATH: `${path}:${path}/node`, HOME: home };
    const npx = (...args: string[]) =>
      start("/usr/bin/env", ["npx", "--no-install", "jvs", ...args], env, home);
    assertStringIncludes(npx("version").stdout, "jvs 0.");
    const wrong = npx("snapshoot");
    assertEquals(wrong.code, 2);
    assertStringIncludes(wrong.stderr, "there is no such command (E_USAGE)");
  },
});

Deno.test({
  name: "the npm package says what is missing: its files, or a Deno",
  ...requires("npm"),
  async fn() {
    const { installed: home, path } = await installed();
    using folder = tempDir();
    mustRun("cp", "-R", `${home}/node_modules/jvs`, `${folder.path}/alone`);
    const launcher = `${folder.path}/alone/bin/jvs`;
    const env = { PATH: path, HOME: folder.path };
    // Another user may put this above the package, but not inside it.
    Deno.mkdirSync(`${folder.path}/node_modules/@deno/x`, { recursive: true });
    Deno.writeTextFileSync(`${folder.path}/node_modules/@deno/x/deno`, "#!/bin/sh\necho taken over\n", {
      mode: 0o755,
    });
    const without = start(launcher, ["version"], env, folder.path);
    assertEquals(without.code, 1);
    assertStringIncludes(without.stderr, "there is no Deno 2.9. npm installs it with this package");
    const wrong = start(launcher, ["version"], { ...env, JVS_DENO: "/proc/nowhere" }, folder.path);
    assertStringIncludes(wrong.stderr, 'JVS_DENO is "/proc/nowhere", which is no Deno 2.9');
    assertStringIncludes(
      start(launcher, ["version"], { ...env, JVS_DENO: Deno.execPath() }, folder.path).stdout,
      "jvs 0.",
    );
    Deno.writeTextFileSync(`${path}/deno`, "#!/bin/sh\necho deno 1.46.3\n", { mode: 0o755 });
    const old = start(launcher, ["version"], env, folder.path);
    Deno.removeSync(`${path}/deno`);
    assertStringIncludes(old.stderr, "there is no Deno 2.9");
    const own = `${folder.path}/alone/node_modules/@deno/x`;
    Deno.mkdirSync(own, { recursive: true });
    Deno.writeTextFileSync(`${own}/deno`, OF_ANOTHER_SYSTEM, { mode: 0o755 });
    const unfit = start(launcher, ["version"], env, folder.path);
    assertEquals(unfit.code, 1);
    assertStringIncludes(
      unfit.stderr,
      `Cannot start: ${own}/deno does not run on this system. Install Deno 2.9`,
    );
    for (const name of ["deno.json", "jvs.js"]) {
      Deno.renameSync(`${folder.path}/alone/${name}`, `${folder.path}/${name}`);
      const broken = start(launcher, ["version"], env, folder.path);
      Deno.renameSync(`${folder.path}/${name}`, `${folder.path}/alone/${name}`);
      assertEquals(broken.code, 1);
      assertStringIncludes(broken.stderr, `files of the npm package are missing in ${folder.path}/alone`);
    }
  },
});
