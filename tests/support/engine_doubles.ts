import type { CloneRequest, CloneResult, EngineKind } from "../../src/engine/contract.ts";
import { ENGINES } from "../../src/engine/engines.ts";
import { bytesOf } from "../../src/model/bytes.ts";
import { DegradationList } from "../../src/model/degradations.ts";
import { LOST, SYMLINK } from "../../src/model/entry.ts";
import type { Folder, Platform } from "../../src/platform/platform.ts";
import { mergeTables } from "../../src/tree/merge_tables.ts";
import { OpenFolders } from "../../src/tree/open_folders.ts";
import { removeTree } from "../../src/tree/remove_tree.ts";
import { scanTree } from "../../src/tree/scan.ts";
import { at, NONE, type TreeTable } from "../../src/tree/table.ts";
import { mustRun } from "./run.ts";

/*
 * A double of an engine for whole trees, as strict as the real one: it makes its destination in one slow call and loses
 * hard links.
 */

const ITSELF = bytesOf(".");

/** Like a clone by a program of the file system: invisible until complete, with true modes and separate hard links. */
export const wholeTreeDouble: EngineKind = {
  name: "juicefs-clone",
  probe: () => ({ works: true }),
  make: (platform) => ({
    name: "juicefs-clone",
    abilities: {
      wholeTrees: true,
      entriesMoveOut: true,
      sharesFiles: false,
      keepsModes: true,
      keepsHoles: true,
    },
    async clone(request) {
      const { name, source } = request;
      // Where no other process looks, outside the repository: a real clone that is killed leaves nothing that has a name.
      using out = platform.openFolder(request.into.path.replace(/\/[^/]*\/\.jvs\/.*/, ""));
      const hidden = `clone-${crypto.randomUUID()}`;
      const aspects = "--preserve=mode,ownership,timestamps,xattr";
      mustRun("cp", "-dR", "--no-target-directory", aspects, source.path, `${out.path}/${hidden}`);
      const result = await madeTrue(platform, { ...request, into: out }, bytesOf(hidden));
      await loseHardLinks(request.table, result);
      out.rename(bytesOf(hidden), request.into, name, "fresh");
      return result;
    },
  }),
};

/** Makes an engine the first choice, for `using`. */
export function useEngine(kind: EngineKind): Disposable {
  ENGINES.unshift(kind);
  return { [Symbol.dispose]: () => void ENGINES.splice(ENGINES.indexOf(kind), 1) };
}

/** Adapts a clone of everything to the request, and scans the result. */
async function madeTrue(platform: Platform, request: CloneRequest, name: Uint8Array): Promise<CloneResult> {
  const { into, table } = request;
  using root = into.openFolder(name);
  await removeUnlisted(root, table, await scan(platform, root));
  await setAspects(root, table, await scan(platform, root));
  const made = await scan(platform, root);
  const changed: number[] = [];
  await mergeTables(table, made, (i, j) => {
    if (i === -1) return;
    if (j === -1 || !isAs(table, i, made, j)) changed.push(i);
    else if (table.hashed[i] === 1) made.setHash(j, table.contentHash(i) as Uint8Array);
  });
  return { table: made, degradations: new DegradationList(), changed, unreadable: [] };
}

async function scan({ abilities }: Platform, root: Folder): Promise<TreeTable> {
  const { exactStat, xattrs } = abilities;
  return (await scanTree(root, { exactStat, xattrs })).table;
}

/** Removes entries that rules leave out of the table, because they were cloned too. */
async function removeUnlisted(root: Folder, table: TreeTable, made: TreeTable): Promise<void> {
  const extra = new Set<number>();
  await mergeTables(table, made, (i, j) => void (i === -1 && extra.add(j)));
  using folders = new OpenFolders(root, made);
  for (const j of extra) {
    const parent = at(made.parent, j);
    if (!extra.has(parent)) await removeTree(folders.get(parent), made.name(j));
  }
}

/** Sets modes and times: a worktree may need other modes than the payload, and a removal changes times. */
async function setAspects(root: Folder, table: TreeTable, made: TreeTable): Promise<void> {
  const pairs: [number, number][] = [];
  await mergeTables(table, made, (i, j) => void (i !== -1 && j !== -1 && pairs.push([i, j])));
  using folders = new OpenFolders(root, made);
  for (const [i, j] of pairs.reverse()) {
    const folder = j === 0 ? root : folders.get(at(made.parent, j));
    const name = j === 0 ? ITSELF : made.name(j);
    if (table.mode[i] !== made.mode[j] && made.type[j] !== SYMLINK) folder.setMode(name, at(table.mode, i));
    folder.setTimes(name, at(table.mtimeSec, i), at(table.mtimeNsec, i));
  }
}

function isAs(table: TreeTable, i: number, made: TreeTable, j: number): boolean {
  return table.type[i] === made.type[j] && table.size[i] === made.size[j] &&
    table.mtimeSec[i] === made.mtimeSec[j] && table.mtimeNsec[i] === made.mtimeNsec[j];
}

async function loseHardLinks(table: TreeTable, { table: made, degradations }: CloneResult): Promise<void> {
  await mergeTables(table, made, (i, j) => {
    if (i === -1 || j === -1 || table.linkGroup[i] === NONE) return;
    made.linkGroup[j] = made.find(table.path(at(table.linkGroup, i)));
    made.lost[j] = at(made.lost, j) | LOST.hardlink;
    degradations.add("hardlink", table.path(i), "a whole clone separates them");
  });
}
