import { type Infer, integer, record } from "../../model/schema.ts";
import type { TreeTable } from "../../tree/table.ts";

/** A step of a restore: one rename or exchange of a path, with all that is below it. docs/design/restore.md. */
export interface Unit {
  readonly kind: "swap" | "create" | "remove";
  /** Index in the worktree's scan; NONE for `create`. */
  readonly now: number;
  /** Index in the manifest; NONE for `remove`. */
  readonly then: number;
}

/** What a restore will do, before anything is touched. */
export interface RestorePlan {
  readonly units: readonly Unit[];
  /** Pairs whose content is the same and whose mode, owner, times or attributes are set in place. */
  readonly metadata: readonly { readonly now: number; readonly then: number }[];
  /** For each manifest entry 1 if it is to be made in staging. */
  readonly staged: Uint8Array;
  /** Entries of the scan that go or are replaced, each entry of a subtree by itself. */
  readonly touched: readonly number[];
  /** Entries of the scan that stay although the snapshot does not have them. */
  readonly kept: readonly number[];
  /** Entries of the scan that must stay, but are where the snapshot has something else. */
  readonly inTheWay: readonly number[];
  /** Manifest entries that are left alone: unreadable when the snapshot was made, or behind a boundary now. */
  readonly leftAlone: readonly number[];
  readonly counts: RestoreCounts;
}

/** For the sentence that says what went back. */
export const RestoreCounts = record({
  changed: integer().about("Files that were replaced; links and special files count as files."),
  added: integer().about("Files that came."),
  removed: integer().about("Files that went."),
  metadata: integer()
    .about("Entries whose content stayed and whose mode, owner, times or attributes were set."),
  folders_added: integer().about("Folders that came and hold no file."),
  folders_removed: integer().about("Folders that went and held no file."),
});
/** The same as a type. */
export type RestoreCounts = Infer<typeof RestoreCounts>;

/** The two trees, and what the planner must know of their entries. */
export interface PlanRequest {
  readonly now: TreeTable;
  readonly then: TreeTable;
  /** Entries of the scan that stay where the snapshot has nothing: the rules of now or of the snapshot ignore them. */
  readonly ignored: (now: number) => boolean;
  /** Entries of the scan that cannot be captured or entered: boundaries, and what could not be read. */
  readonly fixed: (now: number) => boolean;
  /** Entries of the snapshot that the worktree may have too, but the scan could not see; none by default. */
  readonly hidden?: (then: number) => boolean;
  /** Whether an entry of either tree is to be restored (`--paths`). */
  readonly inScope: (table: TreeTable, index: number) => boolean;
  /**
   * Folders of the worktree that other processes use. Where it is given, and can say that, folders of which nothing stays are
   * replaced whole.
   */
  readonly foldersInUse?: (() => Iterable<number> | undefined) | undefined;
  /** From how many steps in it a folder is worth that. */
  readonly worthAFolder?: number;
}
