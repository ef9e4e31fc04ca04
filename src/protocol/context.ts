import type { JvsError } from "../model/errors.ts";
import type { Reporter } from "../model/progress.ts";
import type { WorktreeConfig } from "../model/records.ts";
import type { IntentForm, OpenIntent } from "../repo/intents.ts";
import type { Store } from "../repo/store.ts";

/** Who asks, and how: everything an operation may know besides its input. */
export interface Context {
  /** The caller's folder, absolute. */
  readonly cwd: string;
  /** A repository named directly (`--repo`, `JVS_REPO`), else it is found from `cwd`. */
  readonly repo: string | undefined;
  /** `user@host`, or what the user wants recorded. */
  readonly actor: string;
  readonly session: string | undefined;
  /** For the audit record. */
  readonly reason: string | undefined;
  /** How long to wait for a lock; the config's value when undefined. */
  readonly lockTimeoutMs: number | undefined;
  /** An engine forced from outside (`JVS_SNAPSHOT_ENGINE`). */
  readonly engine: string | undefined;
  /** A program asks: a name must be exact, nothing is guessed. */
  readonly forProgram: boolean;
  /** The user's own config folder (trust lives there), absolute. */
  readonly userConfig: string | undefined;
  readonly home: string | undefined;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** The kind of change that an intent is of; nothing for one that this version does not know. */
  readonly kindOf: (operation: string) => Promise<Recoverable | undefined>;
}

/** A context with its repository opened; the worktree is the one that `cwd` lies in, or `main`. */
export interface RepositoryContext extends Context {
  readonly store: Store;
  readonly worktree: WorktreeConfig | null;
  /** Why there is no worktree, where its record is damaged: what asks for no worktree goes on all the same. */
  readonly worktreeProblem?: JvsError;
}

/** What recovery needs of a kind of change. */
// deno-lint-ignore no-explicit-any -- details and steps of any kind: `unknown` would refuse all of them
export interface Recoverable extends IntentForm<any, any> {
  /** Recovery changes files of users as the intent says, so it takes that from no other member of a group. */
  readonly touchesFiles?: boolean;
  /** Finishes or undoes what an intent began, by what is on disk. It may itself be killed and repeated. */
  // deno-lint-ignore no-explicit-any -- as above
  recover(context: RepositoryContext, intent: OpenIntent<any, any>): Promise<void>;
}
