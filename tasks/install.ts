/** `deno task install [DIR]`: writes a launcher for this checkout into DIR (default ~/.local/bin). */
import { setup } from "./setup.ts";

const windows = Deno.build.os === "windows";
const root = new URL("../", import.meta.url);

/** The text of a launcher with the fixed folder of the checkout, so that the launcher works from any place. */
export function fixedLauncher(launcher: string, folder: string): string {
  const fixed = launcher.startsWith("#!")
    ? `root='${folder.replaceAll("'", `'\\''`)}'`
    : `set "root=${folder.replaceAll("%", "%%")}"`;
  const text = launcher.replace(/^(.*root:begin).*$[^]*?^(.*root:end)$/m, () => fixed);
  if (text === launcher) throw new Error("Cannot install: the launcher has no line `root:begin`.");
  return text;
}

/** The folder for the launcher, as a full path. */
function target(): string {
  const asked = Deno.args[0];
  if (asked === undefined) {
    const home = Deno.env.get(windows ? "USERPROFILE" : "HOME");
    if (!home) throw new Error("Cannot install: HOME is not set. Name a folder: `deno task install DIR`.");
    return `${home}/.local/bin`;
  }
  const isFull = asked.startsWith("/") || (windows && /^([A-Za-z]:|\\)/.test(asked));
  return isFull ? asked : `${Deno.env.get("INIT_CWD") ?? Deno.cwd()}/${asked}`;
}

async function install(): Promise<void> {
  await setup();
  const name = windows ? "jvs.cmd" : "jvs";
  const launcher = await Deno.readTextFile(new URL(`bin/${name}`, root));
  const checkout = await Deno.realPath(root);
  const asked = target();
  await Deno.mkdir(asked, { recursive: true });
  const folder = await Deno.realPath(asked);
  const file = `${folder}/${name}`;
  // Remove first: the file may be a link, and writing would change the launcher of another checkout.
  await Deno.remove(file).catch(() => {});
  await Deno.writeTextFile(file, fixedLauncher(launcher, checkout), { mode: 0o755 });
  console.log(`Installed ${file}, which starts ${checkout}.`);
  const onPath = (Deno.env.get("PATH") ?? "").split(windows ? ";" : ":");
  const places = await Promise.all(onPath.map((path) => Deno.realPath(path).catch(() => undefined)));
  if (!places.includes(folder)) {
    console.log(`${folder} is not on your PATH. Add it: export PATH="${folder}:$PATH"`);
  }
}

if (import.meta.main) {
  try {
    await install();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}
