import { isWithin } from "../model/absolute_path.ts";
import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { isUserFile, withoutLinks } from "../platform/user_file.ts";
import { discover } from "./discover.ts";
import type { Store } from "./store.ts";

/**
 * Refuses to save with a private key whose file is in the repository: in a worktree, every snapshot would have it, also for those who read
 * snapshots later; in `.jvs`, every copy of the repository.
 */
export function requireKeyOutside({ layout, worktrees }: Store, path: string): void {
  const real = withoutLinks(path);
  if (!isWithin(real, layout.control.path) && worktrees.nameAt(real) === undefined) return;
  const hint =
    "Move the file out, and name it by JVS_SIGNING_KEY, or move the config folder (XDG_CONFIG_HOME). " +
    "If a snapshot or a copy has the key already, revoke it and make a new one.";
  throw inside("save", path, layout.root, hint);
}

/** Refuses to make a private key in a folder that is part of a repository. */
export function requireFolderOutside(folder: string): void {
  let there = folder;
  while (there !== "/" && !isUserFile(there)) there = there.slice(0, there.lastIndexOf("/")) || "/";
  const found = discover(there);
  if (found === undefined) return;
  const isInControl = isWithin(withoutLinks(there), `${found.root}/.jvs`);
  if (found.worktree === null && !isInControl) return;
  const hint = "Set XDG_CONFIG_HOME to a folder outside of it, for this command and those that sign.";
  throw inside("make a key", folder, found.root, hint);
}

function inside(what: string, path: string, root: string, hint: string): JvsError {
  return new JvsError(
    "E_PERMISSION",
    `Cannot ${what}: ${quoted(path)} is in the repository ${quoted(root)}, which must have no private key`,
    { hint, details: { path, root } },
  );
}
