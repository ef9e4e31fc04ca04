import { type BytePath, bytesOf, ITSELF } from "../../model/bytes.ts";
import { DIR } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import type { Reporter } from "../../model/progress.ts";
import { quoted } from "../../model/path_text.ts";
import { groupNameOf, ownerName } from "../../platform/host_names.ts";
import { isShared } from "../../platform/folder_rights.ts";
import { makeOwnFolder } from "../../platform/make_own.ts";
import { type Folder } from "../../platform/platform.ts";
import { SUBVOLUME_INODE } from "../../platform/file_system.ts";
import { inodeAt, inodeText, Stat } from "../../platform/stat.ts";
import { isSystemError, unlessFailed } from "../../platform/system_error.ts";
import { removeClone } from "../../engine/engines.ts";
import type { Identity, WorktreeConfig } from "../../model/records.ts";
import type { Store } from "../../repo/store.ts";
import { sameIdentity } from "../../repo/identity.ts";
import type { Layout } from "../../repo/layout.ts";
import { mergeTables } from "../../tree/merge_tables.ts";
import { isUnchangedBetween } from "../../tree/same_entry.ts";
import type { TreeTable } from "../../tree/table.ts";

const PAYLOADS = bytesOf("worktrees");
const OWNER_MAY_MOVE = 0o300;

/** Opens the folder of the payload roots, and makes it if it is missing; `E_PATH_ESCAPE` if it is a link. */
export function openPayloads(store: Store): Folder {
  return refusingOthers(store, (root) => {
    if (!root.stat(PAYLOADS, new Stat())) makePayloads(store, root);
    return root.openFolder(PAYLOADS);
  });
}

/** The same for what only looks or undoes, which must succeed where nothing can be made: nothing if it is missing. */
export function findPayloads(store: Store): Folder | undefined {
  return refusingOthers(store, (root) => unlessFailed(["ENOENT"], () => root.openFolder(PAYLOADS)));
}

function makePayloads({ layout }: Store, root: Folder): void {
  // As open to the group as the control plane: the folder above may be older than the repository.
  const control = new Stat();
  layout.control.stat(control);
  try {
    makeOwnFolder(root, PAYLOADS, control);
  } catch (error) {
    if (isSystemError(error, "EEXIST")) return; // another process has just made it
    throw isShared(control.mode) && isSystemError(error, "EACCES")
      ? closedAbove(layout, control.gid, error)
      : error;
  }
  root.sync();
}

/** The error for a member who may not write beside `.jvs`, where an older version of JVS made no folder for all. */
function closedAbove({ payloads: path, root }: Layout, gid: number, cause: unknown): JvsError {
  const state = `it is not there, and ${quoted(root)} is closed to you`;
  return new JvsError(
    "E_PERMISSION",
    `Cannot use ${quoted(path)} for the worktrees of all members: ${state}`,
    {
      hint: `Have ${ownerName(root)} make it: \`install -d -m 2770 -g ${groupNameOf(gid)} ${quoted(path)}\`.`,
      details: { path },
      cause,
    },
  );
}

function refusingOthers<T>({ layout, platform }: Store, open: (root: Folder) => T): T {
  try {
    using root = platform.openFolder(layout.root);
    return open(root);
  } catch (error) {
    if (!isSystemError(error, "ELOOP", "ENOTDIR")) throw error;
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
export async function discardStaged(
  store: Store,
  { id }: { readonly id: string },
  reporter?: Reporter,
): Promise<void> {
  using staging = store.layout.staging.open();
  await removeClone(store.platform, staging, bytesOf(id), reporter === undefined ? {} : { reporter });
}

/** Gives the owner write access to a folder: to move it changes its `..`. Returns the mode to set back; null if unchanged. */
export function makeMovable(folder: Folder, name = ITSELF): number | null {
  using entry = folder.openEntry(name);
  if (entry === undefined) return null;
  const { type, mode } = Stat.ofFile(entry);
  if (type !== DIR || (mode & OWNER_MAY_MOVE) === OWNER_MAY_MOVE) return null;
  const set = () => {
    entry.setMode(mode | OWNER_MAY_MOVE);
    return mode;
  };
  return unlessFailed(["EOPNOTSUPP"], set) ?? null; // refused to root, who needs no mode for it
}

/** Sets back the mode of a payload root, unless its name leads to another folder by now. */
export function setRootMode(payloads: Folder, name: Uint8Array, { inode }: Identity, mode: number): void {
  using entry = payloads.openEntry(name);
  if (entry === undefined) return;
  const { type, inoHi, inoLo } = Stat.ofFile(entry);
  if (type === DIR && inodeText(inoHi, inoLo) === inode) entry.setMode(mode);
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
export async function changedBetween(
  before: TreeTable,
  after: TreeTable,
  isExplained: (i: number, j: number) => boolean = () => false,
): Promise<BytePath[]> {
  const paths: BytePath[] = [];
  await mergeTables(before, after, (i, j) => {
    if (i === 0 || j === 0) return;
    if (i !== -1 && j !== -1 && isUnchangedBetween(before, i, after, j)) return;
    if (isExplained(i, j)) return;
    paths.push(i === -1 ? after.path(j) : before.path(i));
  });
  return paths;
}
