import { openPlatform } from "../../platform/open_platform.ts";
import { createRepository } from "../../repo/create.ts";
import { Intents } from "../../repo/intents.ts";
import type { Layout } from "../../repo/layout.ts";
import type { Store } from "../../repo/store.ts";
import { readWorktree } from "../../repo/worktree_files.ts";
import type { Context } from "../context.ts";
import { finishDecided } from "../change/finish.ts";

/** A repository that is to be. */
export interface NewRepository {
  readonly operation: "init" | "adopt";
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
  for (const intent of store.intents.list()) await finishDecided(store, store.intents.adopt(intent));
  return store;
}

function announce(context: Context, repository: NewRepository, control: Layout, intents: Intents): void {
  const { operation, root, mainPath, shared } = repository;
  const intent = intents.begin({
    operation,
    // The next change of main finishes it.
    worktree_id: readWorktree(control, "main")?.worktree_id ?? null,
    target: root,
    details: {},
  });
  intent.decide({
    operation,
    actor: context.actor,
    target: root,
    fencing_token: null,
    session_id: context.session ?? null,
    reason: context.reason ?? null,
    details: { worktree: "main", path: mainPath, shared },
    event_id: intent.id,
    after: 0,
  });
}
