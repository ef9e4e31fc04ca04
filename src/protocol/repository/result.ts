import { ENGINE_NAMES, type EngineName } from "../../model/records.ts";
import { type Infer, nullable, oneOf, record, text } from "../../model/schema.ts";
import { isJvsError } from "../../model/errors.ts";
import type { Folder } from "../../platform/platform.ts";
import type { Store } from "../../repo/store.ts";
import type { Context } from "../context.ts";
import { engineFor } from "../engine_for.ts";

/** The result of an operation that makes a repository. */
export const NewRepositoryResult = record({
  repository: text().about("The folder that holds .jvs."),
  repo_id: text(),
  worktree: record({ name: text(), path: text().about("Absolute: go there to work in it.") }),
  engine: nullable(oneOf(...ENGINE_NAMES)).about(
    "How snapshots will be made; null where the one that was asked for cannot work.",
  ),
});

/** The result for this repository. */
export async function newRepositoryResult(
  context: Context,
  store: Store,
): Promise<Infer<typeof NewRepositoryResult>> {
  const main = store.worktrees.get("main");
  using root = store.worktrees.openRoot(main);
  const engine = await nameOfEngine(context, store, root);
  return {
    repository: store.layout.root,
    repo_id: store.repoId,
    worktree: { name: main.name, path: store.worktrees.root(main) },
    engine,
  };
}

/** An engine that cannot work is only a warning, because the repository exists already. */
async function nameOfEngine(context: Context, store: Store, root: Folder): Promise<EngineName | null> {
  try {
    return (await engineFor({ ...context, store }, { source: root })).engine.name;
  } catch (error) {
    if (!isJvsError(error, "E_ENGINE_UNAVAILABLE", "E_USAGE")) throw error;
    context.reporter.warn(`${error.message}. ${error.hint}`);
    return null;
  }
}
