/**
 * `deno task npm [DIR]`: writes the npm package, `jvs-VERSION.tgz`, into DIR (default `dist`). It has the bundle, its
 * permission set and a launcher, and depends on the npm package `deno`; it has no install script.
 */
import { VERSION } from "../src/model/version.ts";
import { asked, bundle, CHECKOUT } from "./bundle.ts";

/** The launcher of this checkout with the parts of a package in place of its own. */
export function packageLauncher(launcher: string, parts: string): string {
  const part = (name: string) => new RegExp(`^# ${name}:begin.*\n([^]*?)^# ${name}:end\n`, "m");
  let text = launcher;
  for (const name of ["program", "own", "run"]) {
    const [, body] = part(name).exec(parts) ?? [];
    if (body === undefined || !part(name).test(text)) throw new Error(`Cannot package: no part "${name}".`);
    text = text.replace(part(name), () => body);
  }
  return text;
}

/** Writes the package into a folder, and returns its file. */
export async function packNpm(folder: string): Promise<string> {
  const read = (name: string) => Deno.readTextFile(`${CHECKOUT}/${name}`);
  const work = await Deno.makeTempDir();
  try {
    await bundle(work);
    await Deno.remove(`${work}/jvs.js.map`);
    const launcher = packageLauncher(await read("bin/jvs"), await read("packaging/npm/launcher.sh"));
    await Deno.mkdir(`${work}/bin`);
    await Deno.writeTextFile(`${work}/bin/jvs`, launcher, { mode: 0o755 });
    await Deno.mkdir(`${work}/docs`);
    const pages = ["install", "guide", "operations", "recovery"].map((name) => `docs/${name}.md`);
    for (const name of ["README.md", "LICENSE", "SECURITY.md", ...pages]) {
      await Deno.writeTextFile(`${work}/${name}`, await read(name));
    }
    await Deno.writeTextFile(`${work}/package.json`, JSON.stringify(MANIFEST, null, 2) + "\n");
    await Deno.mkdir(folder, { recursive: true });
    const args = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
    const { success, stdout, stderr } = await new Deno.Command("npm", { args, cwd: work }).output();
    if (!success) throw new Error(`Cannot pack: ${new TextDecoder().decode(stderr)}`);
    return `${folder}/${new TextDecoder().decode(stdout).trim()}`;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

const MANIFEST = {
  name: "jvs",
  version: VERSION,
  description:
    "Versions whole working folders: instant snapshots, a restore that loses nothing, forked worktrees",
  keywords: ["version-control", "snapshot", "copy-on-write", "reproducibility", "agents"],
  license: "MIT",
  ...sourceOf(Deno.env.get("GITHUB_REPOSITORY")),
  bin: { jvs: "bin/jvs" },
  files: ["bin", "docs", "jvs.js", "deno.json", "SECURITY.md"],
  os: ["linux", "darwin"],
  dependencies: { deno: ">=2.9.5 <2.10" },
};

/** Where the source is: npm publishes with provenance only if the package names the repository that it was built in. */
function sourceOf(repository: string | undefined) {
  if (!repository) return {};
  return { repository: { type: "git", url: `git+https://github.com/${repository}.git` } };
}

if (import.meta.main) console.log(`Wrote ${await packNpm(asked(Deno.args[0]))}.`);
