import type { WorktreeConfig } from "../../model/records.ts";
import type { Fields, InferFields, RecordSchema, Schema } from "../../model/schema.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { Recoverable, RepositoryContext } from "../context.ts";

/**
 * One kind of change: what its intent tells recovery, how recovery finishes or undoes it, and what its audit record says. It
 * is declared once. An operation lists the kinds that it makes, so that the next change finds how to recover them.
 */
export interface ChangeKind<D extends object = object, S extends string = string, A extends Fields = Fields>
  extends Recoverable {
  readonly details: Schema<D>;
  readonly steps: readonly S[];
  /** It repairs what JVS itself left, so `locking: required` does not ask it for a lease. One of another session still stops it. */
  readonly needsNoLease?: boolean;
  /** Brings the worktree's record up to date before the change begins. */
  readonly prepare?: (context: RepositoryContext, worktree: WorktreeConfig) => Promise<void>;
  /** The details of its audit record. */
  readonly audit: RecordSchema<A>;
  recover(context: RepositoryContext, intent: OpenIntent<D, S>): Promise<void>;
}

/** Any kind of change, for lists of them. */
// deno-lint-ignore no-explicit-any -- details and steps of any kind; `unknown` would refuse all, as recovery takes them
export type AnyChangeKind = ChangeKind<any, any, any>;

/** Declares a kind of change; its types follow from its schemas. */
export function defineChange<D extends Fields, const S extends string, A extends Fields>(
  kind:
    & Omit<ChangeKind<InferFields<D>, S, A>, "details">
    & { readonly details: RecordSchema<D> },
): ChangeKind<InferFields<D>, S, A> {
  return kind;
}

/** What the intent of a kind of change tells recovery. */
export type DetailsOf<K> = K extends ChangeKind<infer D, infer _S, infer _A> ? D : never;

/** The intent of a kind of change. */
export type IntentOf<K> = K extends ChangeKind<infer D extends object, infer S, infer _A> ? OpenIntent<D, S>
  : never;

/** A change under way: its context, and its intent, where it writes how far it is. */
export interface Change<K extends AnyChangeKind = AnyChangeKind> extends RepositoryContext {
  readonly intent: IntentOf<K>;
}

/** A context whose worktree is the one to work on, as it is under its lock if the caller holds that. */
export interface WorktreeContext extends RepositoryContext {
  readonly worktree: WorktreeConfig;
}

/** A change of one worktree. */
export type WorktreeChange<K extends AnyChangeKind = AnyChangeKind> = Change<K> & WorktreeContext;

/** What the audit trail keeps of a change. */
export interface AuditNote<K extends AnyChangeKind> {
  readonly target: string;
  readonly details: K extends ChangeKind<infer _D, infer _S, infer A> ? InferFields<A> : never;
}
