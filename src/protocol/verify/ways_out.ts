/** What brings back what only a copy has. docs/recovery.md shows the commands. */
export const FROM_COPY = "Bring it back from a copy of the repository.";

/** For a worktree whose record is damaged. */
export const RECORD_AGAIN =
  `${FROM_COPY} Or move the file away, and \`jvs doctor\` says how to make the worktree again.`;

/** For a worktree that stands on a missing snapshot. */
export const WITHOUT_HEAD =
  "Bring the snapshot back from a copy of the repository. Or move the worktree's record away, and " +
  "`jvs doctor` says how to make the worktree again.";

/** For snapshots that a worktree's record does not know, where it is not certain which is its newest. */
export const CHOOSE =
  "The record is older than that line: see `jvs history --all`, and restore the snapshot on which the worktree should stand.";

/** For a worktree whose record says something else than the last move of which the audit trail tells. */
export const MOVE =
  "The record is of an older copy, or a kill kept the trail from the last move: `jvs restore ID` in the worktree goes on from there, `jvs restore HEAD` stays where the record says. " +
  "Both save first what no snapshot holds.";

/** For a damaged commit marker. */
export const MARKER_AGAIN =
  `${FROM_COPY} Or move the file away: \`jvs doctor --repair rebuild_ready\` writes it again.`;

/** For a damaged ref or pin. */
export const KEEPER_AGAIN =
  `${FROM_COPY} Or move the file away, and \`jvs doctor\` says by the audit trail how to make it again.`;

/** For what a garbage collection had still to delete. */
export const WITHOUT_TOMBSTONE =
  `${FROM_COPY} Or move the file away: \`jvs doctor\` then names what that garbage collection had not deleted yet, and ` +
  "`jvs doctor --repair clean_tmp` deletes it.";
