import { absolutePath } from "../../model/absolute_path.ts";
import { parseDuration } from "../../model/duration.ts";
import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import type { Reporter } from "../../model/progress.ts";
import type { AnyOperation } from "../../operation/define.ts";
import type { Context } from "../../protocol/context.ts";
import { defaultActor } from "../../operation/call.ts";
import { changeKindOf } from "../../operation/registry.ts";
import type { Globals } from "./line/globals.ts";
import type { Io } from "./io.ts";

/** What a context is made of besides the command line. */
export interface ContextParts {
  readonly io: Io;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** Who asks, and how: from the flags first, then the environment. */
export async function createContext(
  operation: Pick<AnyOperation, "needs" | "changes">,
  globals: Globals,
  { io, reporter, signal }: ContextParts,
): Promise<Context> {
  // What neither opens a repository nor changes anything need not know the user.
  const recordsNobody = operation.needs === "nothing" && operation.changes === "nothing";
  const cwd = workingFolder(io, globals.directory);
  const repo = globals.repo ?? io.env("JVS_REPO");
  const home = io.env("HOME");
  const settings = io.env("XDG_CONFIG_HOME") ?? (home === undefined ? undefined : `${home}/.config`);
  const timeout = globals.lock_timeout ?? io.env("JVS_LOCK_TIMEOUT");
  return {
    cwd,
    repo: repo === undefined ? undefined : absolutePath(repo, cwd),
    actor: io.env("JVS_ACTOR") ?? (recordsNobody ? "" : await defaultActor()),
    session: globals.session ?? io.env("JVS_SESSION"),
    reason: globals.reason,
    lockTimeoutMs: timeout === undefined ? undefined : parseDuration(timeout),
    engine: io.env("JVS_SNAPSHOT_ENGINE"),
    forProgram: globals.json,
    userConfig: settings === undefined ? undefined : `${settings}/jvs`,
    home,
    reporter,
    signal,
    kindOf: changeKindOf,
  };
}

function workingFolder(io: Io, directory: string | undefined): string {
  const cwd = currentFolder(io, directory);
  if (directory === undefined) return cwd;
  const path = absolutePath(directory, cwd);
  try {
    if (Deno.statSync(path).isDirectory) return path;
  } catch {
    // not there, or not for us: the sentence below says all of it
  }
  throw new JvsError("E_USAGE", `Cannot work in ${quoted(directory)}: there is no such folder`, {
    hint: "Give an existing folder after -C.",
    details: { path },
  });
}

function currentFolder(io: Io, directory: string | undefined): string {
  try {
    return io.cwd();
  } catch (error) {
    if (directory?.startsWith("/")) return "/";
    const hint = "Go to another folder with cd, or name one with -C.";
    if (error instanceof Deno.errors.NotFound) {
      throw new JvsError("E_NOT_FOUND", "Cannot work in the current folder: it was removed", {
        hint,
        cause: error,
      });
    }
    // Deno hands out paths as text: in a folder whose name is none, it says so in its own words.
    const reason = error instanceof Error ? error.message : String(error);
    throw new JvsError("E_USAGE", `Cannot work in the current folder: ${reason}`, { hint, cause: error });
  }
}
