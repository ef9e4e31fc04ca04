import { unlessThrown } from "../model/errors.ts";
import { type Intent, WorktreeConfig } from "../model/records.ts";
import { SchemaMismatch } from "../model/schema.ts";
import { isTemporaryName } from "../platform/temporary_file.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import { isAt } from "./discover.ts";
import { recordedWorktrees } from "./recorded_worktrees.ts";
import type { Store } from "./store.ts";

/** Worktrees without a record that have a folder for it, unless an open change is making or removing just them. */
export interface LostRecords {
  /** They still have their files, or the audit trail knows of no removal. */
  readonly lost: readonly string[];
  /** They have a folder for the record with at most a temporary file in it, as a kill may leave it. */
  readonly empty: readonly string[];
}

/** Finds worktrees without a record that have a folder for it. */
export function lostRecords(store: Store): LostRecords {
  const { layout } = store;
  const settled = settledNames(store, withoutRecord);
  if (settled.length === 0) return { lost: [], empty: [] };
  const recorded = new Set(recordedWorktrees(layout).map(({ name }) => name));
  const isEmpty = (name: string) => layout.worktree(name).names().every(isTemporaryName);
  const lost = settled.filter((name) =>
    name === "main" || isAt(`${layout.payloads}/${name}`) || isEmpty(name) && recorded.has(name)
  );
  return { lost, empty: settled.filter((name) => !lost.includes(name) && isEmpty(name)) };
}

/** The names that `find` gives at two looks: a change that ends between what one look reads is over at the next one. */
export function settledNames(
  store: Store,
  find: (store: Store) => string[],
  names = find(store),
): string[] {
  if (names.length === 0) return names;
  const still = new Set(find(store));
  return names.filter((name) => still.has(name));
}

/** The last step of a removal before the worktree's record goes. */
export const FORGETTING = "forgetting";

/** Whether an open removal, and no loss, took away this worktree's record: what was saved in it is pinned by then. */
export function isBeingForgotten(
  { intents }: Store,
  { name, worktreeId }: { readonly name: string; readonly worktreeId?: string },
): boolean {
  return intents.list().some(({ operation, steps, target, worktree_id }) =>
    operation === "worktree remove" && target === name && steps.includes(FORGETTING) &&
    (worktreeId === undefined || worktree_id === worktreeId)
  );
}

/**
 * Whether the folder of this name is one that an open change is giving a record: its record is in the intent, or still has the name from
 * which it is renamed. Only that folder is excused: a change that was killed must not hide that another one lost its record.
 */
export function isBeingRecorded({ intents, worktrees }: Store, name: string): boolean {
  return intents.list().some((intent) => {
    if (intent.claims.worktree_name !== name) return false;
    const config = intent.operation === "worktree rename"
      ? unlessThrown(isUnreadableRecord, () => worktrees.withId(intent.worktree_id))
      : configIn(intent);
    return config !== undefined &&
      worktrees.checkIdentity({ ...config, path: `worktrees/${name}` }) === "same";
  });
}

/** The record of the worktree that an intent is making; nothing if it makes none. */
function configIn({ details, operation }: Intent): WorktreeConfig | undefined {
  if (operation !== "worktree create" && operation !== "worktree fork") return undefined;
  const isNone = (error: unknown) => error instanceof SchemaMismatch;
  return unlessThrown(isNone, () => WorktreeConfig.check(details.config));
}

function withoutRecord(store: Store): string[] {
  const { layout, worktrees } = store;
  const isExcused = (name: string) =>
    isAt(`${layout.payloads}/${name}`) ? isBeingRecorded(store, name) : isBeingForgotten(store, { name });
  return worktrees.names().filter((name) => !layout.worktreeConfig(name).isThere() && !isExcused(name));
}
