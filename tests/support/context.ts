import type { Fields, InferFields } from "../../src/model/schema.ts";
import { type Reporter, silentReporter } from "../../src/model/progress.ts";
import type { FreeOperation, Operation } from "../../src/operation/define.ts";
import type { Context, RepositoryContext } from "../../src/protocol/context.ts";
import { callOperation, openRepository } from "../../src/operation/call.ts";
import { contextFor } from "../../src/operation/caller.ts";

/** A caller of operations in a folder. Everything else is as simple as possible, unless the test sets it. */
export function contextIn(cwd: string, more: Partial<Context> = {}): Context {
  return { ...contextFor({ cwd, actor: "tester@here", lockTimeoutMs: 5000, engine: "copy" }), ...more };
}

/** The same, in the repository around the folder. */
export async function repositoryIn(cwd: string, more: Partial<Context> = {}): Promise<RepositoryContext> {
  return await openRepository(contextIn(cwd, more));
}

/** Runs an operation for a caller in a folder and returns its result. It checks the input as each surface does. */
export async function callIn<I extends Fields, O>(
  cwd: string,
  operation: Operation<I, O> | FreeOperation<I, O>,
  input: Partial<InferFields<I>> = {},
  more: Partial<Context> = {},
): Promise<O> {
  // A call through the description loses the type of the result.
  return await callOperation(
    operation as Parameters<typeof callOperation>[0],
    contextIn(cwd, more),
    input,
  ) as O;
}

/** A reporter that remembers all warnings. */
export function warnings(): Reporter & { readonly told: string[] } {
  const told: string[] = [];
  return { ...silentReporter, told, warn: (message) => void told.push(message) };
}
