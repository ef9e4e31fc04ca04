import type { DegradationList } from "../model/degradations.ts";
import type { Reporter } from "../model/progress.ts";
import type { EngineName } from "../model/records.ts";
import type { Folder, Platform } from "../platform/platform.ts";
import type { WorkerSource } from "../platform/worker_team.ts";
import type { RemoveTreeOptions } from "../tree/remove_tree.ts";
import type { TreeTable } from "../tree/table.ts";

/** What an engine can do. Callers ask for an ability, never for the name of the engine. */
export interface EngineAbilities {
  /** One call clones a whole tree of any size. A call is expensive, so a few large trees are better than many small ones. */
  readonly wholeTrees: boolean;
  /** Entries can be renamed out of the cloned tree one by one. */
  readonly entriesMoveOut: boolean;
  /** The engine hard-links unchanged files from an earlier payload (`share`). */
  readonly sharesFiles: boolean;
  /** Payloads keep the modes and ACLs of their source; otherwise they lose the write rights (`payloadMode`). */
  readonly keepsModes: boolean;
  readonly keepsHoles: boolean;
  /**
   * Each entry of the result has the change time (ctime) of the entry that was cloned. Then capture compares the result
   * with a new scan of the source: no earlier look need be right, and no change can hide between two of them.
   */
  readonly keepsChangeTimes: boolean;
  /** Entries can be left out without being cloned first. */
  readonly leavesOut: boolean;
}

/** A way to clone trees. Each engine passes the contract suite on each file system that it claims. SPEC 5. */
export interface Engine {
  readonly name: EngineName;
  readonly abilities: EngineAbilities;
  /** Waits until a clone would hold what programs have written into a tree, where that is not so at once. */
  readonly settle?: (source: Folder, options: Pick<CloneRequest, "reporter" | "signal">) => Promise<void>;
  /**
   * Makes the new folder `name` in the open folder `into`, with the entries of `source` that `table` lists and the aspects
   * of the root. Not atomic, and not durable before `platform.syncFileSystem`. After a failure the caller removes the rest
   * with `removeClone`. Entries that disappeared or changed their type since the scan are no error: the result names
   * them, and the caller scans again anyway.
   */
  clone(request: CloneRequest): Promise<CloneResult>;
}

/** What to clone, from where and to where. */
export interface CloneRequest {
  readonly source: Folder;
  /** Entries in root-hash order. */
  readonly table: TreeTable;
  /** Folders in which `source` has something that the table does not list. Without gaps, the tree can be cloned as it is. */
  readonly gaps: ReadonlySet<number>;
  readonly into: Folder;
  readonly name: Uint8Array;
  /**
   * `payload`: an immutable copy. Files are flushed before they are read; modes follow the abilities of the engine.
   * `worktree`: everything exactly as in the table, writable, and without shared inodes.
   */
  readonly as: "payload" | "worktree";
  /** The table is a look at the source: a file with another inode or other rights by now was exchanged, and counts as changed. */
  readonly isLook?: boolean;
  /** Makes the root where the engine makes each entry by itself; by default it is a plain folder. See `makeRoot`. */
  readonly makeRoot?: ((folder: Folder, name: Uint8Array, mode: number) => void) | undefined;
  /** The table has no change that the source's subvolume got after this generation. What a clone got since can be asked. */
  readonly generation?: number | undefined;
  /** For payloads, if the engine shares files: an earlier payload whose files may be hard-linked. */
  readonly share?: ShareSource | undefined;
  /** For payloads: files that must be cloned while their programs are kept from writing. */
  readonly held?: HeldFiles | undefined;
  /**
   * For payloads, called by an engine that clones entry by entry, before it fills files: what programs had stored in them
   * is written now, so the source can be read beside the clone. With `flushEach` that holds only for a file that is flushed.
   * Returns whether other threads have begun with that.
   */
  readonly onReadable?: ((flushEach: boolean) => Promise<boolean>) | undefined;
  /** Workers that clone beside this thread where there are many files. */
  readonly workers?: WorkerSource | undefined;
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}

/** An earlier payload to hard-link unchanged files from. */
export interface ShareSource {
  readonly payload: Folder;
  readonly table: TreeTable;
  /** For each entry of the request's table the index of the same, unchanged file in this table, or -1. */
  readonly match: Int32Array;
}

/** Files that must be cloned while programs are kept from writing them, as those of a database. */
export interface HeldFiles {
  readonly files: ReadonlySet<number>;
  /**
   * For an engine that clones entry by entry: those to clone now, before the next ones are asked for. The table says then what they
   * are now.
   */
  inTurn(): AsyncIterable<readonly number[]>;
  /** For one call that clones all of them, until the end of `using`. */
  together(): Promise<Disposable>;
}

/** The result of a clone. */
export interface CloneResult {
  /**
   * The entries that were made. Of a payload that one call cloned: a scan of the clone, because only that shows its content,
   * or the request's table where the clone was asked and is the same; a file with the size, mtime and ctime of the request's
   * table keeps its hash. Else the request's table, with `lost` bits for what a payload cannot keep.
   */
  readonly table: TreeTable;
  readonly degradations: DegradationList;
  /** Indexes in the request's table of entries that were gone or different when the engine reached them. */
  readonly changed: readonly number[];
  /** Indexes in the request's table of files that the engine may not read. */
  readonly unreadable: readonly number[];
  /** Indexes of files whose source has another time, owner or rights than the table: only their content shows whether they are right. */
  readonly doubtful?: readonly number[];
  /**
   * Whether the table of a worktree has the change times and inodes of what was made, as a look at it would tell. What is not
   * as the table says, or was touched since, has none.
   */
  readonly hasFacts?: boolean;
}

/** The tree for which an engine is chosen. */
export interface ProbeOptions {
  /** The tree to clone. */
  readonly source: Folder;
  /** A folder of JVS on the file system of the clone, for a test file. */
  readonly control: Folder;
}

/** Whether an engine works; if not, the reason as the end of a sentence. */
export type Probe = { readonly works: true } | {
  readonly works: false;
  readonly reason: string;
  /** The engine is for another kind of file system: only those who ask for it want to know. */
  readonly isElsewhere?: true;
};

/** An engine in the list of `engines.ts`. */
export interface EngineKind {
  readonly name: EngineName;
  /** Whether the engine works for a tree. It tries real files, because nothing else is certain, and removes them again. */
  probe(platform: Platform, options: ProbeOptions): Probe | Promise<Probe>;
  make(platform: Platform): Engine;
  /**
   * For an engine that wants worktrees of a form of its own: makes the empty folder `name` in that form and returns true,
   * where that works. The mode is that of `Folder.makeFolder`.
   */
  readonly makeRoot?: (
    platform: Platform,
    folder: Folder,
    name: Uint8Array,
    mode: number | undefined,
  ) => boolean;
  /**
   * For an engine whose clones need their own way of removal: removes `name` and returns true if it is such a clone. Only
   * for names in the folders of the control plane where JVS makes clones, never for what is inside a worktree.
   */
  readonly remove?: (
    platform: Platform,
    folder: Folder,
    name: Uint8Array,
    options: RemoveTreeOptions,
  ) => Promise<boolean>;
}
