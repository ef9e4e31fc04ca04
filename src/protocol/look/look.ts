import { phase } from "../../model/progress.ts";
import { DegradationList } from "../../model/degradations.ts";
import { unlessThrown } from "../../model/errors.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { Folder } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { differsInSubstance } from "../../tree/diff.ts";
import { hashFiles } from "../../tree/hash.ts";
import type { IgnoreRules } from "../../tree/ignore.ts";
import { sameTable } from "../../tree/match_unchanged.ts";
import { readScanClock, type ScanClock, settle } from "../../tree/scan_clock.ts";
import type { Scan } from "../../tree/scan.ts";
import type { StatCache } from "../../tree/stat_cache.ts";
import type { TreeTable } from "../../tree/table.ts";
import type { WorktreeContext } from "../change/kind.ts";
import type { RepositoryContext } from "../context.ts";
import { writeAhead } from "../make_durable.ts";
import { openWorktree } from "../open_worktree.ts";
import { beginAsking } from "./begin_asking.ts";
import { cacheFile, cacheKey, readStatCache, writeStatCache } from "./cache_of_looks.ts";
import { ownStaging, scanWorktree } from "./scan_worktree.ts";
import { parsedRules, readRules } from "./ignore_file.ts";
import type { SubvolumeChanges } from "./subvolume_changes.ts";

/** How to look at a worktree. */
export interface LookOptions {
  /** Rules to use instead of the worktree's own `.jvsignore`. */
  rules?: IgnoreRules | null;
  /** An earlier look at the same tree, to use instead of the cache. */
  known?: TreeTable;
  /** The table of the look is not changed but for hashes: then it may be that of the cache. */
  toCompare?: boolean;
}

/** A worktree as it is now. */
export class Look implements Disposable {
  constructor(
    readonly context: WorktreeContext,
    readonly root: Folder,
    /** The text of `.jvsignore`; null if there is none. */
    readonly rulesText: string | null,
    /** The rules that the scan followed. */
    readonly rules: IgnoreRules | null,
    readonly clock: ScanClock | undefined,
    private readonly cacheKey: string,
    readonly scan: Scan,
    /** Whether the cache had all of this before the scan. */
    private isRemembered: boolean,
    /** What the cache was. Its table may be collected: a million entries take 130 MB. */
    private readonly cached: Omit<StatCache, "table"> & { table: WeakRef<TreeTable> } | undefined,
    /** Whether the scan is only what the last look saw. */
    readonly isLookBack = false,
    /** What the file system tells of changes since the look began, where it can. */
    readonly changes?: SubvolumeChanges,
  ) {}

  get worktree(): WorktreeConfig {
    return this.context.worktree;
  }

  get table(): TreeTable {
    return this.scan.table;
  }

  /** The worktree's own rules, even if the scan followed others. */
  get ownRules(): IgnoreRules | null {
    return parsedRules(this.rulesText);
  }

  /** The snapshot whose manifest was in the cache. */
  get cachedSnapshotId(): string | null {
    return this.cached?.snapshotId ?? null;
  }

  /** The snapshot from which what was seen differs in times at most, as the cache says; null if none is known. */
  get savedAs(): string | null {
    return this.scan.isKnown && this.scan.unreadable.length === 0 ? this.cached?.savedAs ?? null : null;
  }

  /** What the cache had, where `scan.knownAs` points; undefined if it was collected and another process wrote the file since. */
  cachedTable(): TreeTable | undefined {
    const { context, cacheKey, cached } = this;
    const kept = cached?.table.deref();
    if (kept !== undefined) return kept;
    const cache = readStatCache(cacheFile(context), cacheKey);
    return cache?.mark === cached?.mark ? cache?.table : undefined;
  }

  /** Whether every change shows in times; else only the content shows it. */
  get timesProve(): boolean {
    return this.clock !== undefined && this.clock.granularityNs !== Infinity;
  }

  /** Waits until every later change gets a ctime other than those that were seen. */
  async settle(): Promise<void> {
    if (this.clock !== undefined) await settle(this.table, this.clock);
  }

  /** Hashes these files of the worktree; returns those that could not be read, or changed while they were read. */
  async hash(indexes: Iterable<number>): Promise<{ unreadable: number[]; changed: number[] }> {
    const { reporter, signal, store, workers } = this.context;
    const files = Array.isArray(indexes) ? indexes : [...indexes];
    if (files.length > 0) this.isRemembered = false;
    if (files.length > 1) await writeAhead(this.context, this.root);
    const options = { flush: store.platform, reporter, signal, workers };
    return await hashFiles(this.root, this.table, files, options);
  }

  /** Writes the cache, unless it has all of this already; also that the snapshot `saved`, if given, has what was seen. */
  async rememberSeen(saved?: { readonly id: string; readonly table: TreeTable }): Promise<void> {
    const { cached, isRemembered, needsMark, scan, table } = this;
    if (isRemembered && (saved === undefined || saved.id === cached?.savedAs)) {
      if (!needsMark) return;
      if (scan.isKnown) return this.remember(cached?.snapshotId ?? null, table, cached?.savedAs ?? null);
    }
    if (saved !== undefined && sameTable(saved.table, table)) return this.remember(saved.id);
    const savedAs = saved !== undefined && !await differsInSubstance(saved.table, table) ? saved.id : null;
    if (!isRemembered || needsMark || savedAs !== null) this.remember(null, table, savedAs);
  }

  /** Whether the next look could not ask what changed, or too much of it, without a mark of this one. */
  private get needsMark(): boolean {
    return this.changes?.needsMark === true && isWhole(this.scan);
  }

  /** Writes what was seen and hashed to the cache, so that the next look need not read it again. It may fail. */
  remember(snapshotId: string | null, table: TreeTable = this.table, savedAs = snapshotId): void {
    const since = table === this.table && isWhole(this.scan) ? this.changes?.mark ?? null : null;
    writeStatCache(this.context, { key: this.cacheKey, since, snapshotId, savedAs, table });
  }

  [Symbol.dispose](): void {
    this.root[Symbol.dispose]();
  }
}

/**
 * Looks at a worktree as it is now:
 *
 * 1. Open its folder, and read the ignore rules in it.
 * 2. Read the cache of the last look, and the clock of the file system.
 * 3. Scan the folder; where the file system tells what changed since the last look, only that. An unchanged file takes its hash
 *    from the cache; no content is read before it is needed (`hash`). Where what is seen will be signed, the cache is not believed:
 *    who may write it could make the signer sign another content than the worktree has.
 *
 * What is seen can then be compared: `compare.ts` says whether work is unsaved, `differences.ts` what differs between two
 * sides (`side.ts`), and `patches.ts` in which lines.
 */
export async function lookAt(
  repository: RepositoryContext,
  worktree: WorktreeConfig,
  options: LookOptions = {},
): Promise<Look> {
  const context = { ...repository, worktree };
  using _phase = phase(context.reporter, "looking at the worktree");
  using opened = new DisposableStack();
  const root = opened.use(openWorktree(context, worktree));
  const rulesText = readRules(root);
  const rules = options.rules === undefined ? parsedRules(rulesText) : options.rules;
  const key = cacheKey(context, root);
  const share = mayHaveWorkers(context, root);
  const isBelieved = options.known === undefined &&
    (options.toCompare === true || !context.store.signing.isOn);
  const cache = isBelieved ? readStatCache(cacheFile(context), key, { share }) : undefined;
  const clock = scanClock(context, root);
  const mayAsk = rules === null && options.known === undefined && isAskable(context, key);
  const changes = mayAsk ? await beginAsking(context, root, clock, cache) : undefined;
  const sharesKnown = options.toCompare ?? false;
  const asked = cache && await changes?.scanSince(cache, { clock, sharesKnown });
  const known = options.known ?? cache?.table;
  const own = asked ?? await scanWorktree(context, root, { rules, clock, known, sharesKnown });
  const scanAgain = (known: TreeTable) => scanWorktree(context, root, { rules, clock, known });
  const mayLearn = options.known === undefined && context.store.layout.plane.isOpenToOthers;
  const others = mayLearn ? await import("./closed_files.ts") : undefined; // loaded only in shared repositories
  const withOthers = await others?.scanWithOthers(context, key, own, scanAgain);
  const scan = withOthers ?? own;
  const cached = withOthers === undefined && cache
    ? { ...cache, table: new WeakRef(cache.table) }
    : undefined;
  const look = new Look(
    context,
    root,
    rulesText,
    rules,
    clock,
    key,
    scan,
    withOthers === undefined && isAllOf(cache, scan),
    cached,
    false,
    changes,
  );
  opened.move();
  return look;
}

/** Whether the file system can tell what changed: nothing of a restore may be staged in the worktree. */
function isAskable(context: WorktreeContext, key: string): boolean {
  return key.startsWith("btrfs:") && ownStaging(context).length === 0;
}

/** Whether a scan left nothing out. */
function isWhole({ boundaries, degradations, gaps, ignored, unreadable }: Scan): boolean {
  return boundaries.size + gaps.size + ignored.length + unreadable.length + degradations.total === 0;
}

/**
 * What the last look saw of a worktree, instead of a look at it: for an engine whose clones show by themselves what is there
 * (`keepsChangeTimes`). Undefined if nothing was remembered, or if ignore rules make a look necessary.
 */
export function lookBack(repository: RepositoryContext, worktree: WorktreeConfig): Look | undefined {
  const context = { ...repository, worktree };
  using opened = new DisposableStack();
  const root = opened.use(openWorktree(context, worktree));
  if (readRules(root) !== null) return undefined;
  const key = cacheKey(context, root);
  const cache = context.store.signing.isOn ? undefined : readStatCache(cacheFile(context), key);
  if (cache === undefined) return undefined;
  const clock = scanClock(context, root);
  const cached = { ...cache, table: new WeakRef(cache.table) };
  const scan = scanOf(cache.table, clock);
  const look = new Look(context, root, null, null, clock, key, scan, false, cached, true);
  opened.move();
  return look;
}

/** A table as if a scan had seen it now. Only what was clean may be known by its times. */
function scanOf(cached: TreeTable, clock: ScanClock | undefined): Scan {
  const table = cached.copy();
  for (let i = 0; i < table.count; i++) if (table.clean[i] !== 1) table.hashed[i] = 0;
  return {
    table,
    degradations: new DegradationList(),
    ignored: [],
    boundaries: new Map(),
    gaps: new Set(),
    unreadable: [],
    clock,
    knownAs: Int32Array.from({ length: table.count }, (_, i) => i),
    isKnown: false,
  };
}

/** Whether a scan saw what the cache has, and nothing else. */
function isAllOf(cache: StatCache | undefined, { table, knownAs, isKnown }: Scan): boolean {
  return isKnown || cache?.table.count === table.count &&
      knownAs.subarray(0, table.count).every((known) => known !== -1);
}

/** Looks at a folder of ours with entries of a worktree: without ignore rules or cache. The look closes the folder. */
export async function lookWithoutCache(context: WorktreeContext, root: Folder): Promise<Look> {
  using opened = new DisposableStack();
  opened.use(root);
  const clock = scanClock(context, root);
  const scan = await scanWorktree(context, root, { clock });
  const look = new Look(context, root, null, null, clock, cacheKey(context, root), scan, false, undefined);
  opened.move();
  return look;
}

/** Whether workers may help with a folder. */
function mayHaveWorkers({ workers }: RepositoryContext, root: Folder): boolean {
  return workers !== undefined && workers.threads !== 1 && root.lend() !== undefined;
}

/** The clock of the worktree's file system; undefined if nothing can be written there. */
export function scanClock({ store }: RepositoryContext, root: Folder): ScanClock | undefined {
  return unlessThrown(isSystemError, () => {
    using folder = store.hostFolder().open();
    return readScanClock(store.platform, folder, root);
  });
}
