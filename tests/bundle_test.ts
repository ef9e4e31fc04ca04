import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { bundle, denoArguments } from "../tasks/bundle.ts";
import { tempDir } from "./support/temp_dir.ts";

const checkout = new URL("..", import.meta.url).pathname.replace(/\/$/, "");

/** Runs the bundle as a package does: only its two files are there, and nothing of this checkout or user. */
function jvs(folder: string, cwd: string, ...args: string[]) {
  const env = { PATH: "/usr/bin:/bin", HOME: cwd, DENO_DIR: `${folder}/.deno`, DENO_NO_UPDATE_CHECK: "1" };
  const options = { args: [...denoArguments(folder), ...args], cwd, clearEnv: true, env };
  const { code, stdout, stderr } = new Deno.Command(Deno.execPath(), options).outputSync();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("the bundle has the program, its permission set and nothing else, and does not tell where it was built", async () => {
  using temporary = tempDir();
  const folder = `${temporary.path}/dist`;
  await bundle(folder);
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
    "deno.json",
    "jvs.js",
    "jvs.js.map",
  ]);
  const { permissions } = JSON.parse(Deno.readTextFileSync(`${checkout}/deno.json`));
  const config = JSON.parse(Deno.readTextFileSync(`${folder}/deno.json`));
  assertEquals(config, { workspace: [], permissions: { jvs: permissions.jvs, run: permissions.run } });
  for (const name of ["jvs.js", "jvs.js.map"]) {
    assert(!Deno.readTextFileSync(`${folder}/${name}`).includes(checkout), name);
  }
  const { sources } = JSON.parse(Deno.readTextFileSync(`${folder}/jvs.js.map`));
  assert(sources.includes("src/operation/restore.ts"), "the map names the sources as they are in a checkout");
});

Deno.test("the bundle works without the checkout, in a path with spaces, beside a deno.json of the user's own", async () => {
  using temporary = tempDir();
  const folder = `${temporary.path}/zwei Wörter`;
  await bundle(folder);
  Deno.removeSync(`${folder}/jvs.js.map`);
  const work = `${temporary.path}/work`;
  Deno.mkdirSync(work);
  Deno.writeTextFileSync(`${work}/deno.json`, `{ "permissions": { "jvs": {} }, "imports": "nonsense" }`);
  const done = (cwd: string, ...args: string[]) => {
    const { code, stdout, stderr } = jvs(folder, cwd, ...args);
    assertEquals([code, stderr], [0, ""], args.join(" "));
    return stdout;
  };
  assertStringIncludes(done(work, "version"), "jvs 0.");
  done(work, "init", "project");
  const main = `${work}/project/main`;
  Deno.writeTextFileSync(`${main}/notes`, "one");
  done(main, "snapshot", "-q", "first");
  Deno.writeTextFileSync(`${main}/notes`, "two");
  assertStringIncludes(done(main, "restore", "HEAD"), "1 file changed");
  assertEquals(Deno.readTextFileSync(`${main}/notes`), "one");
  assertStringIncludes(done(main, "verify", "--all"), "2 snapshots");
  assertEquals(JSON.parse(done(main, "history", "--all", "--json")).snapshots.length, 2);
});

Deno.test("the bundle checks itself, with the permission set that its launcher gives", async () => {
  using temporary = tempDir();
  const folder = `${temporary.path}/dist`;
  await bundle(folder);
  const work = `${temporary.path}/work`;
  Deno.mkdirSync(work);
  const args = denoArguments(folder).map((word) => word === "-P=jvs" ? "-A" : word);
  const { stdout } = new Deno.Command(Deno.execPath(), {
    args: [...args, "conformance", "run", "--rule", "27", "--rule", "36", "--json"],
    cwd: work,
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", HOME: work, DENO_DIR: `${temporary.path}/.deno` },
  }).outputSync();
  const { passed, program } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(passed, 2);
  assertStringIncludes(program, `--config ${folder}/deno.json -P=jvs ${folder}/jvs.js`);
});

Deno.test("the bundle ends as the command does: 2 for a wrong word, 1 for an error, with its sentence", async () => {
  using temporary = tempDir();
  const folder = `${temporary.path}/dist`;
  await bundle(folder);
  const wrong = jvs(folder, temporary.path, "snapshoot");
  assertEquals([wrong.code, wrong.stdout], [2, ""]);
  assertStringIncludes(wrong.stderr, "there is no such command (E_USAGE)");
  const nowhere = jvs(folder, temporary.path, "status", "--json");
  assertEquals(JSON.parse(nowhere.stdout).error, "E_NOT_A_REPOSITORY");
  assertEquals(nowhere.code, 1);
});
