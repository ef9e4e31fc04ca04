import { boolean, record, text } from "../../model/schema.ts";
import { openPlatform } from "../../platform/open_platform.ts";
import { createRepository } from "../../repo/create.ts";
import { Intents } from "../../repo/intents.ts";
import type { Layout } from "../../repo/layout.ts";
import type { Store } from "../../repo/store.ts";
import { readWorktree } from "../../repo/worktree_files.ts";
import type { Context } from "../context.ts";
import { entryOf, finishDecided } from "../change/commit.ts";
import { defineChange } from "../change/kind.ts";

/** A repository appears whole, with its intent in it: what is left to do is to record that. */
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
/** Puts a folder under version control where it stands. */
export const adoptBeginning = beginning("adopt");

/** A repository that is to be. */
export interface NewRepository {
  readonly kind: typeof initBeginning;
  /** The folder that holds `.jvs`: absolute and without links. */
  readonly root: string;
  /** `main`, or `../X` for the folder that `X.jvs` adopts. */
  readonly mainPath: string;
  readonly shared: boolean;
}

/**
 * Makes a repository and writes its first audit record. The control plane appears with an intent in it that says what is
 * to be recorded, so that killed at any moment there is no repository, or one whose record is there or is made up for.
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
    // The next change of main finishes it.
    worktree_id: readWorktree(control, "main")?.worktree_id ?? null,
    target: root,
    details: {},
  });
  const note = { target: root, details: { worktree: "main", path: mainPath, shared } };
  intent.decide({ ...entryOf<typeof initBeginning>(context, intent, note), after: 0 });
}
