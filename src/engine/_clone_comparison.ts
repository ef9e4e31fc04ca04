import { equalBytes } from "../model/bytes.ts";
import { DIR, FILE } from "../model/entry.ts";
import type { Folder } from "../platform/platform.ts";
import { mergeTables } from "../tree/merge_tables.ts";
import { hasSameFacts, isForWhomSaved, isOfSameMake, isSameMoment } from "../tree/same_entry.ts";
import type { Scan } from "../tree/scan.ts";
import { selectEntries } from "../tree/select_entries.ts";
import { NONE, type TreeTable } from "../tree/table.ts";
import { copyFacts } from "../tree/entry_facts.ts";
import { at } from "../tree/columns.ts";
import { HiddenPaths } from "../tree/unreadable.ts";
import type { CloneRequest, CloneResult } from "./contract.ts";

/** What only the engine knows of its clone. `i` is an entry of the table that was asked for, `j` the same in the clone. */
export interface WholeClone {
  /** Whether entries have the change times (ctime) of their source: then these tell of which moment each is. */
  readonly keepsChangeTimes: boolean;
  /** If not all was cloned by one call: which entries were cloned, and are no copies. */
  readonly isCloned?: (i: number) => boolean;
  /** Folders of the table into which clones were put: their times moved. */
  readonly filled?: Iterable<number>;
  /** The inodes in which it differs from the table that was asked for; undefined if the engine cannot tell. Called first. */
  readonly changed?: () => ReadonlySet<number> | undefined;
  /** Called before each correction. */
  readonly makeWritable?: () => void;
  /** For an entry that only stands for one that could not be cloned: what puts the true one in its place. */
  readonly standIn?: (i: number, made: TreeTable, j: number) => ((parent: Folder) => void) | undefined;
  /** For an engine that clones what the user may not read: whether they may read a file. */
  readonly mayRead?: (parent: Folder, made: TreeTable, j: number) => boolean;
}

type Differences = Required<Pick<CloneResult, "changed" | "unreadable" | "doubtful">>;

/** Those of a clone that is right. */
export const NO_DIFFERENCES: Differences = { changed: [], unreadable: [], doubtful: [] };
const NOTHING = new Uint8Array();

/** A clone of a whole tree beside the table that it should be; both are in root-hash order. */
export class CloneComparison {
  /** Whether what was made is the result; else it is the request's table. */
  readonly isResult: boolean;
  /** Whether the clone is right where it differs from the table. */
  readonly isFirstLook: boolean;
  /** For each entry of the table the same path in the clone, or NONE; and the other way round. */
  readonly twin: Uint32Array;
  readonly asked: Uint32Array;
  /** Entries of the clone that the table does not have, without those in such folders. */
  readonly extra: number[] = [];
  /** Folders of the clone that the scan did not enter: other repositories. */
  readonly closed: number[] = [];
  readonly standIns: { readonly j: number; readonly replace: (parent: Folder) => void }[] = [];

  private constructor(
    readonly request: CloneRequest,
    readonly made: TreeTable,
    private readonly engine: WholeClone,
  ) {
    this.isResult = request.as === "payload" && engine.isCloned === undefined;
    this.isFirstLook = this.isResult && engine.keepsChangeTimes;
    this.twin = new Uint32Array(request.table.count).fill(NONE);
    this.asked = new Uint32Array(made.count).fill(NONE);
  }

  static async make(request: CloneRequest, scan: Scan, engine: WholeClone): Promise<CloneComparison> {
    const { boundaries, table: made } = scan;
    const { table } = request;
    const compared = new CloneComparison(request, made, engine);
    const { asked, closed, extra, standIns, twin } = compared;
    await mergeTables(table, made, (i, j) => {
      if (j === -1) return;
      if (i === -1) return void (at(asked, at(made.parent, j)) !== NONE && extra.push(j));
      [twin[i], asked[j]] = [j, i];
      if (table.type[i] !== made.type[j]) return;
      const replace = engine.standIn?.(i, made, j);
      if (replace !== undefined) standIns.push({ j, replace });
      else if (boundaries.has(j)) closed.push(j);
    });
    return compared;
  }

  /** What differs from the table because another process changed it, or because the user may not read it. */
  differences({ unreadable: refused }: Scan, mayRead: (j: number) => boolean): Differences {
    const { as, table } = this.request;
    const hidden = new HiddenPaths(refused);
    const [changed, unreadable, doubtful] = [new Set<number>(), [] as number[], [] as number[]];
    for (let i = 0; i < table.count; i++) {
      const j = at(this.twin, i);
      if (j === NONE && hidden.covers(table, i)) unreadable.push(i);
      else if (j === NONE || !this.isAsListed(i, j) || !this.isOfMoment(i, j)) changed.add(i);
      else if (table.type[i] === FILE && this.hashOf(i, j) === undefined && !mayRead(j)) unreadable.push(i);
      const isFile = j !== NONE && table.type[i] === FILE;
      if (as === "worktree" && isFile && !this.isAsSaved(i, j)) doubtful.push(i);
    }
    // The times of a folder do not always tell that something came.
    if (as === "payload" && this.engine.keepsChangeTimes) {
      for (const j of this.extra) changed.add(at(this.asked, at(this.made.parent, j)));
    }
    return { changed: [...changed].sort((a, b) => a - b), unreadable, doubtful };
  }

  /** Whether a file can be what was saved. */
  private isAsSaved(i: number, j: number): boolean {
    const { made, request: { table } } = this;
    const rights = { uid: at(made.uid, j), gid: at(made.gid, j), mode: at(made.mode, j) };
    return isOfSameMake(table, i, made, j) && isForWhomSaved(table, i, rights);
  }

  /** Whether an entry has the type and content that the table says, as far as a look at it tells. */
  private isAsListed(i: number, j: number): boolean {
    const { made, request: { table } } = this;
    if (table.type[i] !== made.type[j]) return false;
    if (table.type[i] === FILE) return table.size[i] === made.size[j];
    const [device, madeDevice] = [table.devices.get(i), made.devices.get(j)];
    return equalBytes(table.targets.get(i) ?? NOTHING, made.targets.get(j) ?? NOTHING) &&
      device?.major === madeDevice?.major && device?.minor === madeDevice?.minor;
  }

  /** Whether an entry of a payload is of the moment of the table. The source of a worktree is a payload, which holds still. */
  private isOfMoment(i: number, j: number): boolean {
    const { engine, made, request: { as, table } } = this;
    if (as === "worktree" || engine.isCloned?.(i) === false) return true;
    if (engine.keepsChangeTimes) return hasSameFacts(table, i, made, j) && isSameMoment(table, i, made, j);
    return table.type[i] === DIR || isOfSameMake(table, i, made, j);
  }

  /** The hash of the table, where nothing was written since. */
  private hashOf(i: number, j: number): Uint8Array | undefined {
    const { made, request: { table } } = this;
    const isStill = isOfSameMake(table, i, made, j) && isSameMoment(table, i, made, j);
    return isStill ? table.contentHash(i) : undefined;
  }

  /** Gives the table of a worktree the facts of what was made, where that is as the table says and was not touched since. */
  noteFacts(isTouched: (j: number) => boolean): void {
    const { made, request: { table }, twin } = this;
    for (let i = 0; i < table.count; i++) {
      const j = at(twin, i);
      if (j !== NONE && !isTouched(j) && isOfSameMake(table, i, made, j)) copyFacts(made, j, table, i);
    }
  }

  /** The table of the result. What was made gets the hashes, losses and link groups of the same entries of the request. */
  resultTable(): TreeTable {
    const { asked, extra, isFirstLook, made, request: { table }, twin } = this;
    if (!this.isResult) return table;
    for (let j = 0; j < made.count; j++) {
      const i = at(asked, j);
      if (i === NONE) continue;
      const hash = this.hashOf(i, j);
      if (hash !== undefined) made.setHash(j, hash);
      else made.hashed[j] = 0;
      const first = at(table.linkGroup, i) === NONE ? NONE : at(twin, at(table.linkGroup, i));
      if (first !== NONE && first !== j && isOneInode(made, j, first)) {
        made.linkGroup[first] = first;
        made.linkGroup[j] = first;
      }
      if (!isFirstLook) made.lost[j] = at(made.lost, j) | at(table.lost, i);
    }
    return isFirstLook || extra.length === 0 ? made : selectEntries(made, (j) => asked[j] !== NONE).table;
  }
}

/** Whether two entries of a clone are names of one file. */
export function isOneInode(made: TreeTable, j: number, k: number): boolean {
  return made.inoLo[j] === made.inoLo[k] && made.inoHi[j] === made.inoHi[k];
}
