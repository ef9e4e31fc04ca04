import { isJvsError, JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { SchemaMismatch } from "../model/schema.ts";
import type { Discovered } from "../repo/discover.ts";
import type { Store } from "../repo/store.ts";
import type { AnyOperation } from "./define.ts";
import type { Context, RepositoryContext } from "../protocol/context.ts";

/** Runs an operation on what a user gave: checked, and with the repository opened where it needs one. */
export async function callOperation(
  operation: AnyOperation,
  context: Context,
  input: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  return await runOperation(operation, context, checkedInput(operation, input));
}

/** Runs an operation on input that its own schema has checked. */
export async function runOperation(
  operation: AnyOperation,
  context: Context,
  checked: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  if (operation.needs === "nothing") return await operation.run(context, checked);
  const opened = await openRepository(context);
  // A change may be what such a setting was to prevent; a reader is told by doctor and info.
  const notHonoured = operation.changes === "nothing" ? undefined : opened.store.config.notHonoured();
  if (notHonoured !== undefined) context.reporter.warn(notHonoured);
  using _held = opened.store.snapshots.hold();
  return await operation.run(opened, checked);
}

/** Finds and opens the repository that a context is about; `E_NOT_A_REPOSITORY` names where it was looked for. */
export async function openRepository(context: Context): Promise<RepositoryContext> {
  // Only who opens a repository pays for loading what that takes.
  const { isUnreadableRecord } = await import("../repo/control_errors.ts");
  const { discover } = await import("../repo/discover.ts");
  const { openStore } = await import("../repo/store.ts");
  const { trustedRepositories } = await import("../repo/trust.ts");
  const trustedRoots = trustedRepositories(context.userConfig);
  const found = lookFrom(context, (from) => discover(from, { trustedRoots }));
  if (found === undefined) throw notARepository(context);
  const store = openStore(found.root, { trustedRoots });
  return { ...context, store, ...worktreeOf(context, store, found, isUnreadableRecord) };
}

/** The worktree that the caller is in, else main. One whose record is damaged must not stop `doctor`, or another's work. */
function worktreeOf(
  { repo, cwd }: Context,
  { layout, worktrees }: Store,
  found: Discovered,
  isUnreadable: (error: unknown) => error is JvsError,
): Pick<RepositoryContext, "worktree" | "worktreeProblem"> {
  try {
    const name = repo === undefined ? found.worktree ?? undefined : worktrees.containing(cwd)?.name;
    // A folder among the worktrees that is none, as a kill while one is renamed leaves it for a while, is not main.
    const isStray = name === undefined && cwd.startsWith(`${layout.payloads}/`);
    const worktree = isStray ? undefined : worktrees.find(name ?? "main");
    if (worktree !== undefined) return { worktree };
    const lost = isStray ? cwd.slice(layout.payloads.length + 1).split("/")[0] ?? "" : "main";
    const worktreeProblem = worktrees.withoutRecord(lost);
    return worktreeProblem === undefined ? { worktree: null } : { worktree: null, worktreeProblem };
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return { worktree: null, worktreeProblem: error };
  }
}

/** Who is recorded when nobody says otherwise: `user@host`. */
export async function defaultActor(): Promise<string> {
  const { actorOf } = await import("../repo/actor.ts");
  const { openPlatform } = await import("../platform/open_platform.ts");
  return actorOf(openPlatform());
}

function lookFrom(
  { repo, cwd }: Context,
  discover: (from: string) => Discovered | undefined,
): Discovered | undefined {
  try {
    return discover(repo ?? cwd);
  } catch (error) {
    // A place that does not exist holds no repository either; the error for that says more.
    if (isJvsError(error) && (error.details.errno === "ENOENT" || error.details.errno === "ENOTDIR")) {
      return undefined;
    }
    throw error;
  }
}

/** The input with its defaults, or `E_USAGE`. */
function checkedInput(operation: AnyOperation, input: Readonly<Record<string, unknown>>) {
  try {
    return operation.input.check(input);
  } catch (error) {
    if (!(error instanceof SchemaMismatch)) throw error;
    throw new JvsError("E_USAGE", `Cannot run ${operation.name}: ${error.message}`, {
      hint: `See \`jvs help ${operation.name}\`.`,
      details: { operation: operation.name, field: error.at },
    });
  }
}

function notARepository({ repo, cwd }: Context): JvsError {
  const path = repo ?? cwd;
  return repo === undefined
    ? new JvsError(
      "E_NOT_A_REPOSITORY",
      `Cannot find a JVS repository in ${quoted(path)} or in any folder above it`,
      {
        details: { path },
      },
    )
    : new JvsError("E_NOT_A_REPOSITORY", `Cannot open ${quoted(path)}: there is no JVS repository there`, {
      hint: "Name the folder that holds .jvs, or a folder in one of its worktrees.",
      details: { path },
    });
}
