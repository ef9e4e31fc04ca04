/**
 * `deno task bundle [DIR]`: makes the command one program without dependencies, in DIR (default `dist`): `jvs.js`, and
 * `deno.json` with its permission sets and an empty workspace. Packages carry these two. `jvs.js.map` is for debugging.
 */

/** The root of this checkout. */
export const CHECKOUT = new URL("../", import.meta.url).pathname.replace(/\/$/, "");

/** Writes the bundle of a checkout into a folder. */
export async function bundle(folder: string, checkout: string = CHECKOUT): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const program = `${folder}/jvs.js`;
  const args = [
    "bundle",
    "-q",
    "--minify",
    "--sourcemap=external",
    "--output",
    program,
    `${checkout}/cli.ts`,
  ];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: checkout }).output();
  if (!success) throw new Error(`Cannot bundle ${checkout}: ${new TextDecoder().decode(stderr)}`);
  await makeSourcesRelative(`${program}.map`, checkout);
  const { permissions: { jvs, run } } = JSON.parse(await Deno.readTextFile(`${checkout}/deno.json`));
  // With a workspace of its own, Deno does not look for one in the folders above, which may be another user's.
  const config = { workspace: [], permissions: { jvs, run } };
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config, null, 2) + "\n");
}

/** What Deno is started with to run the bundle in a folder: with a permission set of its own, and never with the network. */
export function denoArguments(folder: string, set: "jvs" | "run" = "jvs"): string[] {
  return [
    "run",
    "-q",
    "--no-prompt",
    "--no-remote",
    "--no-npm",
    "--v8-flags=--min-semi-space-size=16,--max-semi-space-size=16", // as in bin/jvs
    "--config",
    `${folder}/deno.json`,
    `-P=${set}`,
    `${folder}/jvs.js`,
  ];
}

/** Names the sources in a map by their place in the checkout: what is published must not depend on where it was built. */
async function makeSourcesRelative(file: string, checkout: string): Promise<void> {
  const map: { readonly sources: readonly string[] } = JSON.parse(await Deno.readTextFile(file));
  const sources = map.sources.map((source) => {
    const { pathname } = new URL(source, `file://${file}`);
    return pathname.startsWith(`${checkout}/`) ? pathname.slice(checkout.length + 1) : source;
  });
  await Deno.writeTextFile(file, JSON.stringify({ ...map, sources }));
}

/** The folder that the user asked for, as a full path: Deno runs a task in the checkout, and INIT_CWD is where the user is. */
export function asked(folder = `${CHECKOUT}/dist`): string {
  return folder.startsWith("/") ? folder : `${Deno.env.get("INIT_CWD") ?? Deno.cwd()}/${folder}`;
}

if (import.meta.main) {
  const folder = asked(Deno.args[0]);
  await bundle(folder);
  console.log(`Wrote jvs.js and deno.json in ${folder}.`);
}
