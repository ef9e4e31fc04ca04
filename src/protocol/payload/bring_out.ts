import type { DegradationList } from "../../model/degradations.ts";
import { FILE } from "../../model/entry.ts";
import type { CloneResult, Engine } from "../../engine/contract.ts";
import { removeClone } from "../../engine/engines.ts";
import type { Folder } from "../../platform/platform.ts";
import type { Store } from "../../repo/store.ts";
import { OpenFolders } from "../../tree/open_folders.ts";
import { selectEntries, type Selection } from "../../tree/select_entries.ts";
import { at, type TreeTable } from "../../tree/table.ts";
import type { RepositoryContext } from "../context.ts";
import { engineFor } from "../engine_for.ts";
import { checkClone, openToClone } from "./check_clone.ts";
import { isUnread } from "./left_out.ts";

/** What to clone out of a payload, and where to. */
export interface BringOutRequest {
  readonly snapshotId: string;
  readonly manifest: TreeTable;
  /** Which entries of the manifest; the folders above them are made too. */
  readonly wanted: (index: number) => boolean;
  /** Changes the aspects that the entries get; `origin` has their indexes in the manifest. */
  readonly adjust?: (table: TreeTable, origin: Uint32Array) => void;
  /** The folder in which the tree is made; it gets the name `name`. */
  readonly into: Folder;
  readonly name: Uint8Array;
  /** Whether the caller then renames entries out of the tree. */
  readonly movesOut: boolean;
  /** Whether the content is read and hashed. */
  readonly verify: boolean;
  /** What it is for; messages use this word. */
  readonly action: "fork" | "restore";
}

/** A tree that was made from a payload. */
export interface BroughtOut {
  readonly table: TreeTable;
  readonly degradations: DegradationList;
}

/** If this share of the entries is wanted, an engine for whole trees clones all, and what is not wanted is removed. */
const WORTH_THE_WHOLE = 0.5;

/**
 * Makes a writable tree from a snapshot's payload, as its manifest says: all of it or some entries. Fork, worktree create
 * and restore begin with it. `E_PAYLOAD_HASH_MISMATCH` if the payload is damaged; then the caller removes what was made.
 */
export async function bringOut(context: RepositoryContext, request: BringOutRequest): Promise<BroughtOut> {
  const { action, into, manifest, movesOut, name, snapshotId, wanted, verify } = request;
  using payload = openToClone(context.store, action, snapshotId);
  const needs = movesOut ? { entriesMoveOut: true } : {};
  const engine = await engineFor(context, { source: payload, control: into, needs });
  const selection = selectEntries(manifest, wanted);
  const { table, result } = isWorthTheWhole(engine, selection, manifest)
    ? await cloneWhole(context, engine, payload, request, selection)
    : await cloneEntries(context, engine, payload, request, selection);
  using clone = into.openFolder(name);
  const wantedTable = selection.table;
  await checkClone(context, { action, id: snapshotId, payload, clone, table, wantedTable, result, verify });
  return { table: selection.table, degradations: result.degradations };
}

/** Whether restored content is hashed before it becomes visible: if the user asks for it, else if it is little. SPEC 7. */
export function willVerify(
  { config }: Store,
  asked: boolean | undefined,
  manifest: TreeTable,
  wanted: (index: number) => boolean,
): boolean {
  if (asked !== undefined) return asked;
  let bytes = 0;
  for (let i = 0; i < manifest.count; i++) {
    if (manifest.type[i] === FILE && wanted(i)) bytes += at(manifest.size, i);
  }
  return bytes <= config.get("restore.verify_limit");
}

function isWorthTheWhole({ abilities }: Engine, { table }: Selection, manifest: TreeTable): boolean {
  return abilities.wholeTrees && table.count >= manifest.count * WORTH_THE_WHOLE;
}

interface Cloned {
  /** What the engine was given: the indexes in the result are of this table. */
  readonly table: TreeTable;
  readonly result: CloneResult;
}

async function cloneEntries(
  { reporter, signal }: RepositoryContext,
  engine: Engine,
  source: Folder,
  { adjust, into, manifest, name }: BringOutRequest,
  { table, origin }: Selection,
): Promise<Cloned> {
  adjust?.(table, origin);
  const isComplete = table.count === manifest.count;
  const result = await engine.clone({
    source,
    table,
    isComplete,
    into,
    name,
    as: "worktree",
    reporter,
    signal,
  });
  return { table, result };
}

/** Clones the whole payload, and removes what is not wanted. */
async function cloneWhole(
  context: RepositoryContext,
  engine: Engine,
  source: Folder,
  request: BringOutRequest,
  selection: Selection,
): Promise<Cloned> {
  const { manifest, into, name } = request;
  const whole = selectEntries(manifest, (index) => !isUnread(manifest, index));
  const cloned = await cloneEntries(context, engine, source, request, whole);
  if (selection.table.count === whole.table.count) return cloned;
  const isWanted = new Uint8Array(manifest.count);
  for (const index of selection.origin) isWanted[index] = 1;
  using made = into.openFolder(name);
  using folders = new OpenFolders(made, manifest);
  for (let i = 1; i < manifest.count; i++) {
    const parent = at(manifest.parent, i);
    // To remove a folder removes what is in it.
    if (isWanted[i] === 1 || isWanted[parent] !== 1) continue;
    await removeClone(context.store.platform, folders.get(parent), manifest.name(i));
  }
  request.adjust?.(selection.table, selection.origin);
  return cloned;
}
