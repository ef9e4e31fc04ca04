import type { HookedOperation, HooksRun } from "../../model/hooks.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { RepositoryContext } from "../context.ts";
import type { Hooks } from "./hooks.ts";

/**
 * The hooks of an operation on a worktree, which the user trusts; undefined if there are none, or a hook asks for the operation.
 * `E_UNTRUSTED` or `E_PERMISSION` if they may not run. Nothing is loaded where there are none.
 */
export async function hooksFor(
  context: RepositoryContext,
  operation: HookedOperation,
  worktree: WorktreeConfig,
): Promise<Hooks | undefined> {
  const { config } = context.store;
  if (context.hook !== undefined) return undefined;
  const [before, after] = [config.get(`hooks.pre-${operation}`), config.get(`hooks.post-${operation}`)];
  if (before === "" && after === "") return undefined;
  const { Hooks } = await import("./hooks.ts");
  return await Hooks.trusted(context, operation, worktree, { before, after });
}

/** What the audit record of a change says of the hooks before it; nothing where there are none. */
export function hooksOf({ hooksRun: hooks }: RepositoryContext): { hooks?: HooksRun } {
  return hooks === undefined ? {} : { hooks };
}
