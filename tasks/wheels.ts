/**
 * `deno task wheels [DIR]`: writes the Python wheel into DIR (default `dist`). It has the bundle, its permission set and
 * a launcher, and depends on PyPI's `deno`. It needs Python with pip.
 */
import { VERSION } from "../src/model/version.ts";
import { asked, bundle, CHECKOUT } from "./bundle.ts";

/** Writes the wheel into a folder by this Python, and returns its file. */
export async function makeWheel(folder: string, python = "python3"): Promise<string> {
  const work = await Deno.makeTempDir();
  try {
    const program = `${work}/jvs/_program`;
    await bundle(program);
    await Deno.remove(`${program}/jvs.js.map`);
    const copied = ["pyproject.toml", ...namesIn(`${CHECKOUT}/python/jvs`).map((name) => `jvs/${name}`)];
    for (const name of copied) await Deno.copyFile(`${CHECKOUT}/python/${name}`, `${work}/${name}`);
    for (const name of ["README.md", "LICENSE"]) {
      await Deno.copyFile(`${CHECKOUT}/${name}`, `${work}/${name}`);
    }
    await Deno.writeTextFile(`${work}/jvs/_version.py`, `__version__ = ${JSON.stringify(VERSION)}\n`);
    const made = `${work}/made`;
    const args = ["-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", made, work];
    const { success, stderr } = await new Deno.Command(python, { args, stdout: "null" }).output();
    if (!success) throw new Error(`Cannot make the wheel: ${new TextDecoder().decode(stderr)}`);
    const [wheel] = namesIn(made);
    await Deno.mkdir(folder, { recursive: true });
    await Deno.copyFile(`${made}/${wheel}`, `${folder}/${wheel}`);
    return `${folder}/${wheel}`;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** The names of the files in a folder. */
function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).map(({ name }) => name);
}

if (import.meta.main) console.log(`Wrote ${await makeWheel(asked(Deno.args[0]))}.`);
