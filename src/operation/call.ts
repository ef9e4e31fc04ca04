import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { SchemaMismatch } from "../model/schema.ts";
import type { AnyOperation, Context, RepositoryContext } from "./_define.ts";

/** Runs an operation on what a user gave: checked, and with the repository opened where it needs one. */
export async function callOperation(
  operation: AnyOperation,
  context: Context,
  input: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const checked = checkedInput(operation, input);
  if (operation.needs === "nothing") return await operation.run(context, checked);
  return await operation.run(await openRepository(context), checked);
}

/** Finds and opens the repository that a context is about; `E_NOT_A_REPOSITORY` names where it was looked for. */
export async function openRepository(context: Context): Promise<RepositoryContext> {
  // Only who opens a repository pays for loading what that takes.
  const { discover } = await import("../repo/discover.ts");
  const { openStore } = await import("../repo/store.ts");
  const found = discover(context.repo ?? context.cwd);
  if (found === undefined) throw notARepository(context);
  const store = openStore(found.root);
  const worktree = store.worktrees.containing(context.cwd) ??
    (found.worktree === null ? undefined : store.worktrees.find(found.worktree)) ??
    store.worktrees.find("main") ?? null;
  return { ...context, store, worktree };
}

/** The input with its defaults, or `E_USAGE`. */
function checkedInput(operation: AnyOperation, input: Readonly<Record<string, unknown>>) {
  try {
    return operation.input.check(input);
  } catch (error) {
    if (!(error instanceof SchemaMismatch)) throw error;
    throw new JvsError("E_USAGE", `Cannot run ${operation.name}: ${error.message}.`, {
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
      `Cannot find a JVS repository in ${quoted(path)} or in any folder above it.`,
      {
        details: { path },
      },
    )
    : new JvsError("E_NOT_A_REPOSITORY", `Cannot open ${quoted(path)}: there is no JVS repository there.`, {
      hint: "Name the folder that holds .jvs, or a folder in one of its worktrees.",
      details: { path },
    });
}
