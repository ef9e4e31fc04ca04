import { assertEquals } from "@std/assert";
import type { GivenFields, RecordSchema, Schema } from "../../model/schema.ts";
import type { OperationName, OperationOf } from "../../operation/registry.ts";
import type { RepositoryMethods } from "./types.ts";

/** The method of `worktree fork` is `worktreeFork`. */
type MethodName<N extends string> = N extends `${infer First} ${infer Rest}`
  ? `${First}${Capitalize<MethodName<Rest>>}`
  : N;

type OnRepository = {
  [N in OperationName]: OperationOf<N> extends { needs: "repository" } ? N : never;
}[OperationName];

/** Input and result of an operation, as its schemas say. */
type Said<O> = O extends { input: RecordSchema<infer I>; output: Schema<infer R> }
  ? [optional: Partial<GivenFields<I>> extends GivenFields<I> ? true : false, GivenFields<I>, R]
  : never;

/** Input and result of a method. */
type Written<M> = M extends (...args: infer P) => Promise<infer R>
  ? [optional: [] extends P ? true : false, NonNullable<P[0]>, R]
  : never;

/** A type as one object on each level, however it was put together. */
type Plain<T> = unknown extends T ? T
  : T extends string | number | boolean | null | undefined ? T
  : T extends readonly (infer U)[] & { length: number } ? number extends T["length"] ? readonly Plain<U>[]
    : { [K in keyof T]: Plain<T[K]> }
  : { [K in keyof T]: Plain<T[K]> };

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** The operations whose method has another type than their schemas say. */
type Differing = {
  [N in OnRepository]: MethodName<N> extends keyof RepositoryMethods
    ? Same<Plain<Said<OperationOf<N>>>, Plain<Written<RepositoryMethods[MethodName<N>]>>> extends true ? never
    : N
    : N;
}[OnRepository];

Deno.test("the types of the library are what the schemas of the operations say", () => {
  // The compiler checks it: with an operation that differs, or a method too many, one of these lines is an error.
  const differing: [Differing] extends [never] ? "none" : Differing = "none";
  const tooMany: [Exclude<keyof RepositoryMethods, MethodName<OnRepository>>] extends [never] ? "none"
    : never = "none";
  assertEquals([differing, tooMany], ["none", "none"]);
});
