import { textOf } from "../model/bytes.ts";
import { DIR, FILE, SYMLINK } from "../model/entry.ts";
import { isJvsError, JvsError } from "../model/errors.ts";
import { phase, type Reporter, silentReporter } from "../model/progress.ts";
import { openOnTheWay } from "../platform/fixed_path.ts";
import { juicefsMountOf } from "../platform/juicefs_mount.ts";
import type { Folder, Host, Platform } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { isSystemError, unlessFailed } from "../platform/system_error.ts";
import { OpenFolders } from "../tree/open_folders.ts";
import { removeTree, type RemoveTreeOptions } from "../tree/remove_tree.ts";
import { selectEntries } from "../tree/select_entries.ts";
import { type TreeTable } from "../tree/table.ts";
import { at } from "../tree/columns.ts";
import { cloneTree } from "./_clone_tree.ts";
import { makeUsable } from "./_clone_aspects.ts";
import { FILLS } from "./_fill_files.ts";
import { correctClone } from "./_correct_clone.ts";
import { juicefsClone, juicefsProgram, juicefsRemove } from "./_juicefs_program.ts";
import { settleWrites } from "./_settle_writes.ts";
import { type Subtrees, wholeSubtrees } from "./_whole_subtrees.ts";
import type { CloneRequest, CloneResult, Engine, Probe, ProbeOptions } from "./contract.ts";

/**
 * The engine for JuiceFS: the volume itself clones a tree, without its content. SPEC 5. In order:
 *
 * 1. clone everything by one call; or, where the request leaves something out or a call cannot take it, each of the largest
 *    subtrees (`wholeSubtrees`) by a call and the rest entry by entry;
 * 2. scan the clone: only that tells what is in it;
 * 3. put right what differs from the request (`correctClone`): a clone separates hard links, a worktree may need other modes.
 */
export function juicefsEngine(platform: Platform): Engine {
  return {
    name: "juicefs-clone",
    abilities: {
      wholeTrees: true,
      entriesMoveOut: true,
      sharesFiles: false,
      keepsModes: true,
      keepsHoles: true,
      keepsChangeTimes: true,
      leavesOut: true,
    },
    settle: (source, options) => settleWrites(platform, source, options),
    clone: (request) => cloneOnJuicefs(platform, request),
  };
}

/** Whether a tree and the control plane are on one JuiceFS mount, and the program is there. */
export function probeJuicefs(platform: Platform, { control, source }: ProbeOptions): Probe {
  const mount = juicefsMountOf(platform, source);
  if (mount === undefined) {
    return { works: false, reason: "the tree is not on a JuiceFS mount", isElsewhere: true };
  }
  if (juicefsMountOf(platform, control) !== mount) {
    return { works: false, reason: "the tree lies on another mount than the control plane" };
  }
  if (juicefsProgram() === undefined) {
    return { works: false, reason: "the program juicefs is not on PATH, or JVS may not run it" };
  }
  const open = openFolder(platform, source, control);
  if (open === undefined) return { works: true };
  return { works: false, reason: `others may move what is in "${open}" (close it: chmod go-w, or +t)` };
}

/**
 * The first folder on the way to these two in which another user could put something else in our place. The program takes
 * paths, so there nothing may be cloned or removed by it. New names are made in `target`.
 */
function openFolder(platform: Platform, source: Folder, target: Folder): string | undefined {
  const [from, to] = [platform.whereIs(source), platform.whereIs(target)];
  if (from === undefined || to === undefined) return "(a folder whose path is no UTF-8)";
  const { uid } = platform.host;
  return openOnTheWay(from, uid) ?? openOnTheWay(`${to}/name`, uid);
}

async function cloneOnJuicefs(platform: Platform, request: CloneRequest): Promise<CloneResult> {
  const { into, name, reporter = silentReporter, source, table } = request;
  using _phase = phase(reporter, "cloning", { entries: table.count });
  const isOpen = openFolder(platform, source, into) !== undefined;
  using _held = await request.held?.together();
  // What programs wrote until now must be sent, too.
  if (request.held !== undefined) await settleWrites(platform, source, request);
  try {
    return await cloneBy(platform, request, isOpen ? NO_CALLS : subtreesOf(platform.host, request));
  } catch (error) {
    // The payload of a folder that is closed to its owner is closed too, whatever the worktree is to have.
    if (request.as === "payload" || platform.host.uid === 0 || !isJvsError(error, "E_PERMISSION")) {
      throw error;
    }
    await removeTree(into, name);
    return await cloneBy(platform, request, NO_CALLS);
  }
}

const NO_CALLS = undefined;

/** Clones these subtrees by calls, and the rest entry by entry. */
async function cloneBy(
  platform: Platform,
  request: CloneRequest,
  found: Subtrees | undefined,
): Promise<CloneResult> {
  const { into, name, reporter, signal, source, table } = request;
  const subtrees = found ?? { roots: [], within: new Uint8Array(table.count) };
  if (subtrees.roots[0] === 0) {
    await cloneFolder(platform, { from: source, into, name, reporter, signal });
    using root = openClone(into, name);
    return await correctClone(platform, request, root, { keepsChangeTimes: true });
  }
  const parts = await cloneInParts(platform, request, subtrees);
  using root = openClone(into, name);
  const isCloned = (i: number) => subtrees.within[i] === 1;
  const clone = { keepsChangeTimes: true, isCloned, filled: parts.filled };
  const { changed, degradations, doubtful = [], ...result } = await correctClone(
    platform,
    request,
    root,
    clone,
  );
  degradations.addAll(parts.degradations);
  const unreadable = new Set(parts.unreadable); // not in the clone
  const all = new Set([...changed, ...parts.changed].filter((i) => !unreadable.has(i)));
  return {
    ...result,
    degradations,
    changed: [...all].sort((a, b) => a - b),
    unreadable: [...unreadable].sort((a, b) => a - b),
    doubtful: [...doubtful, ...parts.doubtful ?? []],
  };
}

/** What was cloned in parts, by indexes in the request's table. */
interface Parts extends Omit<CloneResult, "table"> {
  /** Folders that subtrees were cloned into. */
  readonly filled: ReadonlySet<number>;
}

async function cloneInParts(platform: Platform, request: CloneRequest, subtrees: Subtrees): Promise<Parts> {
  const { into, name, reporter, signal, source, table } = request;
  const rest = selectEntries(table, (i) => subtrees.within[i] === 0);
  const copied = await cloneTree(platform, { ...request, table: rest.table, held: undefined }, {
    fill: FILLS.copy,
  }, true);
  rest.origin.forEach((i, k) => table.lost[i] = at(table.lost, i) | at(rest.table.lost, k));
  const originOf = (index: number) => at(rest.origin, index);
  const changed = copied.changed.map(originOf);
  const filled = new Set<number>();
  using root = openClone(into, name);
  using made = new OpenFolders(root, rest.table);
  using sources = new OpenFolders(source, table);
  const places = new Map(Array.from(rest.origin, (i, k) => [i, k]));
  for (const i of subtrees.roots) {
    const parent = at(table.parent, i);
    const folder = made.get(places.get(parent) ?? 0);
    makeUsable(folder, at(table.mode, parent));
    filled.add(parent);
    // It may be gone or replaced since the scan.
    const from = unlessFailed(["ENOENT", "ENOTDIR", "ELOOP"], () => sources.get(i));
    if (from === undefined) changed.push(i);
    else await cloneFolder(platform, { from, into: folder, name: table.name(i), reporter, signal });
  }
  return {
    filled,
    changed,
    degradations: copied.degradations,
    unreadable: copied.unreadable.map(originOf),
    doubtful: (copied.doubtful ?? []).map(originOf),
  };
}

interface FolderClone {
  readonly from: Folder;
  readonly into: Folder;
  readonly name: Uint8Array;
  readonly reporter: Reporter | undefined;
  readonly signal: AbortSignal | undefined;
}

async function cloneFolder(
  platform: Platform,
  { from, into, name, reporter, signal }: FolderClone,
): Promise<void> {
  const [source, target] = [platform.whereIs(from), platform.whereIs(into)];
  if (source === undefined || target === undefined) {
    throw new JvsError(
      "E_ENGINE_FAILED",
      `Cannot clone "${from.path}": it was removed, or a name on its path is no UTF-8, which juicefs-clone cannot take`,
      { hint: "Use JVS_SNAPSHOT_ENGINE=copy.", details: { path: from.path, engine: "juicefs-clone" } },
    );
  }
  await juicefsClone(source, `${target}/${textOf(name)}`, { reporter, signal });
}

function openClone(into: Folder, name: Uint8Array): Folder {
  try {
    return into.openFolder(name);
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error;
    throw new JvsError(
      "E_ENGINE_FAILED",
      `Cannot clone into "${into.path}": juicefs reported success and made nothing there`,
      {
        hint: "Look whether the folder was moved meanwhile, and try again.",
        details: { path: into.path, engine: "juicefs-clone" },
        cause: error,
      },
    );
  }
}

function subtreesOf({ rights: { groups }, uid }: Host, { gaps, table }: CloneRequest): Subtrees {
  const isOurs = (i: number) => table.uid[i] === 0 || table.uid[i] === uid;
  return wholeSubtrees(table, {
    gaps,
    mayTake: takenBy(uid, new Set(groups ?? []), table),
    isFixed: (i) => isOurs(i) && (at(table.mode, i) & OTHERS_WRITE) === 0,
  });
}

const OTHERS_WRITE = 0o022;

/**
 * Which entries a clone of a whole tree takes. With metadata in Redis, JuiceFS 1.4 passes over FIFOs, sockets and devices
 * without a word; with SQL, it fails as a whole for an empty attribute. So it does for what the user may not read, or fill.
 */
function takenBy(uid: number, groups: ReadonlySet<number>, table: TreeTable): (index: number) => boolean {
  return (i) => {
    const type = at(table.type, i);
    if (type === SYMLINK) return !hasEmptyXattr(table, i);
    if ((type !== FILE && type !== DIR) || hasEmptyXattr(table, i)) return false;
    if (uid === 0) return true;
    if (table.xattrs.has(i)) return false; // an ACL may say anything
    const bits = type === FILE ? 4 : 7;
    const shift = at(table.uid, i) === uid ? 6 : groups.has(at(table.gid, i)) ? 3 : 0;
    return (at(table.mode, i) >> shift & bits) === bits;
  };
}

function hasEmptyXattr(table: TreeTable, i: number): boolean {
  return table.xattrs.get(i)?.some(({ value }) => value.length === 0) ?? false;
}

/** Fewer entries are removed faster one by one than by the program. */
const WORTH_THE_PROGRAM = 100;

/** Removes a large tree on JuiceFS by its program; false if something of it is left for the usual way. */
export async function removeOnJuicefs(
  platform: Platform,
  folder: Folder,
  name: Uint8Array,
  { only, reporter }: RemoveTreeOptions,
): Promise<boolean> {
  if (only !== undefined) return false;
  const stat = new Stat();
  if (!folder.stat(name, stat) || stat.type !== DIR || stat.mountRoot) return false;
  using tree = unlessFailed([], () => folder.openFolder(name));
  if (tree === undefined || countUpTo(WORTH_THE_PROGRAM, tree) < WORTH_THE_PROGRAM) return false;
  if (juicefsMountOf(platform, tree) === undefined || juicefsProgram() === undefined) return false;
  const path = platform.whereIs(tree);
  if (path === undefined || platform.hasMountsBelow(tree)) return false;
  if (openOnTheWay(path, platform.host.uid) !== undefined) return false;
  using _phase = phase(reporter, "removing");
  try {
    await juicefsRemove(path, { reporter });
  } catch {
    // What the program may not remove is tried entry by entry, which says what it is.
  }
  return !folder.stat(name, stat);
}

/** Counts the entries of a tree until there are enough. */
function countUpTo(enough: number, folder: Folder): number {
  const stat = new Stat();
  const names = folder.list();
  let count = names.count;
  for (let i = 0; i < names.count && count < enough; i++) {
    if (!folder.stat(names.name(i), stat) || stat.type !== DIR) continue;
    using inside = unlessFailed([], () => folder.openFolder(names.name(i)));
    if (inside !== undefined) count += countUpTo(enough - count, inside);
  }
  return count;
}
