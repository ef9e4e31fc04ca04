import { JvsError } from "../model/errors.ts";
import type { Reporter } from "../model/progress.ts";
import { findProgram, runProgram } from "../platform/processes.ts";
import { SystemError } from "../platform/system_error.ts";
import { throwIfCancelled } from "../platform/time_slice.ts";

/** The program of JuiceFS that clones and removes trees. */
const PROGRAM = "juicefs";
/** What the program says, in the words of Go for an error number. */
const REASONS: [words: string, errno: string][] = [
  ["permission denied", "EACCES"],
  ["operation not permitted", "EPERM"],
  ["already exists", "EEXIST"],
  ["file exists", "EEXIST"],
  ["no such file or directory", "ENOENT"],
  ["no space left on device", "ENOSPC"],
  ["disk quota exceeded", "EDQUOT"],
  ["read-only file system", "EROFS"],
  ["input/output error", "EIO"],
  ["transport endpoint is not connected", "ENOTCONN"],
  ["connection refused", "ENOTCONN"],
];
/** Before version 1.1 the program could not clone. */
const TOO_OLD = /No help topic for|flag provided but not defined/;

/** Who hears of a call, and what cancels it between two calls. */
interface Calling {
  readonly reporter: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The program, if it is on PATH and JVS may run it. */
export function juicefsProgram(): string | undefined {
  return findProgram(PROGRAM);
}

/**
 * Clones a tree to a new name, which appears when it is complete. The program is never ended by us, and no signal for us
 * reaches it: if it ends too early, the volume keeps what was cloned so far under no name. SPEC 5.
 */
export async function juicefsClone(from: string, to: string, { reporter, signal }: Calling): Promise<void> {
  throwIfCancelled(signal);
  await run(["clone", "-p", from, to], `clone "${from}" to "${to}"`, to, reporter);
  throwIfCancelled(signal);
}

/** Removes a tree, far faster than entry by entry. */
export async function juicefsRemove(path: string, { reporter }: Calling): Promise<void> {
  await run(["rmr", path], `remove "${path}"`, path, reporter);
}

async function run(
  args: readonly string[],
  what: string,
  path: string,
  reporter: Reporter | undefined,
): Promise<void> {
  const program = juicefsProgram() ?? PROGRAM;
  // Paths are absolute, so none is taken for an option.
  const ended = await runProgram(program, ["--no-color", ...args], { detached: true, cwd: "/", reporter });
  if (ended.code !== 0) throw failureOf(what, path, { program, ...ended });
}

/** How a call of the program ended. */
interface Ended {
  readonly program: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function failureOf(what: string, path: string, { program, code, stdout, stderr }: Ended): JvsError {
  const said = lastWords(stderr);
  const details = { path, engine: "juicefs-clone", program, stderr };
  const [, errno] = REASONS.find(([words]) => said.endsWith(words)) ?? [];
  if (errno !== undefined) {
    const cause = new SystemError("change", path, errno);
    return new JvsError(cause.code, `Cannot ${what}: ${cause.reason}`, { hint: cause.hint, details, cause });
  }
  const isOld = TOO_OLD.test(stdout + stderr);
  const hint = isOld
    ? `Update ${program} to version 1.1 or later, or use JVS_SNAPSHOT_ENGINE=copy.`
    : "Mend what juicefs reports, or use JVS_SNAPSHOT_ENGINE=copy.";
  const why = `juicefs ended with ${code}: ${said || "it said nothing"}`;
  return new JvsError(isOld ? "E_ENGINE_UNAVAILABLE" : "E_ENGINE_FAILED", `Cannot ${what}: ${why}`, {
    hint,
    details,
  });
}

/** The reason in a line such as `2026/01/31 12:00:00.000000 juicefs[42] <FATAL>: clone failed: no space [main@main.go:31]`. */
function lastWords(stderr: string): string {
  const [, fatal] = /<(?:FATAL|ERROR)>: (.*?)(?: \[[^\]]*\])?$/m.exec(stderr) ?? [];
  return fatal ?? stderr.trim().split("\n")[0] ?? "";
}
