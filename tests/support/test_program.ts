import { bundle, CHECKOUT } from "../../tasks/bundle.ts";
import { mustRun } from "./run.ts";

/** The folder of the program that tests start: what `deno task test` made for all of them, or the checkout. */
export function testProgram(): string {
  return Deno.env.get("JVS_TEST_PROGRAM") || CHECKOUT;
}

/**
 * Makes a program for tests in a new folder: the bundle, as packages have it, and the launcher of the checkout. It starts in three quarters of
 * the time that the sources take, and tests start it thousands of times.
 */
export async function makeTestProgram(folder: string): Promise<void> {
  await bundle(folder);
  Deno.mkdirSync(`${folder}/bin`);
  Deno.writeTextFileSync(`${folder}/bin/jvs`, launcherOfBundle(), { mode: 0o755 });
  Deno.mkdirSync(`${folder}/.deno/cache/npm`, { recursive: true });
  Deno.symlinkSync(Deno.realPathSync(`${CHECKOUT}/.deno/deno`), `${folder}/.deno/deno`);
}

/** Copies such a program for a user who cannot enter its folder: with this Deno, and a cache that is that user's. */
export function copyTestProgram(
  from: string,
  to: string,
  { deno, cache }: { deno: string; cache: string },
): void {
  Deno.mkdirSync(`${to}/.deno`, { recursive: true });
  mustRun("cp", "-R", ...["bin", "jvs.js", "deno.json"].map((name) => `${from}/${name}`), to);
  Deno.symlinkSync(deno, `${to}/.deno/deno`);
  Deno.symlinkSync(cache, `${to}/.deno/cache`);
}

function launcherOfBundle(): string {
  const launcher = Deno.readTextFileSync(`${CHECKOUT}/bin/jvs`);
  const replaced = (text: string, here: string, there: string) => {
    if (!text.includes(here)) throw new Error(`bin/jvs has no "${here}" any more.`);
    return text.replaceAll(here, there);
  };
  return replaced(
    replaced(launcher, "cli.ts src deno.json tests/links", "jvs.js deno.json"),
    "/cli.ts",
    "/jvs.js",
  );
}
