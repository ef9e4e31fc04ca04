import type { DegradationList } from "../model/degradations.ts";
import type { Reporter } from "../model/progress.ts";
import type { EngineName } from "../model/records.ts";
import type { Folder, Platform } from "../platform/platform.ts";
import type { RemoveTreeOptions } from "../tree/remove_tree.ts";
import type { TreeTable } from "../tree/table.ts";

/** What an engine can do; callers ask these, never its name. */
export interface EngineAbilities {
  /** One call clones a tree of any size, and each call costs as much as many files: few large trees, not many small ones. */
  readonly wholeTrees: boolean;
  /** What it made can be renamed out of the tree that it made, entry by entry. */
  readonly entriesMoveOut: boolean;
  /** Unchanged files are hard-linked from an earlier payload (`share`). */
  readonly sharesFiles: boolean;
  /** Payloads have the modes and ACLs of their source; else those without write rights (`payloadMode`). */
  readonly keepsModes: boolean;
  readonly keepsHoles: boolean;
}

/** A way of cloning trees. Every engine passes the shared contract suite on every file system it claims. SPEC 5. */
export interface Engine {
  readonly name: EngineName;
  readonly abilities: EngineAbilities;
  /**
   * Makes `name` in the open folder `into`, where nothing of that name is: what `table` lists of `source`, the root's own
   * aspects included. Not atomic, and not durable before `platform.syncFileSystem`; what is there after a failure the
   * caller removes by `removeClone`. Entries that vanished or changed their type since the scan are named in the
   * result, not an error: the caller looks again anyway.
   */
  clone(request: CloneRequest): Promise<CloneResult>;
}

/** What to clone, from where, to where. */
export interface CloneRequest {
  readonly source: Folder;
  /** Entries in root-hash order. */
  readonly table: TreeTable;
  /** Whether the table lists everything that was in `source`: then the whole tree can be cloned as it is. */
  readonly isComplete: boolean;
  readonly into: Folder;
  readonly name: Uint8Array;
  /**
   * `payload`: an immutable copy; a file is flushed before it is read, modes are as the engine's abilities say.
   * `worktree`: everything exactly as the table has it, writable, and no inode shared with anything.
   */
  readonly as: "payload" | "worktree";
  /** For payloads of an engine that shares files: an earlier payload whose files may be hard-linked. */
  readonly share?: ShareSource;
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}

/** An earlier payload to hard-link unchanged files from. */
export interface ShareSource {
  readonly payload: Folder;
  readonly table: TreeTable;
  /** For each entry of the request's table the same, unchanged file's index in this table, or -1. */
  readonly match: Int32Array;
}

/** What cloning did. */
export interface CloneResult {
  /**
   * What was made. The request's own table, with `lost` bits for what a payload could not keep, where the engine makes
   * entry by entry; a scan of the clone where a whole tree was cloned, as only that tells what is in it. A file whose
   * size, mtime and ctime are those of the request's table keeps its hash.
   */
  readonly table: TreeTable;
  readonly degradations: DegradationList;
  /** Indexes in the request's table of entries that were gone, or not as the table has them, when they were reached. */
  readonly changed: readonly number[];
  /** Indexes in the request's table of files that could not be read. */
  readonly unreadable: readonly number[];
}

/** What an engine is chosen for. */
export interface ProbeOptions {
  /** The tree that is to be cloned. */
  readonly source: Folder;
  /** A folder of ours on the file system that it is cloned to; a file is tried in it. */
  readonly control: Folder;
}

/** Whether an engine works, or the end of a sentence that says why not. */
export type Probe = { readonly works: true } | { readonly works: false; readonly reason: string };

/** An engine as `select.ts` lists it. */
export interface EngineKind {
  readonly name: EngineName;
  /** Whether it works for a tree: tried with real files, as nothing else tells. What it makes for that is gone afterwards. */
  probe(platform: Platform, options: ProbeOptions): Probe | Promise<Probe>;
  make(platform: Platform): Engine;
  /** Where its clones cannot be removed entry by entry: removes `name` if it is such a clone, and says whether it was. */
  readonly remove?: (
    platform: Platform,
    folder: Folder,
    name: Uint8Array,
    options: RemoveTreeOptions,
  ) => Promise<boolean>;
}
