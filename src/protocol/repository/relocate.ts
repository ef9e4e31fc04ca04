import { canonicalJson } from "../../model/canonical_json.ts";
import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import { attempt } from "../../platform/deno_call.ts";
import { Layout } from "../../repo/layout.ts";
import { openStore, type Store } from "../../repo/store.ts";
import { trustedRepositories } from "../../repo/trust.ts";
import { recoverRelocation } from "./relocation_recovery.ts";
import { withIntent } from "../change/change.ts";
import { commitChange } from "../change/commit.ts";
import type { Context } from "../context.ts";
import { lockWorktree } from "../change/locks.ts";
import { isAdopted } from "../worktree/open.ts";

const OPERATION = "adopt relocate";

/** Says that an adopted folder is here now: it was moved together with its history, or replaced. SPEC 2. */
export async function relocate(context: Context, folder: string): Promise<Store> {
  const place = attempt("find", folder, () => Deno.realPathSync(folder));
  const root = `${place}.jvs`;
  if (!new Layout(root).control.isThere()) throw noHistory(place);
  const store = openStore(root, { trustedRoots: trustedRepositories(context.userConfig) });
  const worktree = store.worktrees.list().find(isAdopted);
  if (worktree === undefined) throw nothingAdopted(root);
  using payload = store.platform.openFolder(place);
  const path = `../${place.slice(place.lastIndexOf("/") + 1)}`;
  const now = { path, identity: store.worktrees.identify(payload) };
  if (path === worktree.path && canonicalJson(now.identity) === canonicalJson(worktree.identity)) {
    return store;
  }
  await record({ ...context, store, worktree }, worktree, now);
  return store;
}

type Place = Pick<WorktreeConfig, "path" | "identity">;

async function record(
  context: Context & { store: Store; worktree: WorktreeConfig },
  worktree: WorktreeConfig,
  now: Place,
): Promise<void> {
  const { store } = context;
  const { name, worktree_id } = worktree;
  using _lock = await lockWorktree(context, worktree_id, "adopt");
  // Only an interrupted relocation: to recover anything else it must be known first where the folder is.
  for (const intent of store.intents.list()) {
    if (intent.worktree_id === worktree_id && intent.operation === OPERATION) {
      await recoverRelocation(context, store.intents.adopt(intent));
    }
  }
  const options = { operation: OPERATION, target: name, details: { ...now } };
  await withIntent(context, worktree_id, options, async (intent) => {
    const details = { worktree: name, path: now.path, previous_path: worktree.path };
    await commitChange({ context, store, intent }, "adopt", { target: store.layout.root, details }, () => {
      store.worktrees.update(name, now);
    });
  });
}

function noHistory(place: string): JvsError {
  return new JvsError(
    "E_NOT_FOUND",
    `Cannot relocate ${quoted(place)}: there is no ${quoted(`${place}.jvs`)} beside it.`,
    {
      hint:
        "Move the folder with its history there, and give it that name; to begin a new history run `jvs adopt`.",
      details: { path: place },
    },
  );
}

function nothingAdopted(root: string): JvsError {
  return new JvsError("E_USAGE", `Cannot relocate: the repository ${quoted(root)} has no adopted worktree.`, {
    hint: "Its worktrees are inside it; `jvs worktree list` shows them.",
    details: { root },
  });
}
