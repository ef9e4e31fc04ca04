import { makeRoot } from "../../engine/engines.ts";
import { isJvsError } from "../../model/errors.ts";
import { ENGINE_NAMES, type EngineName } from "../../model/records.ts";
import { REPOSITORY, WORKTREE } from "../../model/result_fields.ts";
import { boolean, type Infer, nullable, oneOf, record, text } from "../../model/schema.ts";
import type { Folder } from "../../platform/platform.ts";
import { openPlatform } from "../../platform/open_platform.ts";
import { createRepository } from "../../repo/create.ts";
import { Intents } from "../../repo/intents.ts";
import type { Store } from "../../repo/store.ts";
import { Worktrees } from "../../repo/worktrees.ts";
import type { Context } from "../context.ts";
import { engineFor } from "../engine_for.ts";
import { entryOf, finishDecided } from "../change/commit.ts";
import { defineChange } from "../change/kind.ts";

/** A repository appears whole, with an intent in it, so recovery has only to write the audit record. */
const beginning = (operation: string) =>
  defineChange({
    operation,
    details: record({}),
    steps: [],
    audit: record({ worktree: text(), path: text(), shared: boolean() }),
    recover: finishDecided,
  });

/** Makes a repository with an empty worktree. */
export const initBeginning = beginning("init");
/** Adopts a folder where it is. */
export const adoptBeginning = beginning("adopt");

/** The repository to make. */
export interface NewRepository {
  readonly kind: typeof initBeginning;
  /** The folder that gets `.jvs`: absolute and without links. */
  readonly root: string;
  /** `main`, or `../X` for the folder that `X.jvs` adopts. */
  readonly mainPath: string;
  readonly shared: boolean;
}

/**
 * Makes a repository and writes its first audit record. The control plane appears at once, with an intent in it that has
 * that record. So a kill leaves no repository, or one whose next change writes the record.
 */
export async function beginRepository(
  context: Context,
  { kind, root, mainPath: path, shared }: NewRepository,
): Promise<NewRepositoryResult> {
  const platform = openPlatform();
  const store = createRepository(root, {
    main: { path, shared },
    platform,
    makeMain: (folder, name, mode) =>
      makeRoot(platform, folder, name, { forced: context.engine ?? "auto", mode }),
    fill: (control) => {
      // The next change of main would finish it too.
      const worktree_id = new Worktrees(control).find("main")?.worktree_id ?? null;
      const intents = new Intents(control, platform.host);
      const intent = intents.begin(kind, { worktree_id, target: root, details: {} });
      const note = { target: root, details: { worktree: "main", path, shared } };
      intent.decide({ ...entryOf<typeof kind>(context, intent, note), after: 0 });
    },
  });
  for (const intent of store.intents.list()) {
    await finishDecided({ store }, store.intents.takeOver(kind, intent));
  }
  return await newRepositoryResult(context, store);
}

/** The result of an operation that makes a repository. */
export const NewRepositoryResult = record({
  ...REPOSITORY,
  worktree: record({ name: WORKTREE.worktree, path: WORKTREE.path }).about(
    "The repository's first worktree.",
  ),
  engine: nullable(oneOf(...ENGINE_NAMES))
    .about("How snapshots will be made; null where the one that was asked for cannot work."),
});
export type NewRepositoryResult = Infer<typeof NewRepositoryResult>;

/** The result for this repository. */
export async function newRepositoryResult(context: Context, store: Store): Promise<NewRepositoryResult> {
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
