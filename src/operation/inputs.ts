import { boolean, text } from "../model/schema.ts";

/** Inputs that several operations share. */

/** `--worktree NAME` of operations that otherwise work on the worktree the user is in. */
export const OTHER_WORKTREE = text().optional().about("Another worktree than the one you are in.")
  .cli({ placeholder: "NAME", completes: "worktree" });

/** `<name>` of operations that work on one worktree. */
export const WORKTREE_NAME = text().about("The worktree.")
  .cli({ positional: true, placeholder: "NAME", completes: "worktree" });

/** `<name>` of operations that make a worktree. */
export const NEW_WORKTREE_NAME = text().about("The new worktree's name; its folder is worktrees/<name>.")
  .cli({ positional: true, placeholder: "NAME" });

/** `--verify` and `--no-verify` of operations that make a worktree. */
export const VERIFY_CONTENT = boolean().optional()
  .about("Hash the content before it appears in the worktree; --no-verify never does.");

/** `--all` of operations that list differences. */
export const EVERY_PATH = boolean().default(false)
  .about("Name every path, also those in new and removed folders.");
