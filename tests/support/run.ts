/** The output of a program and how it ended. */
export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; the code is 127 if it cannot start. */
export function run(program: string, ...args: string[]): Output {
  try {
    const { code, stdout, stderr } = new Deno.Command(program, { args, env: pathWithSystem() }).outputSync();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied;
    if (!absent) throw error;
    return { code: 127, stdout: "", stderr: `${program} is not installed, or this user may not start it` };
  }
}

/** Runs a program that must succeed, and returns its output. */
export function mustRun(program: string, ...args: string[]): string {
  const { code, stdout, stderr } = run(program, ...args);
  if (code !== 0) {
    throw new Error(`\`${[program, ...args].join(" ")}\` ended with ${code}: ${stderr || stdout}`);
  }
  return stdout;
}

/** A Python 3 that each user can start: that of the system before one in a home folder. */
export function python(): string {
  const system = "/usr/bin/python3";
  return run(system, "-c", "").code === 0 ? system : "python3";
}

/** mkfs and similar programs are in folders that a usual PATH does not have. */
function pathWithSystem(): Record<string, string> {
  return { PATH: `${Deno.env.get("PATH") ?? ""}:/usr/local/sbin:/usr/sbin:/sbin` };
}
