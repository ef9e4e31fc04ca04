import { canonicalJson } from "../../model/canonical_json.ts";
import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import { callDeno } from "../../platform/deno_call.ts";
import { Layout } from "../../repo/layout.ts";
import { openStore } from "../../repo/store.ts";
import { trustedRepositories } from "../../repo/trust.ts";
import { giveFolder, relocation } from "../change/change.ts";
import { guardWorktree } from "../change/guard.ts";
import { lockWorktree, recoverOnly } from "../change/locks.ts";
import type { Context } from "../context.ts";
import { isAdopted } from "../open_worktree.ts";
import { type NewRepositoryResult, newRepositoryResult } from "./begin.ts";

/** Writes down that an adopted folder is here now: it was moved with its history, or replaced. SPEC 2. */
export async function relocate(context: Context, folder: string): Promise<NewRepositoryResult> {
  const place = callDeno("find", folder, () => Deno.realPathSync(folder));
  const root = `${place}.jvs`;
  if (!new Layout(root).control.isThere()) {
    throw new JvsError(
      "E_NOT_FOUND",
      `Cannot relocate ${quoted(place)}: there is no ${quoted(root)} beside it`,
      {
        hint:
          "Move its history there, the folder that ends in .jvs, and give it that name; to begin a new history run `jvs adopt`.",
        details: { path: place },
      },
    );
  }
  const store = openStore(root, {
    trustedRoots: trustedRepositories(context.userConfig),
    signing: context,
  });
  const worktree = store.worktrees.list().find(isAdopted);
  if (worktree === undefined) {
    const what = `the repository ${quoted(root)} has no adopted worktree`;
    throw new JvsError("E_USAGE", `Cannot relocate: ${what}`, {
      hint: "Its worktrees are inside it; `jvs worktree list` shows them.",
      details: { root },
    });
  }
  using payload = store.platform.openFolder(place);
  const path = `../${place.slice(place.lastIndexOf("/") + 1)}`;
  const now = { path, identity: store.worktrees.identify(payload) };
  if (path !== worktree.path || canonicalJson(now.identity) !== canonicalJson(worktree.identity)) {
    const opened = { ...context, store, worktree };
    using _lock = await lockWorktree(opened, worktree.worktree_id, relocation.operation);
    // Other recoveries must know first where the folder is.
    await recoverOnly(opened, worktree.worktree_id, [relocation]);
    using guard = await guardWorktree(opened, worktree, relocation);
    await giveFolder({ ...opened, guard }, worktree, relocation, now);
  }
  return await newRepositoryResult(context, store);
}
