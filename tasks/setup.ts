/**
 * Prepares a new checkout: fetches the packages of deno.lock and makes two links for bin/jvs in `.deno/`. If nothing
 * changed, it does nothing.
 */

const root = new URL("../", import.meta.url);
const folder = new URL(".deno/", root);

/** Prepares the checkout if it is not ready, and says so on stderr. */
export async function setup(): Promise<void> {
  const stamp = await wanted();
  if (await isReady(stamp)) return;
  console.error("Setting up: fetching packages ...");
  await Deno.mkdir(folder, { recursive: true });
  await run("install", "--quiet");
  await warm();
  await link("deno", Deno.execPath());
  await link("cache", await cacheFolder());
  await Deno.writeTextFile(new URL("ready", folder), stamp);
}

/** Everything that the setup depends on, as one text. */
async function wanted(): Promise<string> {
  const parts = [Deno.version.deno, Deno.execPath(), Deno.env.get("DENO_DIR") ?? ""];
  for (const name of ["deno.json", "deno.lock"]) parts.push(await Deno.readTextFile(new URL(name, root)));
  return parts.join("\n");
}

async function isReady(stamp: string): Promise<boolean> {
  try {
    await Deno.stat(new URL("deno", folder));
    await Deno.stat(new URL("cache/npm", folder));
    return await Deno.readTextFile(new URL("ready", folder)) === stamp;
  } catch {
    return false; // never set up, or the target of a link is gone
  }
}

/** Lets Deno compile the program now, so that the first command is as fast as the second. */
async function warm(): Promise<void> {
  for (const name of ["cli.ts", "mod.ts"]) {
    const exists = await Deno.stat(new URL(name, root)).then(() => true, () => false);
    if (exists) await run("cache", "--quiet", name);
  }
}

async function cacheFolder(): Promise<string> {
  const info: { denoDir: string } = JSON.parse(await run("info", "--json"));
  return info.denoDir;
}

/** Replaces a link in one step, because a program may use it at this moment. */
async function link(name: string, target: string): Promise<void> {
  if (Deno.build.os === "windows") {
    await Deno.writeTextFile(new URL(`${name}.path`, folder), `${target}\r\n`); // on Windows links need a privilege
    return;
  }
  const temporary = new URL(`${name}.${Deno.pid}`, folder);
  await Deno.symlink(target, temporary);
  await Deno.rename(temporary, new URL(name, folder));
}

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  if (code !== 0) {
    throw new Error(`Cannot set up: \`deno ${args.join(" ")}\` failed.\n${new TextDecoder().decode(stderr)}`);
  }
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) {
  try {
    await setup();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error("The first setup needs the npm registry. Try again when it is reachable.");
    Deno.exit(1);
  }
}
