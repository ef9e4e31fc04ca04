import { unlessThrown } from "../model/errors.ts";
import { isTemporaryName } from "../platform/temporary_file.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import { isWorktreeRecorded } from "./audit_mentions.ts";
import { isAt } from "./discover.ts";
import type { Store } from "./store.ts";

/** Worktrees without a record, unless an open intent is making or removing them. */
export interface LostRecords {
  /** They still have their files, or the audit trail knows of no removal. */
  readonly lost: readonly string[];
  /** They have a folder for the record with at most a temporary file in it, as a kill may leave it. */
  readonly empty: readonly string[];
}

/** Finds worktrees without a record. */
export function lostRecords(store: Store): LostRecords {
  const { layout } = store;
  const names = withoutRecord(store);
  const busy = busyNames(store);
  // A change that was under way at the first look has an open intent, or is done by the second look.
  const still = new Set(withoutRecord(store));
  const settled = names.filter((name) => !busy.has(name) && still.has(name));
  const isEmpty = (name: string) => layout.worktree(name).names().every(isTemporaryName);
  const lost = settled.filter((name) =>
    name === "main" || isAt(`${layout.payloads}/${name}`) || isEmpty(name) && isWorktreeRecorded(layout, name)
  );
  return { lost, empty: settled.filter((name) => !lost.includes(name) && isEmpty(name)) };
}

/** The folder of the first worktree, which may have any name. It is never moved or removed. */
export function firstFolder({ layout }: Store): string | undefined {
  const { root } = layout;
  const adopted = root.endsWith(".jvs") && !root.endsWith("/.jvs") ? [root.slice(0, -".jvs".length)] : [];
  return [...adopted, `${root}/main`].find(isAt);
}

/** Whether the first worktree has a record. A damaged record may be it, and is reported elsewhere. */
export function hasFirst({ worktrees }: Store): boolean {
  const isFirst = (name: string) => {
    const path = worktrees.find(name)?.path;
    // One that was made again, as docs/recovery.md says, is in `worktrees/main`.
    return path === "main" || path === "worktrees/main" || path?.startsWith("../") === true;
  };
  return worktrees.names().some((name) => unlessThrown(isUnreadableRecord, () => isFirst(name)) ?? true);
}

/** The names of worktrees that an open intent makes, renames or removes. */
export function busyNames({ intents }: Store): Set<string | undefined> {
  return new Set(intents.list().flatMap(({ target, claims }) => [target, claims.worktree_name]));
}

function withoutRecord({ layout, worktrees }: Store): string[] {
  return worktrees.names().filter((name) => !layout.worktreeConfig(name).isThere());
}
