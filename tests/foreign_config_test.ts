import { assertEquals } from "@std/assert";
import { bundle, CHECKOUT, denoArguments } from "../tasks/bundle.ts";
import { mustRun } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";

/** Tests that what lies in a folder above a program, as another user may put it there, neither changes nor stops it. */
async function testBelow(
  make: (folder: string) => Promise<{ program: string; command: string[] }>,
): Promise<void> {
  using above = tempDir();
  const folder = `${above.path}/own/jvs`;
  const { program, command: [first = "", ...rest] } = await make(folder);
  const at = (path: string) => path.replace(above.path, ".");
  Deno.writeTextFileSync(`${above.path}/taken.js`, "console.log('taken over')");
  const member = { workspace: [at(folder)], imports: { [at(program)]: "./taken.js" } };
  const planted: [name: string, content: string | undefined][] = [
    ["deno.json", JSON.stringify(member)],
    ["deno.jsonc", JSON.stringify({ ...member, workspace: ["./**/jvs"] })],
    ["deno.json", JSON.stringify({ workspace: ["./own/*", "./gone"] })],
    ["deno.json", "{"],
    ["deno.json", undefined], // a FIFO
    ["package.json", JSON.stringify({ workspaces: [at(folder)] })],
    ["package.json", "{"],
  ];
  const path = `${Deno.execPath().replace(/\/[^/]*$/, "")}:/usr/bin:/bin`;
  const env = { PATH: path, HOME: above.path, DENO_DIR: `${above.path}/cache` };
  for (const [name, content] of planted) {
    const file = `${above.path}/${name}`;
    if (content === undefined) mustRun("mkfifo", file);
    else Deno.writeTextFileSync(file, content);
    const options = { args: ["10", first, ...rest, "version"], cwd: "/", clearEnv: true, env };
    const { code, stdout, stderr } = new Deno.Command("/usr/bin/timeout", options).outputSync();
    const said = new TextDecoder().decode(stdout).slice(0, 6);
    assertEquals([code, said], [0, "jvs 0."], `${name} ${content}: ${new TextDecoder().decode(stderr)}`);
    Deno.removeSync(file);
  }
}

Deno.test("a package takes no configuration from the folders above it", async () => {
  await testBelow(async (folder) => {
    await bundle(folder);
    return { program: `${folder}/jvs.js`, command: [Deno.execPath(), ...denoArguments(folder)] };
  });
});

Deno.test("a checkout takes no configuration from the folders above it", async () => {
  await testBelow((folder) => {
    Deno.mkdirSync(`${folder}/tests`, { recursive: true });
    for (const part of ["bin", "cli.ts", "deno.json", "deno.lock", "src", "tests/links"]) {
      mustRun("cp", "-R", `${CHECKOUT}/${part}`, `${folder}/${part}`);
    }
    return Promise.resolve({ program: `${folder}/cli.ts`, command: [`${folder}/bin/jvs`] });
  });
});
