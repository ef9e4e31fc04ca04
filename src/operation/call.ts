import { phase } from "../model/progress.ts";
import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { SchemaMismatch } from "../model/schema.ts";
import type { ServedMount } from "../platform/platform.ts";
import type { Discovered } from "../repo/discover.ts";
import type { Store } from "../repo/store.ts";
import type { AnyOperation } from "./define.ts";
import type { Context, RepositoryContext } from "../protocol/context.ts";

/** Checks the input of an operation, opens the repository if it needs one, and runs it. */
export async function callOperation(
  operation: AnyOperation,
  context: Context,
  input: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const checked = checkedInput(operation, input);
  if (operation.needs === "nothing") {
    if (operation.changes !== "nothing") await reach(context);
    return await operation.run(context, checked);
  }
  const { mount, ...opened } = await openForCall(context, operation.takesUnmarked?.(checked));
  // Such a setting may be meant to prevent this change, so warn. Without a change, doctor and info tell the user.
  const notHonoured = operation.changes === "nothing" ? undefined : opened.store.config.notHonoured();
  if (notHonoured !== undefined) context.reporter.warn(notHonoured);
  using _held = opened.store.snapshots.hold();
  if (mount === undefined) return await operation.run(opened, checked);
  const { whileAnswering } = await import("../platform/answering.ts");
  const { mountTimeoutMs: timeoutMs, signal } = opened;
  return await whileAnswering(mount, { timeoutMs, signal }, async (signal) => {
    return await operation.run({ ...opened, signal }, checked);
  });
}

async function openForCall(context: Context, takesUnmarked?: boolean): Promise<OpenedContext> {
  using _phase = phase(context.reporter, "opening the repository");
  return await openRepository(context, takesUnmarked);
}

/** Makes sure that the place of a call answers; returns what serves it, if anything does. */
async function reach(
  { cwd, repo, mountTimeoutMs: timeoutMs, signal }: Context,
): Promise<ServedMount | undefined> {
  const { openPlatform } = await import("../platform/open_platform.ts");
  const { requireAnswer } = await import("../platform/answering.ts");
  return await requireAnswer(openPlatform(), repo ?? cwd, { timeoutMs, signal });
}

/** The context of a repository that was opened, and what serves its file system, if anything does. */
interface OpenedContext extends RepositoryContext {
  readonly mount: ServedMount | undefined;
}

/** Finds and opens the repository of a context. `E_NOT_A_REPOSITORY` names the folder where the search began. */
export async function openRepository(context: Context, takesUnmarked = false): Promise<OpenedContext> {
  const mount = await reach(context);
  // Loaded here, so that commands without a repository start faster.
  const { unlessFailed } = await import("../platform/system_error.ts");
  const { discover } = await import("../repo/discover.ts");
  const { openStore } = await import("../repo/store.ts");
  const { trustedRepositories } = await import("../repo/trust.ts");
  const options = { trustedRoots: trustedRepositories(context.userConfig), takesUnmarked };
  const from = context.repo ?? context.cwd;
  // A missing folder has no repository. The error below explains that better.
  const found = unlessFailed(["ENOENT", "ENOTDIR"], () => discover(from, options));
  if (found === undefined) {
    const [message, hint] = context.repo === undefined
      ? [`Cannot find a JVS repository in or above ${quoted(from)}`]
      : [
        `Cannot open ${quoted(from)}: there is no JVS repository there`,
        "Name the folder that contains .jvs, or a folder in one of its worktrees.",
      ];
    throw new JvsError("E_NOT_A_REPOSITORY", message, { ...(hint && { hint }), details: { path: from } });
  }
  const store = openStore(found.root, { ...options, signing: context });
  return { ...context, store, mount, ...await worktreeOf(context, store, found) };
}

/**
 * The worktree around the current folder, or else main. A damaged record is a `worktreeProblem` and no error yet, so that
 * `doctor` and work on other worktrees still run.
 */
async function worktreeOf(
  { repo, cwd }: Context,
  { layout, worktrees }: Store,
  found: Discovered,
): Promise<Pick<RepositoryContext, "worktree" | "worktreeProblem">> {
  const { isUnusableRecord } = await import("../repo/control_errors.ts");
  try {
    const name = repo === undefined ? found.worktree ?? undefined : worktrees.containing(cwd)?.name;
    // A killed rename may leave a folder among the worktrees that no record names. It must not be taken for main.
    const isStray = name === undefined && cwd.startsWith(`${layout.payloads}/`);
    const worktree = isStray ? undefined : worktrees.find(name ?? "main");
    if (worktree !== undefined) return { worktree };
    const lost = isStray ? cwd.slice(layout.payloads.length + 1).split("/")[0] ?? "" : "main";
    const worktreeProblem = worktrees.withoutRecord(lost);
    return worktreeProblem === undefined ? { worktree: null } : { worktree: null, worktreeProblem };
  } catch (error) {
    if (!isUnusableRecord(error)) throw error;
    return { worktree: null, worktreeProblem: error };
  }
}

/** The input with its defaults; `E_USAGE` if it does not fit the schema. */
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
