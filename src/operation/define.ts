import type { JvsError } from "../model/errors.ts";
import type { Reporter } from "../model/progress.ts";
import type { Fields, Infer, InferFields, RecordSchema, Schema } from "../model/schema.ts";
import type { WorktreeConfig } from "../model/records.ts";
import type { Store } from "../repo/store.ts";

/** What an operation changes, and so what it must hold: nothing, one worktree, the repository, or no repository yet. */
export type Changes = "nothing" | "worktree" | "repository" | "outside";

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

interface Described<I extends Fields, O> {
  /** The words that call it: `snapshot`, `worktree fork`. */
  readonly name: string;
  /** One sentence without a full stop, for lists. */
  readonly summary: string;
  /** More, for its own help page: paragraphs. */
  readonly about?: string;
  /** Command lines with what they do, for help and reference. */
  readonly examples?: readonly (readonly [command: string, what: string])[];
  readonly input: RecordSchema<I>;
  readonly output: Schema<O>;
  /** Whether this result says no (exit code 1), although nothing went wrong: never by default. */
  readonly failed?: (result: O, input: InferFields<I>) => boolean;
}

/** An operation on a repository. */
export interface Operation<I extends Fields = Fields, O = unknown> extends Described<I, O> {
  readonly changes: Changes;
  readonly run: (context: RepositoryContext, input: InferFields<I>) => Promise<O>;
  readonly needs: "repository";
}

/** An operation that needs no repository (`init`, `version`). */
export interface FreeOperation<I extends Fields = Fields, O = unknown> extends Described<I, O> {
  readonly changes: Changes;
  readonly run: (context: Context, input: InferFields<I>) => Promise<O>;
  readonly needs: "nothing";
}

/** An operation of which only the description's form is known: what the registry hands to every surface. */
export type AnyOperation = Operation | FreeOperation;

/** Describes an operation on a repository; its types follow from its schemas. */
export function defineOperation<I extends Fields, S extends Schema<unknown>>(
  operation: Omit<Operation<I, Infer<S>>, "needs" | "output"> & { readonly output: S },
): Operation<I, Infer<S>> {
  return { ...operation, output: operation.output as Schema<Infer<S>>, needs: "repository" };
}

/** Describes an operation that needs no repository. */
export function defineFreeOperation<I extends Fields, S extends Schema<unknown>>(
  operation: Omit<FreeOperation<I, Infer<S>>, "needs" | "output"> & { readonly output: S },
): FreeOperation<I, Infer<S>> {
  return { ...operation, output: operation.output as Schema<Infer<S>>, needs: "nothing" };
}
