import { asUser, USER } from "./as_user.ts";
import { mustRun, run } from "./run.ts";
import { copyTestProgram, testProgram } from "./test_program.ts";
import { atEndOfFile, tempDir } from "./temp_dir.ts";

const checkout = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

/** What a program needs to run as an ordinary user. */
export interface OrdinaryHome {
  /** A copy of the checkout that this user can read. */
  readonly checkout: string;
  /** The folder of the program that tests of this user start. */
  readonly program: string;
  /** A Deno that this user can start. */
  readonly deno: string;
  /** The home folder. */
  readonly home: string;
}

const homes = new Map<number, OrdinaryHome>();

/**
 * A place where an ordinary user can start JVS, made once for each test file. The checkout, its packages and Deno are
 * copied, because they are usually in a home folder that other users cannot enter.
 */
export function ordinaryHome(user = USER): OrdinaryHome {
  let made = homes.get(user);
  if (made === undefined) homes.set(user, made = makeHome(user));
  return made;
}

function makeHome(user: number): OrdinaryHome {
  const folder = tempDir({ owner: user });
  atEndOfFile(() => folder[Symbol.dispose]());
  const { path } = folder;
  const deno = reachableDeno(user, path);
  for (const name of ["copy", "copy/.deno", "copy/tests", "home", "cache"]) Deno.mkdirSync(`${path}/${name}`);
  const parts = ["bin", "src", "cli.ts", "mod.ts", "deno.json", "deno.lock"].map((name) =>
    `${checkout}/${name}`
  );
  mustRun("cp", "-R", ...parts, `${path}/copy/`);
  mustRun("cp", "-R", `${checkout}/tests/links`, `${path}/copy/tests/`);
  mustRun("cp", "-R", `${checkout}/.deno/cache/npm`, `${path}/cache/`);
  Deno.symlinkSync(deno, `${path}/copy/.deno/deno`);
  Deno.symlinkSync(`${path}/cache`, `${path}/copy/.deno/cache`);
  const copy = `${path}/copy`;
  const program = testProgram() === checkout ? copy : `${path}/program`;
  if (program !== copy) copyTestProgram(testProgram(), program, { deno, cache: `${path}/cache` });
  mustRun("chmod", "-R", "a+rX", path);
  if (Deno.uid() === 0) mustRun("chown", "-R", `${user}:${user}`, `${path}/cache`, `${path}/home`);
  return { checkout: copy, program, deno, home: `${path}/home` };
}

/** This Deno, or a copy in the folder if the user may not start this one. */
export function reachableDeno(user: number, folder: string, own = Deno.execPath()): string {
  // Through env, because setpriv still has the rights of root when it looks for the program.
  if (run(...asUser(user, "env", [own, "--version"])).code === 0) return own;
  mustRun("cp", "--reflink=auto", own, `${folder}/deno`);
  Deno.chmodSync(`${folder}/deno`, 0o755);
  return `${folder}/deno`;
}
