import { isJvsError, unlessThrown } from "../../model/errors.ts";
import { isUnreadableRecord } from "../../repo/control_errors.ts";
import { isAt } from "../../repo/discover.ts";
import { isBeingForgotten, lostRecords, settledNames } from "../../repo/lost_records.ts";
import { type RecordedWorktree, recordedWorktrees } from "../../repo/recorded_worktrees.ts";
import type { Store } from "../../repo/store.ts";
import { unknownFolders } from "./unknown_folders.ts";

/** A worktree that has no record any more, or a folder that may be one. */
export interface LostWorktree {
  readonly name: string;
  /** The absolute path of its folder, which may be gone too. */
  readonly folder: string;
  readonly isFolderThere: boolean;
  /** False of a folder among the worktrees that nothing else tells of: a person may have made it. */
  readonly isKnown: boolean;
  /** Whether the record of another one is in the place of its own: of an earlier one of that name, from a copy, or of one that got the name since. */
  readonly isTaken: boolean;
}

/** Whether folders tell that a worktree lost its record. The audit trail, which may be long, is not asked. */
export function isAnyFolderLost(store: Store): boolean {
  return lostRecords(store).lost.length > 0 || unknownFolders(store).length > 0 || isFirstLost(store);
}

/** All worktrees that lost their record, as folders and the audit trail tell. What changes under way make or remove is left out. */
export function lostWorktrees(
  store: Store,
  told: readonly RecordedWorktree[] = recordedWorktrees(store.layout),
): LostWorktree[] {
  const { layout } = store;
  const now = (store: Store) => recordedWithout(store, recordedWorktrees(store.layout));
  const recorded = settledNames(store, now, recordedWithout(store, told));
  const known = new Set([...lostRecords(store).lost, ...recorded]);
  const first = isFirstLost(store) ? nameOfFirst(store, known) : undefined;
  if (first !== undefined) known.add(first);
  const names = new Set([...known, ...unknownFolders(store)]);
  return [...names].sort().map((name) => {
    const folder = name === first
      ? firstFolder(store) ?? `${layout.root}/main`
      : `${layout.payloads}/${name}`;
    const isTaken = layout.worktreeConfig(name).isThere();
    return { name, folder, isFolderThere: isAt(folder), isKnown: known.has(name), isTaken };
  });
}

/** The names of worktrees that were made and not removed, and whose record is not there under any name. */
function recordedWithout(store: Store, recorded: readonly RecordedWorktree[]): string[] {
  const { worktrees } = store;
  const names = new Set(worktrees.names());
  // An older record brought back may have it under the name that it had then; or a kill, whose intent a copy lost, under a newer one.
  const hasRecord = ({ isFirst, name, worktreeId: worktree_id }: RecordedWorktree) =>
    worktree_id === null
      ? names.has(name) || isFirst && hasFirst(store)
      : unlessThrown(isDamaged, () => worktrees.current({ name, worktree_id }) !== undefined) ?? true;
  const isForgotten = ({ name, worktreeId }: RecordedWorktree) =>
    isBeingForgotten(store, { name, ...(worktreeId !== null && { worktreeId }) });
  const missing = recorded.filter((each) => !each.isBeforeRepair && !hasRecord(each) && !isForgotten(each));
  return missing.map(({ name }) => name);
}

/** Whether no record is that of the first worktree, whose folder is there; or there is no worktree at all. */
function isFirstLost(store: Store): boolean {
  if (hasFirst(store)) return false;
  return store.worktrees.names().length === 0 || firstFolder(store) !== undefined;
}

/** A damaged record may be any, and is reported elsewhere. */
const isDamaged = (error: unknown) => isUnreadableRecord(error) || isJvsError(error, "E_PATH_ESCAPE");

/** Whether the first worktree has a record. A damaged record may be it, and is reported elsewhere. */
function hasFirst({ worktrees }: Store): boolean {
  const isFirst = (name: string) => {
    const path = worktrees.find(name)?.path;
    return path === "main" || path?.startsWith("../") === true;
  };
  return worktrees.names().some((name) => unlessThrown(isDamaged, () => isFirst(name)) ?? true);
}

/** The folder of the first worktree, whose name may be any by now. It is never moved or removed by JVS. */
function firstFolder({ layout }: Store): string | undefined {
  const { root } = layout;
  const adopted = root.endsWith(".jvs") && !root.endsWith("/.jvs") ? [root.slice(0, -".jvs".length)] : [];
  return [...adopted, `${root}/main`].find(isAt);
}

/** Its name as the trail has it; else that of a lost record without a folder of its own, or one that is free. */
function nameOfFirst({ layout, worktrees }: Store, known: ReadonlySet<string>): string {
  const isFree = (name: string) => known.has(name) || !worktrees.names().includes(name);
  const recorded = recordedWorktrees(layout).find(({ isFirst, name }) => isFirst && isFree(name));
  if (recorded !== undefined) return recorded.name;
  const without = [...known].find((name) => name === "main" || !isAt(`${layout.payloads}/${name}`));
  return without ?? (isFree("main") ? "main" : "first");
}
