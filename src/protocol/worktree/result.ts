import { Degradations, snapshotId, uuid } from "../../model/records.ts";
import { boolean, type Infer, nullable, record, text } from "../../model/schema.ts";
import type { MadeWorktree } from "./create.ts";

/** The result of an operation that makes a worktree. */
export const NewWorktreeResult = record({
  name: text(),
  path: text().about("Absolute: go there to work in it."),
  worktree_id: uuid(),
  head_snapshot_id: nullable(snapshotId()).about("The snapshot that its line begins with."),
  live: boolean().about("It was copied from a worktree as that is now, not from a snapshot."),
  verified: boolean().about("Whether the content was hashed before it was to be seen."),
  degradations: Degradations,
});

/** The result for this worktree. */
export function newWorktreeResult(
  { worktree, path, verified, degradations }: MadeWorktree,
  live: boolean,
): Infer<typeof NewWorktreeResult> {
  const { name, worktree_id, head_snapshot_id } = worktree;
  return { name, path, worktree_id, head_snapshot_id, live, verified, degradations: degradations.toRecord() };
}
