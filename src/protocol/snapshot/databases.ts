import { type BytePath, bytesOf, equalBytes } from "../../model/bytes.ts";
import { FILE } from "../../model/entry.ts";
import { encodePath } from "../../model/path_text.ts";
import type { HeldFiles } from "../../engine/contract.ts";
import { nowMs } from "../../platform/clock.ts";
import type { Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { parentPath } from "../../tree/folders_by_path.ts";
import { mergeTables } from "../../tree/merge_tables.ts";
import { OpenFolders } from "../../tree/open_folders.ts";
import { isAsRecorded, isStillInode, isUnchangedSince } from "../../tree/same_entry.ts";
import { NONE, type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import { beside, type LockWait, NoLock, SqliteLock } from "./sqlite_lock.ts";

/** How long to wait for the transactions of other programs, for all locks of one database. */
const LONGEST_WAIT_MS = 5_000;
/** And for all databases of a tree together: anybody may make many files whose locks never come free. */
const LONGEST_WAITS_MS = 15_000;

const LOG = bytesOf("-wal");
const JOURNAL = bytesOf("-journal");
const LOGS = [LOG, JOURNAL];
/** What SQLite keeps beside a database. */
const SUFFIXES = ["-wal", "-journal", "-shm"] as const;

/** A database of the tree, by the indexes of its files. */
interface Database {
  readonly main: number;
  /** Its log or journal, and its `-shm`: those that the table has. */
  readonly others: readonly number[];
}

/** What is known of a tree with databases. */
interface DatabasesOptions {
  /** See `ShareSource`. It loses what was written since the scan. */
  readonly match?: Int32Array | undefined;
  /** Files that changed during an earlier attempt: databases that have no log or journal all the time. */
  readonly known?: readonly BytePath[];
  readonly signal: AbortSignal | undefined;
}

/** A database that could not be held, and why. */
interface NotHeld {
  readonly path: BytePath;
  readonly reason: string;
}

/**
 * The SQLite databases of a tree that other programs are using: each is cloned while its locks are held, so that the clone has
 * whole transactions. What they write afterwards does not matter. SPEC 6; docs/design/sqlite.md.
 */
export class Databases implements HeldFiles {
  readonly files = new Set<number>();
  /** Files that were cloned while their database was held: what became of them later need not be as the table says. */
  readonly proven = new Set<number>();
  /** Files that were no longer as the scan saw them when they were held. */
  readonly moved = new Set<number>();
  readonly notHeld: NotHeld[] = [];
  private readonly databases: readonly Database[];
  private readonly stat = new Stat();
  private waitLeftMs = LONGEST_WAITS_MS;

  constructor(
    private readonly root: Folder,
    private readonly table: TreeTable,
    private readonly options: DatabasesOptions,
  ) {
    this.databases = [...this.find()];
    for (const { main, others } of this.databases) for (const i of [main, ...others]) this.files.add(i);
  }

  async *inTurn(): AsyncGenerator<readonly number[]> {
    using folders = new OpenFolders(this.root, this.table);
    for (const database of this.databases) {
      const { main, others } = database;
      const wait = this.wait();
      using held = await this.waiting(() => this.hold(folders, database, wait));
      yield [main];
      // Only now, because a log is small: programs can go on writing while the database is cloned.
      const isHeld = held !== undefined &&
        await this.waiting(() => this.holdLog(folders, database, held, wait));
      yield others;
      if (isHeld) this.prove(folders, database);
    }
  }

  async together(): Promise<Disposable> {
    using all = new DisposableStack();
    using folders = new OpenFolders(this.root, this.table);
    const wait = this.wait();
    const held: [Database, SqliteLock][] = [];
    for (const database of this.databases) {
      const lock = await this.hold(folders, database, wait);
      if (lock !== undefined) held.push([database, all.use(lock)]);
    }
    // Only now, because programs can go on writing while JVS waits for other databases.
    for (const [database, lock] of held) {
      if (!await this.holdLog(folders, database, lock, wait)) continue;
      all.defer(() => {
        using then = new OpenFolders(this.root, this.table);
        this.prove(then, database);
      });
    }
    return all.move();
  }

  /** Whether two scans differ in nothing but what was proven, and in the times of the folders that databases are in. */
  async explain(
    before: TreeTable,
    after: TreeTable,
    isSame: (i: number, j: number) => boolean,
    isSameFolder: (i: number, j: number) => boolean,
  ): Promise<boolean> {
    if (this.proven.size === 0) return false;
    const isExplained = this.explainer(before, after, isSameFolder);
    let explained = true;
    await mergeTables(before, after, (i, j) => {
      if (i !== -1 && j !== -1 && isSame(i, j)) return;
      explained = isExplained(i, j);
      return !explained;
    });
    return explained;
  }

  /** Says of a pair of entries that differ in two scans whether that is because of what was proven; -1 is no entry. */
  explainer(
    before: TreeTable,
    after: TreeTable,
    isSameFolder: (i: number, j: number) => boolean,
  ): (i: number, j: number) => boolean {
    const [names, parents] = this.provenPaths();
    return (i, j) => {
      const [table, index] = j === -1 ? [before, i] : [after, j];
      const path = encodePath(table.path(index));
      if (at(table.type, index) === FILE) return names.has(path);
      return i !== -1 && j !== -1 && parents.has(path) && isSameFolder(i, j);
    };
  }

  /** The paths of everything that belongs to a proven database, and of the folders around them. */
  private provenPaths(): [names: Set<string>, parents: Set<string>] {
    const [names, parents] = [new Set<string>(), new Set<string>()];
    for (const { main } of this.databases) {
      if (!this.proven.has(main)) continue;
      const path = this.table.path(main);
      names.add(encodePath(path));
      for (const suffix of SUFFIXES) names.add(encodePath(beside(path, suffix)));
      parents.add(encodePath(parentPath(path)));
    }
    return [names, parents];
  }

  /** Files with a log or journal beside them, and those that are known to change; not what is unchanged since it was saved. */
  private *find(): Generator<Database> {
    const { table, options: { known = [] } } = this;
    const mains = new Set(known.map((path) => table.find(path)));
    for (let i = 1; i < table.count; i++) {
      const log = LOGS.find((suffix) => table.nameEndsWith(i, suffix));
      if (log === undefined) continue;
      const path = table.path(i);
      mains.add(table.find(path.subarray(0, path.length - log.length)));
    }
    const taken = new Set<number>();
    // A database comes before its log, whose name is longer: no file is in two.
    for (const main of [...mains].sort((a, b) => a - b)) {
      if (main < 1 || taken.has(main)) continue;
      const path = table.path(main);
      const others = SUFFIXES.map((suffix) => table.find(beside(path, suffix))).filter((i) => i !== -1);
      const all = [main, ...others];
      for (const i of all) taken.add(i);
      if (all.every((i) => this.isPlain(i)) && all.some((i) => table.hashed[i] !== 1)) yield { main, others };
    }
  }

  private isPlain(index: number): boolean {
    return this.table.type[index] === FILE && this.table.linkGroup[index] === NONE;
  }

  /** Locks the file of a database. Undefined if it is none, or cannot be locked. */
  private async hold(
    folders: OpenFolders,
    { main }: Database,
    wait: LockWait,
  ): Promise<SqliteLock | undefined> {
    using opened = new DisposableStack();
    return await this.unlessRefused(main, async () => {
      const lock = SqliteLock.open(folders.get(at(this.table.parent, main)), this.table.name(main));
      if (lock === undefined) return undefined;
      opened.use(lock);
      await lock.keepDatabase(wait);
      if (!this.look(folders, main) || !lock.isOf(this.stat)) return undefined;
      this.takeAsItIs(main);
      opened.move();
      return lock;
    });
  }

  /** Locks its log. False if that is refused, or if there is another log or journal than the table has. */
  private async holdLog(
    folders: OpenFolders,
    { main, others }: Database,
    lock: SqliteLock,
    wait: LockWait,
  ): Promise<boolean> {
    const held = await this.unlessRefused(main, async () => {
      await lock.keepLog(wait);
      const name = beside(this.table.name(main), lock.hasLog ? "-wal" : "-journal");
      const isListed = others.some((i) => equalBytes(this.table.name(i), name));
      const isThere = folders.get(at(this.table.parent, main)).stat(name, this.stat);
      if (isListed !== isThere && !(isThere && lock.hasJournalWriter())) return false;
      for (const i of others) if (this.look(folders, i)) this.takeAsItIs(i);
      return true;
    });
    return held ?? false;
  }

  private async unlessRefused<T>(main: number, hold: () => Promise<T>): Promise<T | undefined> {
    try {
      return await hold();
    } catch (error) {
      if (error instanceof NoLock) this.notHeld.push({ path: this.table.path(main), reason: error.message });
      else if (!isSystemError(error)) throw error;
      return undefined; // it is gone: the clone and the second look find that
    }
  }

  /** Notes that a database was held until now. Only SQLite knows these locks: another program may have written into its files. */
  private prove(folders: OpenFolders, { main, others }: Database): void {
    const { stat, table } = this;
    // Readers write into the -shm all the time, and a journal holds only what is in the database too. Root's programs give a log its owner
    // again whenever they open it, which moves its change time.
    const isSteady = (i: number) => {
      if (i === main) return this.look(folders, i) && isUnchangedSince(table, i, stat);
      return !table.nameEndsWith(i, LOG) ||
        this.look(folders, i) && isAsRecorded(table, i, stat) && isStillInode(table, i, stat);
    };
    const all = [main, ...others];
    if (!all.every(isSteady)) return;
    for (const i of all) this.proven.add(i);
  }

  private look(folders: OpenFolders, index: number): boolean {
    const { stat, table } = this;
    return folders.get(at(table.parent, index)).stat(table.name(index), stat) &&
      stat.type === table.type[index];
  }

  /** What was just looked at is what will be cloned. */
  private takeAsItIs(index: number): void {
    const { options: { match }, stat, table } = this;
    if (isUnchangedSince(table, index, stat)) return;
    table.setStat(index, stat);
    table.hashed[index] = table.clean[index] = 0;
    if (match !== undefined) match[index] = -1;
    this.moved.add(index);
  }

  private wait(): LockWait {
    return { until: nowMs() + Math.min(LONGEST_WAIT_MS, this.waitLeftMs), signal: this.options.signal };
  }

  private async waiting<T>(hold: () => Promise<T>): Promise<T> {
    const begin = nowMs();
    const held = await hold();
    this.waitLeftMs = Math.max(0, this.waitLeftMs - (nowMs() - begin));
    return held;
  }
}
