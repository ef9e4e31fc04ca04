import type { Fields, Infer, InferFields, RecordSchema, Schema } from "../model/schema.ts";
import type { AnyChangeKind } from "../protocol/change/kind.ts";
import type { Context, RepositoryContext } from "../protocol/context.ts";

/** What an operation changes. `outside`: something outside an existing repository, such as a new repository. */
export type Changes = "nothing" | "worktree" | "repository" | "outside";

interface Described<I extends Fields, O> {
  /** Its name on the command line: `snapshot`, `worktree fork`. */
  readonly name: string;
  /** One sentence without a full stop, for lists. */
  readonly summary: string;
  /** More paragraphs for its help page. */
  readonly about?: string;
  /** Command lines with what they do, for help and reference. */
  readonly examples?: readonly (readonly [command: string, what: string])[];
  readonly input: RecordSchema<I>;
  readonly output: Schema<O>;
  /** The kinds of change that it makes. Recovery finds them here. By default none. */
  readonly kinds?: readonly AnyChangeKind[];
  /** Whether this result means exit code 1, although there was no error. By default never. */
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

/** Any operation, without the types of its input and result. */
export type AnyOperation = Operation | FreeOperation;

/** Describes an operation on a repository. Its types come from its schemas. */
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
