import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { CHECKOUT } from "../tasks/bundle.ts";
import { publishedFiles } from "./support/jsr_files.ts";
import { smallJsr } from "./support/small_registry.ts";
import { tempDir } from "./support/temp_dir.ts";

const { name, version, exports, permissions } = JSON.parse(Deno.readTextFileSync(`${CHECKOUT}/deno.json`));

/** The flags that are the permission set, for a program that is started without a deno.json. */
const FLAGS = Object.entries<true | string[]>(permissions.jvs).map(([kind, value]) =>
  value === true ? `--allow-${kind}` : `--allow-${kind}=${value.join(",")}`
);

const LIBRARY = `import { JvsError, Repository, type SnapshotResult } from "jsr:${name}@^0.1";
const repository: Repository = await Repository.init("project");
Deno.writeTextFileSync(repository.folder + "/notes", "one");
const { snapshot }: SnapshotResult = await repository.snapshot({ note: "first" });
Deno.writeTextFileSync(repository.folder + "/notes", "two");
const { sentence } = await repository.restore({ snapshot: snapshot.snapshot_id });
console.log(sentence, Deno.readTextFileSync(repository.folder + "/notes"));
try {
  await repository.show({ snapshot: "gone" });
} catch (error) {
  if (error instanceof JvsError) console.log(error.code);
}
`;

/** How Deno ends, and what it says. */
async function deno(cwd: string, env: Record<string, string>, ...args: string[]) {
  const options = { args, cwd, env: { ...env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" } };
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), options).output();
  const decoder = new TextDecoder();
  return { success, said: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("the package for JSR has the program, its pages and no tests, and no slow types", async () => {
  const paths = [...(await publishedFiles()).keys()];
  assertEquals(paths.filter((path) => !/^\/(src\/.*|mod|cli)\.ts$/.test(path)).sort(), [
    "/LICENSE",
    "/README.md",
    "/SECURITY.md",
    "/deno.json",
    "/docs/filesystems.md",
    "/docs/format.md",
    "/docs/guide.md",
    "/docs/install.md",
    "/docs/operations.md",
    "/docs/performance.md",
    "/docs/recovery.md",
    "/docs/reference.md",
    "/docs/spec.md",
    "/docs/threat-model.md",
  ]);
  assertEquals(paths.filter((path) => path.includes("_test.")), []);
});

Deno.test("the package for JSR is a library that type-checks, and a command that can be run and installed", async () => {
  const files = await publishedFiles();
  await using registry = smallJsr({ name, version, exports, files });
  using temporary = tempDir();
  const folder = `${temporary.path}/zwei Wörter`;
  Deno.mkdirSync(folder);
  const env = { JSR_URL: registry.url, DENO_DIR: `${temporary.path}/cache`, HOME: temporary.path };
  const done = async (...args: string[]) => {
    const { success, said } = await deno(folder, env, ...args);
    assert(success, `deno ${args.join(" ")}: ${said}`);
    return said;
  };

  Deno.writeTextFileSync(`${folder}/use.ts`, LIBRARY);
  const said = await done("run", "--check", "-q", "--no-prompt", ...FLAGS, "use.ts");
  assertMatch(said, /^Restored \w+ in worktree main: 1 file changed.* one\nE_NOT_FOUND\n$/s);
  Deno.writeTextFileSync(`${folder}/wrong.ts`, LIBRARY.replace(`note: "first"`, "note: 1"));
  assertStringIncludes((await deno(folder, env, "check", "wrong.ts")).said, "TS2322");

  const command = `jsr:${name}@^0.1/cli`;
  assertStringIncludes(
    await done("run", "-q", "--no-prompt", ...FLAGS, command, "version"),
    `jvs ${version}`,
  );
  await done("install", "-g", "-q", "--root", folder, "-n", "jvs", "--no-prompt", ...FLAGS, command);
  const installed = new Deno.Command(`${folder}/bin/jvs`, {
    args: ["-C", "project/main", "verify", "--all"],
    cwd: folder,
    env,
  });
  const { code, stdout } = await installed.output();
  assertEquals(code, 0);
  assertStringIncludes(new TextDecoder().decode(stdout), "2 snapshots");
});
