/**
 * `deno task release [--dry-run]`: builds each package into `dist/release`, installs each and gives the README's tour by
 * it, and writes the checksums. `.github/workflows/release.yml` publishes what it made, from a tag. With `--dry-run` it
 * only says what keeps this version from being released; else that is an error.
 */
import { VERSION } from "../src/model/version.ts";
import { CHECKOUT } from "./bundle.ts";
import { compile, type Target, TARGETS } from "./compile.ts";
import { packNpm } from "./npm.ts";
import { makeWheel } from "./wheels.ts";

const DIST = `${CHECKOUT}/dist/release`;

/** What keeps this version from being released, as sentences. */
export function problems(
  { changelog, config, tags, changed }: {
    readonly changelog: string;
    readonly config: { readonly version: string };
    /** The tags of the commit. */
    readonly tags: readonly string[];
    /** The files that differ from the commit. */
    readonly changed: readonly string[];
  },
): string[] {
  const found: string[] = [];
  if (config.version !== VERSION) {
    found.push(`deno.json has version ${config.version}, and src/model/version.ts has ${VERSION}.`);
  }
  const heading = changelog.split("\n").find((line) => line.startsWith(`## [${VERSION}]`));
  if (heading === undefined) found.push(`CHANGELOG.md has no section for ${VERSION}.`);
  else if (!/ - \d{4}-\d\d-\d\d$/.test(heading)) found.push(`CHANGELOG.md has no date for ${VERSION}.`);
  if (!tags.includes(`v${VERSION}`)) found.push(`The commit has no tag v${VERSION}.`);
  if (changed.length > 0) found.push(`These files differ from the commit: ${changed.join(", ")}.`);
  return found;
}

/** Builds each package; returns the files of those that are tried. Without denort there are no executables: only a dry run may go on. */
async function build(isDryRun: boolean): Promise<{ npm: string; wheel: string }> {
  await Deno.remove(DIST, { recursive: true }).catch(() => {});
  await run(["deno", "publish", "--dry-run", "--allow-dirty"]);
  const packages = { npm: await packNpm(DIST), wheel: await makeWheel(DIST) };
  for (const target of Object.keys(TARGETS) as Target[]) {
    try {
      await compile(target, DIST);
    } catch (error) {
      if (!isDryRun || !(error instanceof Error)) throw error;
      console.log(`Before the release: ${error.message}`);
    }
  }
  return packages;
}

/** Installs each package in a folder of its own, and gives the tour by it. */
async function tryOut({ npm, wheel }: { npm: string; wheel: string }): Promise<void> {
  const folder = await Deno.makeTempDir();
  const tour = (bin: string) =>
    run(["sh", `${CHECKOUT}/packaging/smoke.sh`], { PATH: `${bin}:/usr/bin:/bin` }, folder);
  try {
    await run(["npm", "install", "-g", "--no-audit", "--no-fund", "--prefix", `${folder}/npm`, npm]);
    await tour(`${folder}/npm/bin`);
    await run(["python3", "-m", "venv", `${folder}/venv`]);
    await run([`${folder}/venv/bin/pip`, "install", "-q", wheel]);
    await tour(`${folder}/venv/bin`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function writeChecksums(): Promise<void> {
  const names = [...Deno.readDirSync(DIST)].filter(({ isFile }) => isFile).map(({ name }) => name).sort();
  const { stdout } = await run(["sha256sum", ...names], {}, DIST);
  await Deno.writeFile(`${DIST}/SHA256SUMS`, stdout);
}

/** Runs a program in the checkout; throws what it says if it fails. */
async function run(command: readonly string[], env: Record<string, string> = {}, cwd: string = CHECKOUT) {
  console.log(`$ ${command.join(" ")}`);
  const [program = "", ...args] = command;
  const path = program === "deno" ? Deno.execPath() : program;
  const output = await new Deno.Command(path, { args, cwd, env }).output();
  if (output.success) return output;
  const decoder = new TextDecoder();
  throw new Error(
    `\`${command.join(" ")}\` failed: ${decoder.decode(output.stdout)}${decoder.decode(output.stderr)}`,
  );
}

async function linesOf(...command: string[]): Promise<string[]> {
  const { stdout } = await run(command);
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

async function release(isDryRun: boolean): Promise<number> {
  const found = problems({
    changelog: await Deno.readTextFile(`${CHECKOUT}/CHANGELOG.md`),
    config: JSON.parse(await Deno.readTextFile(`${CHECKOUT}/deno.json`)),
    tags: await linesOf("git", "tag", "--points-at", "HEAD"),
    changed: await linesOf("git", "status", "--porcelain"),
  });
  for (const problem of found) console.log(isDryRun ? `Before the release: ${problem}` : problem);
  if (found.length > 0 && !isDryRun) return 1;
  const packages = await build(isDryRun);
  await tryOut(packages);
  await writeChecksums();
  console.log(
    `Built and tried version ${VERSION}, in ${DIST}. Published by release.yml when the tag v${VERSION} is pushed.`,
  );
  return 0;
}

if (import.meta.main) Deno.exitCode = await release(Deno.args.includes("--dry-run"));
