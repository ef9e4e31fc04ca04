import type { CloneRequest, CloneResult, EngineAbilities } from "../../engine/contract.ts";
import { abilitiesOf } from "../../engine/engines.ts";
import { type BytePath, equalBytes } from "../../model/bytes.ts";
import { FILE } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import { displayPath, MOST_NAMED, namedPaths } from "../../model/path_text.ts";
import { ownerName, userNameOf } from "../../platform/host_names.ts";
import type { Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { isSystemError } from "../../platform/system_error.ts";
import type { Store } from "../../repo/store.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { hashFiles } from "../../tree/hash.ts";
import { OpenFolders } from "../../tree/open_folders.ts";
import { removeTree } from "../../tree/remove_tree.ts";
import { gapsOf, selectEntries, type Selection } from "../../tree/select_entries.ts";
import { indexesWhere, type TreeTable } from "../../tree/table.ts";
import { copyFacts } from "../../tree/entry_facts.ts";
import { at } from "../../tree/columns.ts";
import { isReadable, isRefused } from "../../tree/unreadable.ts";
import type { Context, RepositoryContext } from "../context.ts";
import { engineFor, makeWorktreeRoot } from "../engine_for.ts";
import { isPrivileged, isUnread } from "./as_allowed.ts";

/** What to clone out of a payload, and where to. */
export interface BringOutRequest {
  readonly snapshotId: string;
  readonly manifest: TreeTable;
  /** Which entries of the manifest; the folders above them are made too. */
  readonly wanted: (index: number) => boolean;
  /** Changes the aspects that an entry gets; `original` is its index in the manifest. */
  readonly adjust?: (table: TreeTable, index: number, original: number) => void;
  /** The folder in which the tree is made; it gets the name `name`. */
  readonly into: Folder;
  readonly name: Uint8Array;
  /** Whether the content is read and hashed. */
  readonly verify: boolean;
  /** What it is for; messages use these words: `restore`. */
  readonly action: string;
  /** Whether entries are renamed out of the tree, as a restore in place does; else it becomes the root of a worktree. */
  readonly entriesMoveOut: boolean;
}

/** What was brought out: `table` has what was wanted and the folders above it. See `CloneResult`. */
export interface BroughtOut extends Selection, Required<Pick<CloneResult, "degradations" | "hasFacts">> {}

/** If this share of the entries is wanted, an engine for whole trees clones all, and what is not wanted is removed. */
const WORTH_THE_WHOLE = 0.5;

/**
 * Makes a writable tree from a snapshot's payload, as its manifest says: all of it or some entries. Fork, worktree create
 * and restore begin with it. `E_PAYLOAD_HASH_MISMATCH` if the payload is damaged, `E_PERMISSION` if the user may not read
 * it; then the caller removes what was made.
 */
export async function bringOut(
  context: RepositoryContext,
  request: BringOutRequest,
): Promise<BroughtOut> {
  const { action, adjust, entriesMoveOut, into, manifest, name, snapshotId: id, wanted, verify } = request;
  const { reporter, signal, store, workers } = context;
  using payload = openToClone(store, action, id);
  const { engine } = await engineFor(context, { source: payload, control: into, needs: needsOf(request) });
  const selection = selectEntries(manifest, wanted);
  const isWhole = engine.abilities.wholeTrees && isWorthTheWhole(selection.table.count, manifest);
  const cloned = isWhole ? selectEntries(manifest, (index) => !isUnread(manifest, index)) : selection;
  const { table } = cloned;
  const isSelected = new Uint8Array(manifest.count);
  for (const index of selection.origin) isSelected[index] = 1;
  // What is not wanted is removed again: to change its aspects before would only take time.
  const adjustAll = ({ table, origin }: Selection) =>
    adjust && origin.forEach((original, i) => isSelected[original] === 1 && adjust(table, i, original));
  adjustAll(cloned);
  const what = {
    source: payload,
    table,
    gaps: gapsOf(manifest, cloned),
    into,
    name,
    as: "worktree",
  } as const;
  // What a restore stages is renamed into the worktree: that works only out of a plain folder.
  const makeRoot: CloneRequest["makeRoot"] = (...root) => makeWorktreeRoot(context, ...root);
  const how = { reporter, signal, workers, makeRoot: entriesMoveOut ? undefined : makeRoot };
  const result = await engine.clone({ ...what, ...how });
  const { changed, degradations, doubtful = [], hasFacts = false, unreadable } = result;
  const made = table.count === selection.table.count ? cloned : selection;
  if (made !== cloned) {
    await removeUnwanted(request, isSelected);
    adjustAll(made);
    if (hasFacts) takeFacts(made, cloned, manifest);
  }
  using clone = into.openFolder(name);
  const pathsOf = (indexes: readonly number[]) => indexes.map((index) => table.path(index));
  if (changed.length > 0) throw damagedPayload(action, id, pathsOf(changed));
  if (unreadable.length > 0) throw closedPayload(action, id, payload, pathsOf(unreadable));
  // A member may have changed a payload: what gives rights is always proved.
  const doubted = new Set(doubtful.map((i) => at(cloned.origin, i)));
  const isRead = (i: number) => verify || isPrivileged(made.table, i) || doubted.has(at(made.origin, i));
  const differing = await differingFiles(context, payload, clone, made.table, isRead);
  if (differing.length > 0) throw damagedPayload(action, id, differing);
  return { ...made, degradations, hasFacts };
}

/** Takes over what the clone of more entries tells of these. */
function takeFacts({ table, origin }: Selection, cloned: Selection, manifest: TreeTable): void {
  const places = new Uint32Array(manifest.count);
  cloned.origin.forEach((index, k) => places[index] = k);
  origin.forEach((index, i) => copyFacts(cloned.table, at(places, index), table, i));
}

/**
 * Whether restored content is hashed before it becomes visible: if the user asks for it, else if it is little and has to be
 * copied. A clone of a whole payload by its file system copies nothing that could go wrong. SPEC 7.
 */
export async function willVerify(
  context: RepositoryContext,
  { asked, manifest, snapshotId, wanted, ...how }:
    & Pick<BringOutRequest, "action" | "entriesMoveOut" | "manifest" | "snapshotId" | "wanted">
    & { readonly asked: boolean | undefined },
): Promise<boolean> {
  if (asked !== undefined) return asked;
  let [entries, bytes] = [0, 0];
  for (let i = 0; i < manifest.count; i++) {
    if (!wanted(i)) continue;
    entries++;
    if (manifest.type[i] === FILE) bytes += at(manifest.size, i);
  }
  if (bytes > context.store.config.get("restore.verify_limit")) return false;
  return !isWorthTheWhole(entries, manifest) || !await clonesWhole(context, snapshotId, how);
}

/** Whether an engine for whole trees will bring a payload out. */
export async function clonesWhole(
  context: RepositoryContext,
  id: string,
  { action, entriesMoveOut }: Pick<BringOutRequest, "action" | "entriesMoveOut">,
): Promise<boolean> {
  const { platform, snapshots } = context.store;
  if (!abilitiesOf((await snapshots.descriptor(id)).engine, platform).wholeTrees) return false;
  using payload = openToClone(context.store, action, id);
  const { engine } = await engineFor(context, { source: payload, needs: needsOf({ entriesMoveOut }) });
  return engine.abilities.wholeTrees;
}

function needsOf({ entriesMoveOut }: Pick<BringOutRequest, "entriesMoveOut">): Partial<EngineAbilities> {
  return entriesMoveOut ? { entriesMoveOut } : {};
}

/** Whether an engine for whole trees clones all for these entries. */
function isWorthTheWhole(entries: number, manifest: TreeTable): boolean {
  return entries >= manifest.count * WORTH_THE_WHOLE;
}

/** Removes what is not wanted from a clone of the whole payload. */
async function removeUnwanted(
  { into, manifest, name }: BringOutRequest,
  isWanted: Uint8Array,
): Promise<void> {
  using made = into.openFolder(name);
  using folders = new OpenFolders(made, manifest);
  for (let i = 1; i < manifest.count; i++) {
    const parent = at(manifest.parent, i);
    // To remove a folder removes what is in it.
    if (isWanted[i] === 1 || isWanted[parent] !== 1) continue;
    await removeTree(folders.get(parent), manifest.name(i));
  }
}

/** Opens a snapshot's payload to clone it; `E_PERMISSION`, with what to do, if it is closed to the user. */
function openToClone({ snapshots, layout }: Store, action: string, id: string): Folder {
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
  isRead: (index: number) => boolean,
): Promise<Uint8Array[]> {
  const files = indexesWhere(table, (i) => table.type[i] === FILE && isRead(i));
  if (files.length === 0) return [];
  const read = table.withoutHashes();
  const { reporter, signal, workers } = context;
  const options = { flush: false, isStill: true, reporter, signal, workers } as const;
  const { unreadable } = await hashFiles(clone, read, files, options);
  // The user owns the clone of a file that only its group may read, and cannot read it: then the saved file is read.
  await hashFiles(payload, read, unreadable, options);
  const differing = files.filter((i) => {
    const expected = table.contentHash(i);
    const found = read.contentHash(i);
    return expected === undefined || found === undefined || !equalBytes(expected, found);
  });
  return Array.from(differing, (i) => table.path(i));
}

function damagedPayload(action: string, snapshotId: string, paths: readonly Uint8Array[]): JvsError {
  return new JvsError(
    "E_PAYLOAD_HASH_MISMATCH",
    `Cannot ${action} ${shortId(snapshotId)}: its content was changed or lost since it was saved: ` +
      `${namedPaths(paths)}. Nothing was changed`,
    { details: { snapshot_id: snapshotId, count: paths.length } },
  );
}

function closedPayload(action: string, id: string, payload: Folder, paths: readonly Uint8Array[]): JvsError {
  using folders = new FoldersByPath(payload);
  const named = namedPaths(paths, (path) => `${displayPath(path)} (of ${ownerOf(folders, path)})`);
  const first = paths.slice(0, MOST_NAMED).map(displayPath);
  return closedError(action, id, named, { paths: first, count: paths.length });
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
