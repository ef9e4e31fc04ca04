import type { WorktreeConfig } from "../model/records.ts";
import type { Refs } from "./refs.ts";
import type { Snapshots } from "./snapshots.ts";
import type { Worktrees } from "./worktrees.ts";

/** What naming snapshots needs of a store. */
export interface NamingSource {
  readonly snapshots: Pick<
    Snapshots,
    "exists" | "isPruned" | "list" | "listKnown" | "descriptor" | "readable" | "mentioning"
  >;
  readonly refs: Pick<Refs, "find" | "names">;
  readonly worktrees: Pick<Worktrees, "find" | "names">;
}

/** Who names a snapshot. */
export interface ResolveOptions {
  /** The worktree that `HEAD` and "this line" are about. */
  readonly worktree: WorktreeConfig | null;
  /** A program asks: notes are no names then. False by default. */
  readonly forProgram?: boolean;
}
