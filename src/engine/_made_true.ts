import { bytesOf, equalBytes, ITSELF } from "../model/bytes.ts";
import { FILE } from "../model/entry.ts";
import type { Folder, Platform } from "../platform/platform.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import { mergeTables } from "../tree/merge_tables.ts";
import { OpenFolders } from "../tree/open_folders.ts";
import { removeTree } from "../tree/remove_tree.ts";
import { hasSameFacts, isOfSameMake, isSameMoment } from "../tree/same_entry.ts";
import { at, NONE, type TreeTable } from "../tree/table.ts";
import { AspectSetter, Losses, refusalOf } from "./_aspects.ts";
import { hasAspects, makeUsable, removeOtherXattrs } from "./_clone_aspects.ts";

const NOTHING = new Uint8Array();

/**
 * A clone of a whole tree beside the table that it should be: finds what differs, and puts it right. `table` and `made` are
 * both in root-hash order; `made` is what a scan of the clone saw.
 */
export class MadeTrue implements Disposable {
  readonly losses: Losses;
  /** For each entry of the table the same path in the clone, or NONE. */
  readonly twin: Uint32Array;
  /** Entries of the clone that the table does not have, without those in such folders. */
  private readonly extra: number[] = [];
  /** Folders of the table whose content we changed, which moves their times. */
  private readonly touched = new Set<number>();
  private readonly slice: TimeSlice;
  private readonly folders: OpenFolders;
  private readonly others: OpenFolders;

  private constructor(
    private readonly platform: Platform,
    private readonly root: Folder,
    private readonly table: TreeTable,
    readonly made: TreeTable,
    private readonly as: "payload" | "worktree",
    signal: AbortSignal | undefined,
  ) {
    this.losses = new Losses(table, as === "payload");
    this.twin = new Uint32Array(table.count).fill(NONE);
    this.slice = new TimeSlice(signal);
    this.folders = new OpenFolders(root, made);
    this.others = new OpenFolders(root, made);
  }

  static async compare(
    platform: Platform,
    root: Folder,
    { table, made, as, signal }: {
      table: TreeTable;
      made: TreeTable;
      as: "payload" | "worktree";
      signal: AbortSignal | undefined;
    },
  ): Promise<MadeTrue> {
    const compared = new MadeTrue(platform, root, table, made, as, signal);
    const isExtra = new Uint8Array(made.count);
    await mergeTables(table, made, (i, j) => {
      if (i !== -1 && j !== -1) compared.twin[i] = j;
      if (i !== -1 || j === -1) return;
      isExtra[j] = 1;
      if (isExtra[at(made.parent, j)] !== 1) compared.extra.push(j);
    });
    return compared;
  }

  /** Entries that the clone does not have, or with other facts: then its source is not what the table says. */
  missing(): number[] {
    const { table, twin } = this;
    const found: number[] = [];
    for (let i = 0; i < table.count; i++) {
      const j = at(twin, i);
      if (j === NONE || !this.isAsListed(i, j)) found.push(i);
    }
    return found;
  }

  private isAsListed(i: number, j: number): boolean {
    const { made, table } = this;
    if (table.type[i] !== made.type[j]) return false;
    if (table.type[i] === FILE) return table.size[i] === made.size[j];
    const [target, device] = [table.targets.get(i), table.devices.get(i)];
    const [madeTarget, madeDevice] = [made.targets.get(j), made.devices.get(j)];
    return equalBytes(target ?? NOTHING, madeTarget ?? NOTHING) &&
      device?.major === madeDevice?.major && device?.minor === madeDevice?.minor;
  }

  /** Files of another time than the table says: a copier lost it, or somebody wrote into them. */
  doubtful(): number[] {
    const { made, table, twin } = this;
    const found: number[] = [];
    for (let i = 0; i < table.count; i++) {
      const j = at(twin, i);
      if (table.type[i] === FILE && j !== NONE && !isOfSameMake(table, i, made, j)) found.push(i);
    }
    return found;
  }

  /** Entries that the clone has from another moment than the table; only those that are marked. */
  unlike(marked: Uint8Array): number[] {
    const { as, made, table, twin } = this;
    if (as === "worktree") return []; // its source is a payload, whose change times nobody recorded
    const found: number[] = [];
    for (let i = 0; i < table.count; i++) {
      const j = at(twin, i);
      if (marked[i] !== 1 || j === NONE) continue;
      if (!hasSameFacts(table, i, made, j) || !isSameMoment(table, i, made, j)) found.push(i);
    }
    return found;
  }

  /** Folders in which the clone of a worktree has more than the table. */
  withMore(): number[] {
    if (this.as === "worktree") return []; // foreign files in a payload are not its content
    return this.extra.map((j) => this.twinOf(at(this.made.parent, j)));
  }

  /** Says that we changed what is in a folder of the table, which moves its times. */
  touch(index: number): void {
    this.touched.add(index);
  }

  /** Removes what the table does not have. */
  async removeExtra(): Promise<void> {
    const { extra, folders, made } = this;
    for (const j of extra) {
      const parent = at(made.parent, j);
      this.touch(this.twinOf(parent));
      const folder = folders.get(parent);
      makeUsable(folder, at(made.mode, parent));
      await removeTree(folder, made.name(j));
    }
  }

  /**
   * Joins names of one file again, which a clone separates. Where the table is older than the clone (`isStale`), two names
   * must show that they were one when they were cloned: the same change time, to the nanosecond.
   */
  async linkAgain(isStale: boolean): Promise<void> {
    const { made, table, twin } = this;
    for (let i = 1; i < table.count; i++) {
      const first = at(table.linkGroup, i);
      if (first === NONE || first === i) continue;
      const [j, k] = [at(twin, i), at(twin, first)];
      if (j === NONE || k === NONE || isOneInode(made, j, k)) continue;
      if (!isStale || (isOfSameMake(made, j, made, k) && isSameMoment(made, j, made, k))) {
        this.link(i, first);
      }
      if (this.slice.isOver()) await this.slice.yield();
    }
  }

  /** Sets the aspects of entries that differ from the table, and of folders whose content we changed. */
  async setAspects(): Promise<void> {
    const { as, folders, losses, platform, root, slice, table, touched, twin } = this;
    const setter = new AspectSetter(platform, table, losses, false);
    for (let i = table.count - 1; i >= 0; i--) {
      if (slice.isOver()) await slice.yield();
      const j = at(twin, i);
      if (j === NONE || !(touched.has(i) || (as === "worktree" && !hasAspects(table, i, this.made, j)))) {
        continue;
      }
      const folder = i === 0 ? root : folders.get(at(this.made.parent, j));
      const name = i === 0 ? ITSELF : table.name(i);
      removeOtherXattrs(folder, name, table, i, this.made, j);
      setter.set(folder, name, i);
    }
  }

  /** Gives folders whose content we changed the aspects back that the clone had. */
  setBack(): void {
    const { folders, made, platform, root, touched, twin } = this;
    const setter = new AspectSetter(platform, made, new Losses(made, true), false);
    for (const i of [...touched].sort((a, b) => b - a)) {
      const j = at(twin, i);
      if (j === 0) setter.set(root, ITSELF, 0);
      else if (j !== NONE) setter.set(folders.get(at(made.parent, j)), made.name(j), j);
    }
  }

  private link(index: number, first: number): void {
    const { folders, losses, made, others, table, twin } = this;
    const [j, k] = [at(twin, index), at(twin, first)];
    const parent = at(made.parent, j);
    const folder = folders.get(parent);
    makeUsable(folder, at(made.mode, parent));
    this.touch(this.twinOf(parent));
    const name = bytesOf(`link-${crypto.randomUUID()}`);
    const refused = refusalOf(() => folder.linkFrom(name, others.get(at(made.parent, k)), made.name(k)), []);
    if (refused === undefined) folder.rename(name, folder, made.name(j), "replace");
    else losses.add("hardlink", index, refused.reason);
    made.inoLo[j] = at(made.inoLo, k);
    made.inoHi[j] = at(made.inoHi, k);
    table.linkGroup[index] = first;
  }

  /** Gives what was made the hashes, losses and link groups of the same entries in the table. */
  describe(): void {
    const { made, table, twin } = this;
    for (let i = 0; i < table.count; i++) {
      const j = at(twin, i);
      if (j === NONE) continue;
      made.lost[j] = at(made.lost, j) | at(table.lost, i);
      const hash = table.contentHash(i);
      const isSame = hasSameFacts(table, i, made, j) && isSameMoment(table, i, made, j);
      if (hash !== undefined && isSame) made.setHash(j, hash);
      const first = at(table.linkGroup, i) === NONE ? NONE : at(twin, at(table.linkGroup, i));
      if (first === NONE || first === j || !isOneInode(made, j, first)) continue;
      made.linkGroup[first] = first;
      made.linkGroup[j] = first;
    }
  }

  /** The folder of the table with the path of one that was made. */
  private twinOf(madeFolder: number): number {
    return madeFolder === 0 ? 0 : this.table.find(this.made.path(madeFolder));
  }

  [Symbol.dispose](): void {
    this.folders[Symbol.dispose]();
    this.others[Symbol.dispose]();
  }
}

function isOneInode(made: TreeTable, j: number, k: number): boolean {
  return made.inoLo[j] === made.inoLo[k] && made.inoHi[j] === made.inoHi[k];
}
