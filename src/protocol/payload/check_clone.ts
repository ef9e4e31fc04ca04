import type { CloneResult } from "../../engine/contract.ts";
import { type BytePath, equalBytes } from "../../model/bytes.ts";
import { FILE } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import { displayPath, namedPaths } from "../../model/path_text.ts";
import { ownerName, userNameOf } from "../../platform/host_names.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import type { Store } from "../../repo/store.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { hashFiles } from "../../tree/hash.ts";
import { selectEntries } from "../../tree/select_entries.ts";
import type { TreeTable } from "../../tree/table.ts";
import { isReadable, isRefused } from "../../tree/unreadable.ts";
import type { Context } from "../context.ts";

/** A clone of a snapshot, and what the engine says of it. */
export interface ClonedSnapshot {
  /** What it is for: `fork`, `restore`. */
  readonly action: string;
  readonly id: string;
  readonly payload: Folder;
  readonly clone: Folder;
  /** What the engine was given: the indexes in `result` are of this table. */
  readonly table: TreeTable;
  /** What is in the clone now. */
  readonly wantedTable: TreeTable;
  readonly result: CloneResult;
  /** Whether to hash the clone. */
  readonly verify: boolean;
}

/** `E_PAYLOAD_HASH_MISMATCH` if a clone is not what was saved; `E_PERMISSION` if the user may not read the payload. */
export async function checkClone(context: Context, cloned: ClonedSnapshot): Promise<void> {
  const { action, id, payload, clone, table, wantedTable, result, verify } = cloned;
  const pathsOf = (indexes: readonly number[]) => indexes.map((index) => table.path(index));
  if (result.changed.length > 0) throw damagedPayload(action, id, pathsOf(result.changed));
  if (result.unreadable.length > 0) throw closedPayload(action, id, payload, pathsOf(result.unreadable));
  const differing = verify ? await differingFiles(context, payload, clone, wantedTable) : [];
  if (differing.length > 0) throw damagedPayload(action, id, differing);
}

/** Opens a snapshot's payload to clone it; `E_PERMISSION`, with what to do, if it is closed to the user. */
export function openToClone({ snapshots, layout }: Store, action: string, id: string): Folder {
  try {
    return snapshots.openPayload(id);
  } catch (error) {
    if (!isRefused(error)) throw error;
    throw closedError(action, id, `. (of ${ownerName(layout.payload(id).path)})`, { paths: ["."], count: 1 });
  }
}

/** `E_PERMISSION` if the user may not read these entries of a payload: what a clone of them would end with. */
export function refuseClosed(
  store: Store,
  action: string,
  id: string,
  manifest: TreeTable,
  wanted: (index: number) => boolean,
): void {
  using payload = openToClone(store, action, id);
  using folders = new FoldersByPath(payload);
  const closed: BytePath[] = [];
  for (let i = 0; i < manifest.count; i++) {
    if (manifest.type[i] !== FILE || !wanted(i)) continue;
    const path = manifest.path(i);
    if (!isReadable(folders, path)) closed.push(path);
  }
  if (closed.length > 0) throw closedPayload(action, id, payload, closed);
}

/** Paths of cloned files whose content is not what the manifest says. */
async function differingFiles(
  context: Context,
  payload: Folder,
  clone: Folder,
  table: TreeTable,
): Promise<Uint8Array[]> {
  const { table: read } = selectEntries(table, () => true);
  read.hashed.fill(0);
  const files: number[] = [];
  for (let i = 0; i < read.count; i++) if (read.type[i] === FILE) files.push(i);
  const { reporter, signal } = context;
  const options = { flush: false, reporter, signal } as const;
  const { unreadable } = await hashFiles(clone, read, files, options);
  // The user owns the clone of a file that only its group may read, and cannot read it: then the saved file is read.
  await hashFiles(payload, read, unreadable, options);
  return files.filter((i) => {
    const expected = table.contentHash(i);
    const found = read.contentHash(i);
    return expected === undefined || found === undefined || !equalBytes(expected, found);
  }).map((i) => table.path(i));
}

function damagedPayload(action: string, snapshotId: string, paths: readonly Uint8Array[]): JvsError {
  return new JvsError(
    "E_PAYLOAD_HASH_MISMATCH",
    `Cannot ${action} ${shortId(snapshotId)}: its content was changed or lost since it was saved: ` +
      `${namedPaths(paths)}. Nothing was changed`,
    { details: { snapshot_id: snapshotId, count: paths.length } },
  );
}

const MOST_NAMED = 20;

function closedPayload(action: string, id: string, payload: Folder, paths: readonly Uint8Array[]): JvsError {
  using folders = new FoldersByPath(payload);
  const first = paths.slice(0, MOST_NAMED);
  const more = paths.length > MOST_NAMED ? `, and ${paths.length - MOST_NAMED} more` : "";
  const named = first.map((path) => `${displayPath(path)} (of ${ownerOf(folders, path)})`).join(", ");
  return closedError(action, id, named + more, { paths: first.map(displayPath), count: paths.length });
}

/** The owner of an entry, or of the closed folder that it is in. */
function ownerOf(folders: FoldersByPath, path: BytePath): string {
  const stat = new Stat();
  for (let each = path; each.length > 0; each = parentPath(each)) {
    try {
      if (folders.get(parentPath(each)).stat(lastName(each), stat)) break;
    } catch (error) {
      if (!isSystemError(error)) throw error; // this folder is closed too: ask the one above
    }
  }
  return userNameOf(stat.uid);
}

function closedError(action: string, id: string, named: string, details: Record<string, unknown>): JvsError {
  return new JvsError(
    "E_PERMISSION",
    `Cannot ${action} ${shortId(id)}: you may not read these in it: ${named}. Nothing was changed`,
    {
      hint:
        `Let their owner or root ${action} it; or let their owner open them to you (\`chmod g+rX\`) and make a ` +
        "snapshot in which they are open.",
      details: { snapshot_id: id, ...details },
    },
  );
}
