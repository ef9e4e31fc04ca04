import { bytesOf, textOf } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { unlessThrown } from "../model/errors.ts";
import { Stat } from "../platform/stat.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { isTemporaryName } from "../platform/temporary_file.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import { isAt } from "./discover.ts";
import type { Store } from "./store.ts";

/** Worktrees without a record, unless an open intent is making or removing them. */
export interface LostRecords {
  /** They still have their files. */
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
  const hasFiles = (name: string) => name === "main" || isAt(`${layout.payloads}/${name}`);
  return {
    lost: settled.filter(hasFiles),
    empty: settled.filter((name) => !hasFiles(name) && layout.worktree(name).names().every(isTemporaryName)),
  };
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
    return path === "main" || path?.startsWith("../") === true;
  };
  return worktrees.names().some((name) => unlessThrown(isUnreadableRecord, () => isFirst(name)) ?? true);
}

/** Folders among the worktrees that have no record, not even a place for one, unless an open intent makes or removes them. */
export function unknownFolders(store: Store): string[] {
  const folders = foldersWithoutRecord(store);
  if (folders.length === 0) return folders;
  const busy = busyNames(store);
  const still = new Set(foldersWithoutRecord(store));
  return folders.filter((name) => !busy.has(name) && still.has(name));
}

function busyNames({ intents }: Store): Set<string | undefined> {
  return new Set(intents.list().flatMap(({ target, claims }) => [target, claims.worktree_name]));
}

function foldersWithoutRecord({ layout, platform, worktrees }: Store): string[] {
  const known = new Set(worktrees.names());
  const found = unlessFailed(["ENOENT", "ENOTDIR"], () => {
    using payloads = platform.openFolder(layout.payloads);
    const [names, stat] = [payloads.list(), new Stat()];
    return Array.from({ length: names.count }, (_, i) => textOf(names.name(i)))
      .filter((name) => !known.has(name) && payloads.stat(bytesOf(name), stat) && stat.type === DIR);
  });
  return found ?? [];
}

function withoutRecord({ layout, worktrees }: Store): string[] {
  return worktrees.names().filter((name) => !layout.worktreeConfig(name).isThere());
}
