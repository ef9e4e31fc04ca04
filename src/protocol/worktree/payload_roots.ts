import { type BytePath, bytesOf, ITSELF } from "../../model/bytes.ts";
import { DIR } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import { makeOwnFolder } from "../../platform/make_own.ts";
import { type Folder, SUBVOLUME_INODE } from "../../platform/platform.ts";
import { inodeAt, Stat } from "../../platform/stat.ts";
import { isSystemError, unlessFailed } from "../../platform/system_error.ts";
import { removeClone } from "../../engine/engines.ts";
import type { Identity, WorktreeConfig } from "../../model/records.ts";
import type { Store } from "../../repo/store.ts";
import { sameIdentity } from "../../repo/worktrees.ts";
import { mergeTables } from "../../tree/merge_tables.ts";
import { isUnchangedBetween } from "../../tree/same_entry.ts";
import type { TreeTable } from "../../tree/table.ts";

const PAYLOADS = bytesOf("worktrees");
const OWNER_MAY_MOVE = 0o300;

/** Opens the folder of the payload roots, and makes it if it is missing; `E_PATH_ESCAPE` if it is a link. */
export function openPayloads({ layout, platform }: Store): Folder {
  try {
    using root = platform.openFolder(layout.root);
    if (!root.stat(PAYLOADS, new Stat())) {
      // As open to the group as the control plane: the folder above may be older than the repository.
      const control = new Stat();
      layout.control.stat(control);
      // Another process may have just made it.
      unlessFailed(["EEXIST"], () => makeOwnFolder(root, PAYLOADS, control));
      root.sync();
    }
    return root.openFolder(PAYLOADS);
  } catch (error) {
    if (!isSystemError(error, "EEXIST", "ELOOP", "ENOTDIR")) throw error;
    const path = layout.payloads;
    throw new JvsError(
      "E_PATH_ESCAPE",
      `Cannot use ${quoted(path)} for worktrees: it is no folder, or a link to somewhere else`,
      { hint: "Move it away; JVS makes the folder it needs.", details: { path } },
    );
  }
}

/**
 * Whether a payload root has this name already. The roots of all subvolumes have one inode: there its file system tells which
 * of them it is.
 */
export function hasPayload(
  { worktrees }: Store,
  folder: Folder,
  name: Uint8Array,
  identity: Identity,
): boolean {
  if (inodeAt(folder, name) !== identity.inode) return false;
  if (identity.inode !== String(SUBVOLUME_INODE)) return true;
  using root = folder.openFolder(name);
  return sameIdentity(worktrees.identify(root), identity);
}

/** Removes what an intent has in staging. Repeatable. */
export async function discardStaged(store: Store, { id }: { readonly id: string }): Promise<void> {
  using staging = store.layout.staging.open();
  await removeClone(store.platform, staging, bytesOf(id));
}

/** Gives the owner write access to a folder: to move it changes its `..`. Returns the mode to set back; null if unchanged. */
export function makeMovable(folder: Folder, name = ITSELF): number | null {
  const stat = new Stat();
  if (!folder.stat(name, stat) || stat.type !== DIR) return null;
  if ((stat.mode & OWNER_MAY_MOVE) === OWNER_MAY_MOVE) return null;
  folder.setMode(name, stat.mode | OWNER_MAY_MOVE);
  return stat.mode;
}

/** Renames a payload root. It never replaces anything, and an error says why it cannot be moved. */
export function movePayload(from: Folder, name: Uint8Array, to: Folder, toName: Uint8Array): void {
  try {
    from.rename(name, to, toName, "fresh");
  } catch (error) {
    if (!isSystemError(error, "EEXIST", "ENOTEMPTY", "EXDEV", "EBUSY")) throw error;
    const { details, errno, message } = error;
    const why = { details, cause: error };
    if (errno === "EXDEV" || errno === "EBUSY") {
      const hint =
        "It is a mount point, or lies on another layer or file system than the rest of the repository.";
      throw new JvsError("E_IO", `${message}, so this worktree cannot be moved`, { hint, ...why });
    }
    const hint = "Move that away, or choose another name.";
    throw new JvsError("E_ALREADY_EXISTS", message, { hint, ...why });
  }
}

/** The name of the folder of a worktree in `worktrees/`. */
export function payloadName({ path }: WorktreeConfig): Uint8Array<ArrayBuffer> {
  return bytesOf(path.slice(path.lastIndexOf("/") + 1));
}

/** The paths that changed between two scans of one tree. Without the root, because to move it changes it. */
export async function changedBetween(before: TreeTable, after: TreeTable): Promise<BytePath[]> {
  const paths: BytePath[] = [];
  await mergeTables(before, after, (i, j) => {
    if (i === 0 || j === 0) return;
    if (i === -1) paths.push(after.path(j));
    else if (j === -1 || !isUnchangedBetween(before, i, after, j)) paths.push(before.path(i));
  });
  return paths;
}
