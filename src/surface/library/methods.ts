import type { GivenFields, RecordSchema, Schema } from "../../model/schema.ts";
import type { OperationName, OperationOf } from "../../operation/registry.ts";

/** What one call may have besides its input. */
export interface CallOptions {
  /** Stops the operation where it leaves nothing half done; never by default. */
  signal?: AbortSignal;
  /** Why, for the audit log; nothing by default. */
  reason?: string;
}

/** `worktree fork` as a method is called `worktreeFork`. */
export type MethodName<N extends string> = N extends `${infer First} ${infer Rest}`
  ? `${First}${Capitalize<MethodName<Rest>>}`
  : N;

/** An operation as a method: what goes in may be left out where all of it may. */
type Method<O> = O extends { input: RecordSchema<infer I>; output: Schema<infer R> }
  ? Partial<GivenFields<I>> extends GivenFields<I>
    ? (input?: GivenFields<I>, options?: CallOptions) => Promise<R>
  : (input: GivenFields<I>, options?: CallOptions) => Promise<R>
  : never;

type OnRepository = {
  [N in OperationName]: OperationOf<N> extends { needs: "repository" } ? N : never;
}[OperationName];

/** A method for each operation on a repository: `snapshot`, `restore`, `worktreeFork`, … */
export type RepositoryMethods = { readonly [N in OnRepository as MethodName<N>]: Method<OperationOf<N>> };

/** The name of an operation's method. */
export function methodName(operation: string): string {
  return operation.replace(/ (\w)/g, (_, letter: string) => letter.toUpperCase());
}
