import { tempDir } from "./temp_dir.ts";

/** The text of bin/jvs. */
export const launcher = Deno.readTextFileSync(new URL("../../bin/jvs", import.meta.url));

/** A made-up checkout whose programs only say how they were started, so that nothing real is run. */
export function fakeCheckout(programs: Record<string, string>) {
  const folder = tempDir();
  const path = `${folder.path}/check out's`;
  for (const name of ["bin", "src", ".deno", "path", "tests/links"]) {
    Deno.mkdirSync(`${path}/${name}`, { recursive: true });
  }
  Deno.writeTextFileSync(`${path}/bin/jvs`, launcher, { mode: 0o755 });
  for (const name of ["cli.ts", "deno.json"]) Deno.writeTextFileSync(`${path}/${name}`, "\n");
  for (const [name, body] of Object.entries(programs)) {
    Deno.writeTextFileSync(`${path}/${name}`, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }
  return { path, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

/** A program that shows its name, arguments and what else it was given. */
export const show = (name: string) => `printf '%s|' ${name} "$@"; printf '%s' "\${DENO_DIR-}"`;

/** How a program ends, and what it says, with only these variables. */
export function start(program: string, args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = new Deno.Command(program, { args, clearEnv: true, env }).outputSync();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** How `show` shows the beginning of what a linked Deno is started with. */
export const RUN = "linked|run|-q|--no-prompt|--v8-flags=--min-semi-space-size=16,--max-semi-space-size=16|";

/** PATH with the made-up programs alone, so that what the launcher starts is seen; readlink only where it is needed. */
export const alone = (path: string) => ({ PATH: `${path}/path` });
