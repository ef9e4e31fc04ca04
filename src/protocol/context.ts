import type { JvsError } from "../model/errors.ts";
import type { Reporter } from "../model/progress.ts";
import type { WorktreeConfig } from "../model/records.ts";
import type { WorkerSource } from "../platform/worker_team.ts";
import type { IntentForm, OpenIntent } from "../repo/intents.ts";
import type { Store } from "../repo/store.ts";

/** Who calls an operation, and how: all that it may know besides its input. */
export interface Context {
  /** The caller's folder, absolute. */
  readonly cwd: string;
  /** A repository that the user named (`--repo`, `JVS_REPO`); else it is found from `cwd`. */
  readonly repo?: string | undefined;
  /** `user@host`, or what the user set instead. */
  readonly actor: string;
  readonly session?: string | undefined;
  /** For the audit record. */
  readonly reason?: string | undefined;
  /** How long to wait for a lock; undefined: as the settings say. */
  readonly lockTimeoutMs?: number | undefined;
  /** How long a file system may take to answer that a program or another machine serves; 30 s by default. */
  readonly mountTimeoutMs?: number | undefined;
  /** An engine that the user forces (`JVS_SNAPSHOT_ENGINE`). */
  readonly engine?: string | undefined;
  /** Whether a program calls: then names must be exact, and nothing is guessed. */
  readonly forProgram: boolean;
  /** The user's config folder, which has the trusted repositories; absolute. */
  readonly userConfig?: string | undefined;
  readonly home?: string | undefined;
  readonly reporter: Reporter;
  /** Threads for much work; without them one thread does it. */
  readonly workers?: WorkerSource | undefined;
  readonly signal: AbortSignal;
  /** Finds the kind of change by the operation in an intent; undefined if this version does not know it. */
  readonly kindOf: (operation: string) => Promise<Recoverable | undefined>;
}

/** A context with an open repository. The worktree is the one that contains `cwd`, or `main`. */
export interface RepositoryContext extends Context {
  readonly store: Store;
  readonly worktree: WorktreeConfig | null;
  /** Why there is no worktree, if its record is damaged. Operations that need no worktree still work. */
  readonly worktreeProblem?: JvsError;
}

/** What recovery must know of a kind of change. */
// deno-lint-ignore no-explicit-any -- details and steps of any kind: `unknown` would refuse all of them
export interface Recoverable extends IntentForm<any, any> {
  /** Finishes or undoes what an intent began. It decides by what is on disk, so it can be killed and repeated. */
  // deno-lint-ignore no-explicit-any -- as above
  recover(context: RepositoryContext, intent: OpenIntent<any, any>): Promise<void>;
}
