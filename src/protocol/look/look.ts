import { bytesOf, textOf } from "../../model/bytes.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { Folder } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { RefusedPath } from "../../repo/control_errors.ts";
import type { ControlPath } from "../../repo/control_path.ts";
import { readWhole } from "../../platform/read_whole.ts";
import { hashFiles } from "../../tree/hash.ts";
import { type IgnoreRules, parseIgnoreRules } from "../../tree/ignore.ts";
import { readScanClock, type ScanClock, settle } from "../../tree/scan_clock.ts";
import { type Scan, type ScanOptions, scanTree } from "../../tree/scan.ts";
import { loadStatCache, saveStatCache, type StatCache } from "../../tree/stat_cache.ts";
import type { TreeTable } from "../../tree/table.ts";
import type { RepositoryContext } from "../context.ts";
import { openWorktree } from "../open_worktree.ts";

const IGNORE_FILE = bytesOf(".jvsignore");

/** How to look at a worktree. */
export interface LookOptions {
  /** Whether what cannot be read is an error or is noted; noted by default. */
  unreadable?: "fail" | "record";
  /** Rules to use instead of the worktree's own `.jvsignore`. */
  rules?: IgnoreRules | null;
}

/** A worktree as it is now. */
export class Look implements Disposable {
  constructor(
    readonly context: RepositoryContext,
    readonly worktree: WorktreeConfig,
    readonly root: Folder,
    /** The text of `.jvsignore`, if there is one. */
    readonly rulesText: string | null,
    /** The rules that were followed. */
    readonly rules: IgnoreRules | null,
    readonly clock: ScanClock | undefined,
    private readonly cacheKey: string,
    readonly scan: Scan,
    /** What was known before the scan; `scan.knownAs` says what is still so. */
    readonly known: StatCache | undefined,
  ) {}

  get table(): TreeTable {
    return this.scan.table;
  }

  /** The worktree's own rules, whether they were followed or not. */
  get ownRules(): IgnoreRules | null {
    return parsed(this.rulesText);
  }

  /** Whether every change of it shows in times; else only its content tells. */
  get timesProve(): boolean {
    return this.clock !== undefined && this.clock.granularityNs !== Infinity;
  }

  /** Waits until whatever changes from then on shows in its ctime, beside what was seen. */
  async settle(): Promise<void> {
    if (this.clock !== undefined) await settle(this.table, this.clock);
  }

  /** Reads and hashes these files of the worktree; which of them could not be read, or changed meanwhile. */
  async hash(indexes: Iterable<number>): Promise<{ unreadable: number[]; changed: number[] }> {
    const { reporter, signal, store } = this.context;
    return await hashFiles(this.root, this.table, indexes, { flush: store.platform, reporter, signal });
  }

  /** Remembers what was seen and hashed, unless all of it was known before. */
  rememberSeen(): void {
    const { known, table, scan } = this;
    const isKnown = known !== undefined && known.table.count === table.count &&
      scan.knownAs.subarray(0, table.count).every((index) => index !== -1);
    if (!isKnown) this.remember(null);
  }

  /** Remembers what was seen and hashed, so that the next look need not read it again. Only a cache: failing is fine. */
  remember(snapshotId: string | null, table: TreeTable = this.table): void {
    const { context, worktree } = this;
    try {
      const { name, parent } = cacheFile(context, worktree);
      using folder = parent.open();
      saveStatCache(folder, name, { key: this.cacheKey, snapshotId, table });
    } catch (error) {
      // A repository that cannot be written can still be read; then every look is a full one.
      if (!isSystemError(error) && !(error instanceof RefusedPath)) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.root[Symbol.dispose]();
  }
}

/** Scans a worktree, helped by what is known from earlier looks. */
export async function lookAt(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  options: LookOptions = {},
): Promise<Look> {
  using opened = new DisposableStack();
  const root = opened.use(openWorktree(context, worktree));
  const rulesText = readRules(root);
  const rules = options.rules === undefined ? parsed(rulesText) : options.rules;
  const key = cacheKey(context, root);
  const cache = knownFrom(cacheFile(context, worktree), key);
  const clock = scanClock(context, root);
  const scan = await scanWorktree(context, worktree, root, {
    unreadable: options.unreadable ?? "record",
    ...(rules === null ? {} : { rules }),
    ...(clock === undefined ? {} : { clock }),
    ...(cache === undefined ? {} : { known: cache.table }),
  });
  const look = new Look(context, worktree, root, rulesText, rules, clock, key, scan, cache);
  opened.move();
  return look;
}

/** Looks at a folder of ours that holds what belongs to a worktree: all of it, nothing known before. The look closes it. */
export async function lookWithoutCache(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  root: Folder,
): Promise<Look> {
  using opened = new DisposableStack();
  opened.use(root);
  const clock = scanClock(context, root);
  const scan = await scanWorktree(context, worktree, root, {
    unreadable: "record",
    ...(clock === undefined ? {} : { clock }),
  });
  const look = new Look(context, worktree, root, null, null, clock, cacheKey(context, root), scan, undefined);
  opened.move();
  return look;
}

/** Scans a payload root as every look does: without what is ours in it for the moment. */
export async function scanWorktree(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  root: Folder,
  options: Pick<ScanOptions, "rules" | "clock" | "known" | "unreadable">,
): Promise<Scan> {
  const { exactStat, xattrs } = context.store.platform.abilities;
  const { reporter, signal } = context;
  return await scanTree(root, {
    ...options,
    exactStat,
    xattrs,
    skipAtRoot: stagingInRoot(context, worktree),
    reporter,
    signal,
  });
}

/** Names in the payload root that open intents say are ours: staging, where it cannot be elsewhere (SPEC 2). */
function stagingInRoot({ store }: RepositoryContext, worktree: WorktreeConfig): Uint8Array[] {
  const names: Uint8Array[] = [];
  for (const intent of store.intents.list()) {
    const { staging_in_root: name } = intent.claims;
    if (intent.worktree_id === worktree.worktree_id && name !== undefined) names.push(bytesOf(name));
  }
  return names;
}

function readRules(root: Folder): string | null {
  try {
    using file = root.openFile(IGNORE_FILE, "read");
    return textOf(readWhole(file));
  } catch (error) {
    // Not there, or a folder, link or socket of that name: no rules.
    if (isSystemError(error, "ENOENT", "EINVAL", "EISDIR", "ELOOP", "ENXIO")) return null;
    throw error;
  }
}

function parsed(rulesText: string | null): IgnoreRules | null {
  return rulesText === null ? null : parseIgnoreRules(rulesText);
}

function cacheFile({ store }: RepositoryContext, worktree: WorktreeConfig): ControlPath {
  return store.layout.cache(store.platform.host.id, worktree.worktree_id);
}

/** What is not there or not to be trusted is as if there were none: then everything is looked at anew. */
function knownFrom(place: ControlPath, key: string): StatCache | undefined {
  try {
    using file = place.openFile("read");
    return loadStatCache(file, key);
  } catch (error) {
    if (isSystemError(error) || error instanceof RefusedPath) return undefined;
    throw error;
  }
}

/** A cache is of one folder on one file system: copied or replaced, it is worth nothing. */
function cacheKey({ store }: RepositoryContext, root: Folder): string {
  const { file_system, inode } = store.worktrees.identify(root);
  return `${file_system} ${inode}`;
}

/** What time it is on the worktree's file system; unknown where nothing can be written. */
function scanClock({ store }: RepositoryContext, root: Folder): ScanClock | undefined {
  try {
    using folder = store.hostFolder().open();
    return readScanClock(store.platform, folder, root);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}
