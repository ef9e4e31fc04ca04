import { WorktreeConfig } from "./records.ts";
import { boolean, text } from "./schema.ts";

const { base_snapshot_id, head_snapshot_id, latest_snapshot_id } = WorktreeConfig.fields;

/** What results say of a repository: the same words in each of them. */
export const REPOSITORY = {
  repository: text().about("The absolute path of the folder that holds .jvs."),
  repo_id: text().about("The repository's id, a UUID, which never changes."),
};

/** What results say of a worktree and of where it stands. */
export const WORKTREE = {
  worktree: text().about("The worktree's name."),
  path: text().about("The absolute path of the worktree's folder: go there to work in it."),
  base_snapshot_id,
  head_snapshot_id,
  latest_snapshot_id,
  detached: boolean().about("The worktree stands on another snapshot than the newest of its line."),
};

/** A path in a tree, as programs get it. */
export const ENCODED_PATH = text().about("Encoded as in the payload root hash; empty for the payload root.");
