import { type BytePath, bytesOf } from "../../model/bytes.ts";
import { FILE } from "../../model/entry.ts";
import { encodePath } from "../../model/path_text.ts";
import { nowMs } from "../../platform/clock.ts";
import type { Folder } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { OpenFolders } from "../../tree/open_folders.ts";
import type { TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import { keepLog, NoLock } from "./sqlite_lock.ts";

const BESIDE = ["-wal", "-shm"].map(bytesOf);
const LONGEST_WAIT_MS = 1_000;

/**
 * Keeps the logs of databases that programs open for a moment only, as each command of a script does: the last program that closes a
 * database deletes its log, so that its files come and go during every attempt, and there is no log to lock. From the first attempt that
 * fails on none is deleted. docs/design/sqlite.md.
 */
export class KeptLogs implements Disposable {
  /** By the path of the database. */
  private readonly kept = new Map<string, Disposable>();

  constructor(private readonly root: Folder, private readonly signal: AbortSignal | undefined) {}

  /**
   * Begins with databases that changed between two scans, as `changed` names their files or a log went. Whether there is a new one: then
   * the later scan was made too early.
   */
  async keep(before: TreeTable, now: TreeTable, changed: readonly BytePath[]): Promise<boolean> {
    const known = this.kept.size;
    const tried = new Set(this.kept.keys()); // several files belong to one database
    using folders = new OpenFolders(this.root, now);
    for (const path of databasesOf(before, changed)) {
      const key = encodePath(path);
      const main = now.find(path);
      if (tried.has(key) || main < 1 || now.type[main] !== FILE) continue;
      tried.add(key);
      const lock = await this.lock(() => folders.get(at(now.parent, main)), now.name(main));
      if (lock !== undefined) this.kept.set(key, lock);
    }
    return this.kept.size > known;
  }

  /** What cannot be locked, or is gone with its folder, is captured as before. */
  private async lock(openFolder: () => Folder, name: Uint8Array): Promise<Disposable | undefined> {
    try {
      return await keepLog(openFolder(), name, { until: nowMs() + LONGEST_WAIT_MS, signal: this.signal });
    } catch (error) {
      if (error instanceof NoLock || isSystemError(error)) return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const lock of this.kept.values()) lock[Symbol.dispose]();
  }
}

/** The files that changed and may be databases, and those that had a log. */
function* databasesOf(before: TreeTable, changed: readonly BytePath[]): Generator<BytePath> {
  for (const path of changed) yield withoutSuffix(path);
  for (let i = 1; i < before.count; i++) {
    if (BESIDE.some((suffix) => before.nameEndsWith(i, suffix))) yield withoutSuffix(before.path(i));
  }
}

function withoutSuffix(path: BytePath): BytePath {
  const suffix = BESIDE.find((each) => each.every((byte, i) => path[path.length - each.length + i] === byte));
  return suffix === undefined ? path : path.subarray(0, path.length - suffix.length);
}
