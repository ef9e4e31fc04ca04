import type { Finding, WorktreeConfig } from "../../model/records.ts";
import { recordedWorktrees } from "../../repo/recorded_worktrees.ts";
import type { Store } from "../../repo/store.ts";
import { finding } from "./finding.ts";
import { soundWorktrees } from "./sound_records.ts";

/** Reports worktrees whose records have one id: one of them was brought back from a copy that is older than a new name. */
export function checkSameIds(store: Store): Finding[] {
  const sharing = Map.groupBy(soundWorktrees(store), ({ worktree_id }) => worktree_id).values();
  return [...sharing].filter(({ length }) => length > 1).flatMap((worktrees) => {
    const right = rightOf(store, worktrees);
    return worktrees.filter((each) => each !== right).map((older) => sameIdFinding(store, older, right));
  });
}

/** The one that the audit trail knows, else the one whose folder is the one that its record describes. */
function rightOf(store: Store, worktrees: readonly WorktreeConfig[]): WorktreeConfig | undefined {
  const trail = recordedWorktrees(store.layout);
  return worktrees.find(({ name, worktree_id: id }) =>
    trail.some((each) => each.worktreeId === id && each.name === name)
  ) ??
    worktrees.find((each) => store.worktrees.checkIdentity(each) === "same");
}

function sameIdFinding({ layout, worktrees }: Store, older: WorktreeConfig, right?: WorktreeConfig): Finding {
  const { name } = older;
  const { path } = layout.worktreeConfig(name);
  const message =
    `The record of worktree "${name}", "${path}", has the id of worktree "${
      right?.name ?? "that has another name"
    }": ` +
    "it was brought back from a copy that is older than the new name. " +
    `Keep what was saved by it, if anything was: \`jvs gc pin ${name}@ --line\`. Then move the folder ` +
    `"${layout.worktree(name).path}" away, and the files in "${worktrees.root(older)}", if there are any.`;
  return finding("critical", "E_DESCRIPTOR_CORRUPT", message, { path });
}
