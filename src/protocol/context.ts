import type { JvsError } from "../model/errors.ts";
import type { Reporter } from "../model/progress.ts";
import type { WorktreeConfig } from "../model/records.ts";
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
}

/** A context with its repository opened; the worktree is the one that `cwd` lies in, or `main`. */
export interface RepositoryContext extends Context {
  readonly store: Store;
  readonly worktree: WorktreeConfig | null;
  /** Why there is no worktree, where its record is damaged: what asks for no worktree goes on all the same. */
  readonly worktreeProblem?: JvsError;
}
