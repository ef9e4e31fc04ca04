import { JvsError } from "../model/errors.ts";
import { checkName } from "../model/names.ts";
import type { WorktreeConfig } from "../model/records.ts";
import { WORKTREE } from "../model/result_fields.ts";
import { record, text } from "../model/schema.ts";
import { inodeAt } from "../platform/stat.ts";
import type { Store } from "../repo/store.ts";
import { changeWorktree } from "../protocol/change/change.ts";
import { commitChange } from "../protocol/change/commit.ts";
import { defineOperation, WORKTREE_NAME } from "./define.ts";
import { lockRepository } from "../protocol/change/locks.ts";
import { isAdopted } from "../protocol/open_worktree.ts";
import { findPayloads, payloadName } from "../protocol/worktree/payload_roots.ts";
import { carryOutRenaming, reserveName, worktreeRenaming } from "../protocol/worktree/names.ts";

/** Gives a worktree another name. */
export const worktreeRename = defineOperation({
  name: "worktree rename",
  summary: "Give a worktree another name",
  about:
    "Its folder worktrees/<name> becomes worktrees/<new-name>; shells in it keep working. The folder of `main` keeps " +
    "its name.",
  examples: [["jvs worktree rename experiment winner", "renames it and its folder"]],
  changes: "repository",
  kinds: [worktreeRenaming],
  input: record({
    name: WORKTREE_NAME,
    new_name: text().about("Its new name.").cli({ positional: true, placeholder: "NEW" }),
  }, { closed: true }),
  output: record({
    name: WORKTREE.worktree,
    old_name: text().about("The worktree's name before."),
    path: WORKTREE.path,
  }),
  async run(context, input) {
    const newName = checkName(input.new_name, "worktree");
    const worktree = context.store.worktrees.get(input.name);
    const { name, path } = worktree;
    if (isAdopted(worktree)) {
      const hint = "An adopted folder keeps its name. Fork it to get a worktree with another name.";
      const message = `Cannot rename worktree "${name}": it is the adopted folder "${path.slice(3)}"`;
      throw new JvsError("E_USAGE", message, { hint, details: { worktree: name } });
    }
    const begun = { kind: worktreeRenaming, target: name, details: {}, claims: { worktree_name: name } };
    return await changeWorktree(context, worktree, begun, async (change) => {
      const { intent, store, worktree } = change;
      const { name: oldName, worktree_id } = worktree;
      await reserveName(context, intent, newName);
      using _lock = await lockRepository(change, intent.operation);
      intent.step("renaming", { from: oldName, inode: inodeOfPayload(store, worktree) });
      const note = { target: newName, details: { old_name: oldName, name: newName, worktree_id } };
      await commitChange(change, note, { commit: () => carryOutRenaming(store, intent) });
      const renamed = store.worktrees.get(newName);
      return { name: newName, old_name: oldName, path: store.worktrees.root(renamed) };
    });
  },
});

/** Empty if the folder has another name than the worktree, or is gone: then only the record changes. */
function inodeOfPayload(store: Store, worktree: WorktreeConfig): string {
  if (worktree.path !== `worktrees/${worktree.name}`) return "";
  using payloads = findPayloads(store);
  return payloads === undefined ? "" : inodeAt(payloads, payloadName(worktree)) ?? "";
}
