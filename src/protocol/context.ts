import type { JvsError } from "../model/errors.ts";
import type { HooksRun } from "../model/hooks.ts";
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
  /** The program that `conformance run` checks (`JVS_BIN`); by default this one. */
  readonly program?: string | undefined;
  /** Whether a program calls: then names must be exact, and nothing is guessed. */
  readonly forProgram: boolean;
  /** The user's config folder, which has the trusted repositories and keys; absolute. */
  readonly userConfig?: string | undefined;
  /** The key to sign with (`JVS_SIGNING_KEY`): the absolute path of its file, or its text. */
  readonly signingKey?: string | undefined;
  readonly home?: string | undefined;
  /** The hook that calls, if one does (`JVS_HOOK`): inside of it no hooks run. */
  readonly hook?: string | undefined;
  /** The variables that hooks get of the caller's; a PATH alone by default. */
  readonly hookEnvironment?: (() => Readonly<Record<string, string>>) | undefined;
  /** Signals to end, for a program that the operation runs in its place; by default only `signal` says of them. */
  readonly signals?: SignalSource | undefined;
  readonly reporter: Reporter;
  /** Shows a person what is about to be done, as the result of this operation; undefined where a program calls. */
  readonly announce?: ((operation: string, result: unknown) => Promise<void>) | undefined;
  /** Threads for much work; without them one thread does it. */
  readonly workers?: WorkerSource | undefined;
  readonly signal: AbortSignal;
  /** Finds the kind of change by the operation in an intent; undefined if this version does not know it. */
  readonly kindOf: (operation: string) => Promise<Recoverable | undefined>;
  /** The operations of all kinds of change, as audit records name them; slow. */
  readonly recordedOperations: () => Promise<readonly string[]>;
}

/** The signals to end that this process gets. */
export interface SignalSource {
  /** As long as `using` lasts, each goes to the listener, and ends nothing else. */
  takeOver(listener: (name: Deno.Signal) => void): Disposable;
}

/** What a change of a worktree goes by, so that it stops where somebody else has the worktree by now. SPEC 10. */
export interface Guard {
  /** That of the lease by which the change is made; null without one. */
  readonly fencingToken: number | null;
  /**
   * Called before each step that cannot be undone. `E_FENCING_MISMATCH` where another session acquired the worktree,
   * `E_LOCK_EXPIRED` where the lease is gone or ran out.
   */
  check(): Promise<void>;
}

/** A context with an open repository. The worktree is the one that contains `cwd`, or `main`. */
export interface RepositoryContext extends Context {
  readonly store: Store;
  readonly worktree: WorktreeConfig | null;
  /** Why there is no worktree, if its record is damaged. Operations that need no worktree still work. */
  readonly worktreeProblem?: JvsError;
  /** Within a change of a worktree. */
  readonly guard?: Guard | undefined;
  /** What ran before the change, for its audit record. */
  readonly hooksRun?: HooksRun | undefined;
}

/** What recovery must know of a kind of change. */
// deno-lint-ignore no-explicit-any -- details and steps of any kind: `unknown` would refuse all of them
export interface Recoverable extends IntentForm<any, any> {
  /** It changes nothing but a lease, so whoever has the lease now, it is recovered. */
  readonly isOfLease?: boolean;
  /** Finishes or undoes what an intent began. It decides by what is on disk, so it can be killed and repeated. */
  // deno-lint-ignore no-explicit-any -- as above
  recover(context: RepositoryContext, intent: OpenIntent<any, any>): Promise<void>;
}
