import type { Fields, Infer, InferFields, RecordSchema, Schema } from "../model/schema.ts";
import type { AnyChangeKind } from "../protocol/change/kind.ts";
import type { Context, RepositoryContext } from "../protocol/context.ts";

/** What an operation changes, and so what it must hold: nothing, one worktree, the repository, or no repository yet. */
export type Changes = "nothing" | "worktree" | "repository" | "outside";

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
  /** The kinds of change that it makes: how each is recovered. None by default. */
  readonly kinds?: readonly AnyChangeKind[];
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
