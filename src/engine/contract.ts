import type { DegradationList } from "../model/degradations.ts";
import type { Reporter } from "../model/progress.ts";
import type { EngineName } from "../model/records.ts";
import type { Folder, OpenFile } from "../platform/platform.ts";
import type { TreeTable } from "../tree/table.ts";

/** What an engine can do; callers ask these, never its name. */
export interface EngineAbilities {
  readonly keepsHoles: boolean;
}

/** A way of cloning trees. Every engine passes the shared contract suite on every file system it claims. SPEC 5. */
export interface Engine {
  readonly name: EngineName;
  readonly abilities: EngineAbilities;

  /**
   * Makes in the empty folder `destination` what `table` lists of `source`, the root's own aspects included. Not
   * atomic, and not durable before `platform.syncFileSystem`: what is there after a failure is the caller's to remove.
   * Entries that vanished or changed their type since the scan are named in the result, not an error: the caller
   * looks again anyway.
   */
  clone(request: CloneRequest): Promise<CloneResult>;

  /** Gives the empty file `target` the content of `source`, now. `between` may throw to stop. */
  cloneFile(source: OpenFile, target: OpenFile, between?: () => void): void;
}

/** What to clone, from where, to where. */
export interface CloneRequest {
  readonly source: Folder;
  /** Entries in root-hash order; the engine sets their `lost` bits when it makes a payload. */
  readonly table: TreeTable;
  readonly destination: Folder;
  /**
   * `payload`: an immutable copy, modes as `payloadMode` (and ACLs alike), a file is flushed before it is read.
   * `worktree`: everything exactly as the table has it, and no inode shared with anything.
   */
  readonly as: "payload" | "worktree";
  /** For payloads only: an earlier payload whose files may be hard-linked. */
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
  readonly degradations: DegradationList;
  /** Indexes of entries that were gone or of another type when they were reached. */
  readonly changed: readonly number[];
  /** Indexes of files that could not be read. */
  readonly unreadable: readonly number[];
}
