import { absolutePath } from "../../model/absolute_path.ts";
import { parseDuration } from "../../model/duration.ts";
import { JvsError } from "../../model/errors.ts";
import { isKeyText } from "../../model/key_text.ts";
import { quoted } from "../../model/path_text.ts";
import { printable } from "../../model/printable.ts";
import type { Reporter } from "../../model/progress.ts";
import type { AnyOperation } from "../../operation/define.ts";
import type { Waiting } from "../../platform/answering.ts";
import type { Context, SignalSource } from "../../protocol/context.ts";
import { contextFor, defaultActor } from "../../operation/caller.ts";
import type { Globals } from "./line/arguments.ts";
import type { Io } from "./io.ts";

/** The context of an operation. Flags come before environment variables. */
export async function createContext(
  operation: Pick<AnyOperation, "needs" | "changes">,
  globals: Globals,
  { announce, io, reporter, signal, signals }: {
    io: Io;
    announce?: Context["announce"];
    reporter?: Reporter;
    signal?: AbortSignal;
    signals?: SignalSource;
  },
): Promise<Context> {
  const needsActor = operation.needs === "repository" || operation.changes !== "nothing";
  const patience = io.env("JVS_MOUNT_TIMEOUT");
  const mountTimeoutMs = patience === undefined ? undefined : parseDuration(patience);
  const cwd = await workingFolder(io, globals.directory, { timeoutMs: mountTimeoutMs, signal });
  const repo = globals.repo ?? io.env("JVS_REPO");
  const home = io.env("HOME");
  // What is trusted must not depend on the folder that a command is started in.
  const settings = [io.env("XDG_CONFIG_HOME"), home === undefined ? undefined : `${home}/.config`]
    .find((path) => path?.startsWith("/"));
  const timeout = globals.lock_timeout ?? io.env("JVS_LOCK_TIMEOUT");
  return contextFor({
    cwd,
    repo: repo === undefined ? undefined : absolutePath(repo, cwd),
    actor: io.env("JVS_ACTOR") ?? (needsActor ? await defaultActor() : ""),
    session: globals.session ?? io.env("JVS_SESSION"),
    reason: globals.reason,
    lockTimeoutMs: timeout === undefined ? undefined : parseDuration(timeout),
    mountTimeoutMs,
    engine: io.env("JVS_SNAPSHOT_ENGINE"),
    program: io.env("JVS_BIN"),
    forProgram: globals.json,
    userConfig: settings === undefined ? undefined : `${settings}/jvs`,
    signingKey: signingKeyOf(io, cwd),
    home,
    hook: io.env("JVS_HOOK"),
    hookEnvironment: () => environmentOfHooks(io),
    signals,
    reporter,
    announce,
    signal,
    workers: workersOf(io),
  });
}

/** A key in the environment is a text of several lines, or else the path of its file. */
function signingKeyOf(io: Io, cwd: string): string | undefined {
  const given = io.env("JVS_SIGNING_KEY");
  return given === undefined || isKeyText(given) ? given : absolutePath(given, cwd);
}

/** Where workers come from, and how many threads the user allows (`JVS_THREADS`). */
function workersOf(io: Io): Context["workers"] {
  const { workerModule } = io;
  const given = io.env("JVS_THREADS");
  if (given === undefined || /^[1-9]\d{0,3}$/.test(given)) {
    return workerModule === undefined
      ? undefined
      : { module: workerModule, threads: Number(given ?? 0) || undefined };
  }
  throw new JvsError(
    "E_USAGE",
    `Cannot use JVS_THREADS="${printable(given)}": it must be a number, 1 or more`,
    {
      hint: "Set it to how many threads may work at once, or unset it.",
      details: { JVS_THREADS: given },
    },
  );
}

/** What programs need to find others, the user, a language and the user's services; and what lets a `jvs` in a hook be as this one. */
const OF_HOOKS = "PATH HOME USER LOGNAME LANG LC_ALL TERM TMPDIR TZ XDG_RUNTIME_DIR XDG_CONFIG_HOME JVS_DENO"
  .split(
    " ",
  );

function environmentOfHooks(io: Io): Record<string, string> {
  const given = OF_HOOKS.flatMap((name) => {
    const value = io.env(name);
    return value === undefined ? [] : [[name, name === "PATH" ? withoutRelative(value) : value] as const];
  });
  return Object.fromEntries(given);
}

/** A hook runs in the worktree: a program there must not be taken for one of the system. */
function withoutRelative(path: string): string {
  return path.split(":").filter((folder) => folder.startsWith("/")).join(":");
}

async function workingFolder(io: Io, directory: string | undefined, waiting: Waiting): Promise<string> {
  const cwd = currentFolder(io, directory);
  if (directory === undefined) return cwd;
  const path = absolutePath(directory, cwd);
  const { openPlatform } = await import("../../platform/open_platform.ts");
  const { requireAnswer } = await import("../../platform/answering.ts");
  const { callDeno } = await import("../../platform/deno_call.ts");
  const { isSystemError } = await import("../../platform/system_error.ts");
  await requireAnswer(openPlatform(), path, waiting);
  let reason = "there is no such folder";
  try {
    if (callDeno("work in", path, () => Deno.statSync(path)).isDirectory) return path;
  } catch (error) {
    if (!isSystemError(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) throw error;
    if (error.cause instanceof Deno.errors.NotCapable) reason = "Deno was not allowed to read it";
  }
  throw new JvsError("E_USAGE", `Cannot work in ${quoted(directory)}: ${reason}`, {
    hint: "Give an existing folder after -C.",
    details: { path },
  });
}

function currentFolder(io: Io, directory: string | undefined): string {
  try {
    return io.cwd();
  } catch (error) {
    if (directory?.startsWith("/")) return "/";
    const isGone = error instanceof Deno.errors.NotFound;
    // Deno fails too if the path of the folder is not valid text. Its message says so.
    const reason = isGone ? "it was removed" : error instanceof Error ? error.message : String(error);
    const message = `Cannot work in the current folder: ${reason}`;
    const hint = "Go to another folder with cd, or name one with -C.";
    throw new JvsError(isGone ? "E_NOT_FOUND" : "E_USAGE", message, { hint, cause: error });
  }
}
