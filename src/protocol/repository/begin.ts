import { boolean, record, text } from "../../model/schema.ts";
import { openPlatform } from "../../platform/open_platform.ts";
import { createRepository } from "../../repo/create.ts";
import { Intents } from "../../repo/intents.ts";
import type { Layout } from "../../repo/layout.ts";
import type { Store } from "../../repo/store.ts";
import { Worktrees } from "../../repo/worktrees.ts";
import type { Context } from "../context.ts";
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
export async function beginRepository(context: Context, repository: NewRepository): Promise<Store> {
  const { root, mainPath: path, shared } = repository;
  const platform = openPlatform();
  const host = platform.host;
  const store = createRepository(root, {
    main: { path, shared },
    platform,
    fill: (control) => announce(context, repository, control, new Intents(control, host)),
  });
  for (const intent of store.intents.list()) {
    await finishDecided({ store }, store.intents.takeOver(repository.kind, intent));
  }
  return store;
}

function announce(context: Context, repository: NewRepository, control: Layout, intents: Intents): void {
  const { kind, root, mainPath, shared } = repository;
  const intent = intents.begin(kind, {
    // So that the next change of main finishes it.
    worktree_id: new Worktrees(control).find("main")?.worktree_id ?? null,
    target: root,
    details: {},
  });
  const note = { target: root, details: { worktree: "main", path: mainPath, shared } };
  intent.decide({ ...entryOf<typeof initBeginning>(context, intent, note), after: 0 });
}
