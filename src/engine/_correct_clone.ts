import { bytesOf, ITSELF } from "../model/bytes.ts";
import { DegradationList } from "../model/degradations.ts";
import { DIR, FILE } from "../model/entry.ts";
import type { Reporter } from "../model/progress.ts";
import type { Folder, Platform } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import { isCloneOfTree } from "../tree/match_unchanged.ts";
import { OpenFolders } from "../tree/open_folders.ts";
import { removeTree } from "../tree/remove_tree.ts";
import { isOfSameMake, isSameMoment } from "../tree/same_entry.ts";
import { type Scan, scanTree } from "../tree/scan.ts";
import { indexesWhere, NONE, type TreeTable } from "../tree/table.ts";
import { at } from "../tree/columns.ts";
import { AspectSetter, Losses, refusalOf } from "./_aspects.ts";
import { copyAspects, hasAspects, makeUsable, removeOtherXattrs } from "./_clone_aspects.ts";
import { CloneComparison, isOneInode, NO_DIFFERENCES, type WholeClone } from "./_clone_comparison.ts";
import type { CloneRequest, CloneResult } from "./contract.ts";

/**
 * Makes the clone of a whole tree what was asked for, and returns the result:
 *
 * 1. Scan it, because only that tells what is in it. Where the engine tells how it differs from the table, look only at that;
 *    if it is the same, that is all.
 * 2. Put true entries in the place of those that only stand for them.
 * 3. Note what is not as the table says: another process changed it.
 * 4. Remove what the table does not list: what rules leave out, and what is in a nested repository or below a mount.
 * 5. Join the names of one file again, where the clone separates them.
 * 6. Set the aspects that differ, and those of folders that 2 to 5 changed.
 *
 * A payload that one call cloned with its change times is itself the first look: it is right where the table says something
 * else, and a later look decides. So 3 and 4 are not for it.
 */
export async function correctClone(
  platform: Platform,
  request: CloneRequest,
  root: Folder,
  engine: WholeClone,
): Promise<CloneResult> {
  const asked = await scanOfChanges(platform, request, root, engine);
  // Reading changes the time of access, which counts as a change for btrfs, and for no one else.
  if (asked !== undefined && await isCloneOfTree(asked.table, request.table)) {
    return sameAsAsked(request, root, engine);
  }
  const scan = asked ?? await scanClone(platform, request, root);
  const compared = await CloneComparison.make(request, scan, engine);
  using correction = new Correction(platform, root, engine, compared);
  correction.replaceStandIns();
  const found = compared.isFirstLook ? NO_DIFFERENCES : compared.differences(scan, correction.mayRead);
  if (!compared.isFirstLook) await correction.removeExtra();
  await correction.joinLinks();
  await correction.setAspects();
  const hasFacts = request.as === "worktree";
  if (hasFacts) compared.noteFacts(correction.isTouched);
  return { ...found, table: compared.resultTable(), degradations: correction.losses.degradations, hasFacts };
}

/** The result for a clone in which nothing differs from the table. */
function sameAsAsked({ table }: CloneRequest, root: Folder, engine: WholeClone): CloneResult {
  using folders = new OpenFolders(root, table);
  const isClosed = (i: number) =>
    table.type[i] === FILE && table.hashed[i] !== 1 &&
    engine.mayRead?.(folders.get(at(table.parent, i)), table, i) === false;
  const unreadable = [...indexesWhere(table, isClosed)];
  return { ...NO_DIFFERENCES, unreadable, table, degradations: new DegradationList() };
}

/** What a clone has in common with its source is taken from the request's table. */
async function scanClone(platform: Platform, request: CloneRequest, root: Folder): Promise<Scan> {
  return await scanTree(root, { ...scanOptions(platform, request), known: request.table });
}

/** The same, by looking only at what changed; undefined if the engine cannot tell that. */
async function scanOfChanges(platform: Platform, request: CloneRequest, root: Folder, engine: WholeClone) {
  const inodes = engine.changed?.();
  if (inodes === undefined) return undefined;
  const { scanChanged } = await import("../tree/scan_changed.ts");
  return await scanChanged(root, { known: request.table, inodes }, scanOptions(platform, request));
}

function scanOptions({ abilities }: Platform, { reporter, signal }: CloneRequest) {
  const { exactStat, xattrs } = abilities;
  return {
    exactStat,
    xattrs,
    ...(reporter === undefined ? {} : { reporter: asOneStep(reporter) }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** Tells of progress, but not of steps: it is all cloning. */
function asOneStep(reporter: Reporter): Reporter {
  return {
    begin() {},
    advance: (entries, bytes) => reporter.advance(entries, bytes),
    warn: (message) => reporter.warn(message),
  };
}

/** Puts right what a comparison shows. */
class Correction implements Disposable {
  readonly losses: Losses;
  private readonly made: TreeTable;
  /** Entries of the clone whose aspects must be set. */
  private readonly toSet: Set<number>;
  /** Names of one file that were joined: their change times moved. */
  private readonly joined = new Set<number>();
  private readonly slice: TimeSlice;
  private readonly folders: OpenFolders;
  private readonly others: OpenFolders;

  constructor(
    private readonly platform: Platform,
    private readonly root: Folder,
    private readonly engine: WholeClone,
    private readonly compared: CloneComparison,
  ) {
    const { isFirstLook, made, request: { as, signal, table }, twin } = compared;
    this.made = made;
    this.losses = new Losses(isFirstLook ? made : table, as === "payload");
    this.toSet = new Set(Array.from(engine.filled ?? [], (i) => at(twin, i)).filter((j) => j !== NONE));
    this.slice = new TimeSlice(signal);
    this.slice.check();
    this.folders = new OpenFolders(root, made);
    this.others = new OpenFolders(root, made);
  }

  replaceStandIns(): void {
    const { compared: { asked, request: { table }, standIns }, made } = this;
    const stat = new Stat();
    for (const { j, replace } of standIns) {
      const parent = this.openToChange(at(made.parent, j));
      replace(parent);
      if (parent.stat(made.name(j), stat)) made.setStat(j, stat);
      copyAspects(table, at(asked, j), made, j); // they are set with the others
      this.toSet.add(j);
    }
  }

  readonly mayRead = (j: number): boolean => {
    const { engine, folders, made } = this;
    return engine.mayRead?.(folders.get(at(made.parent, j)), made, j) ?? true;
  };

  async removeExtra(): Promise<void> {
    const { compared: { closed, extra, request: { signal } }, made } = this;
    const options = signal === undefined ? {} : { signal };
    for (const j of extra) await removeTree(this.openToChange(at(made.parent, j)), made.name(j), options);
    for (const j of closed) {
      const folder = this.openToChange(j);
      const names = folder.list();
      for (let k = 0; k < names.count; k++) await removeTree(folder, names.name(k), options);
    }
  }

  /**
   * Joins names that the table says are of one file. In a payload that one call cloned, two names must show that they were
   * one when they were cloned: the same change time, to the nanosecond.
   */
  async joinLinks(): Promise<void> {
    const { compared: { isResult, request: { table }, twin }, made, slice } = this;
    for (let i = 1; i < table.count; i++) {
      const first = at(table.linkGroup, i);
      if (first === NONE || first === i) continue;
      const [j, k] = [at(twin, i), at(twin, first)];
      if (j === NONE || k === NONE || isOneInode(made, j, k)) continue;
      if (!isResult || (isOfSameMake(made, j, made, k) && isSameMoment(made, j, made, k))) {
        this.join(j, k);
      }
      if (slice.isOver()) await slice.yield();
    }
  }

  /** Makes `j` a further name of `k`. */
  private join(j: number, k: number): void {
    const { compared: { asked, isFirstLook }, losses, made, others } = this;
    const folder = this.openToChange(at(made.parent, j));
    const name = bytesOf(`link-${crypto.randomUUID()}`);
    const link = () => folder.linkFrom(name, others.get(at(made.parent, k)), made.name(k));
    const refused = refusalOf(link, []);
    if (refused !== undefined) {
      return losses.add("hardlink", isFirstLook ? j : at(asked, j), refused.reason);
    }
    folder.rename(name, folder, made.name(j), "replace");
    made.inoLo[j] = at(made.inoLo, k);
    made.inoHi[j] = at(made.inoHi, k);
    this.joined.add(j).add(k);
  }

  /** The deepest first, because to change an entry moves the times of its folder. */
  async setAspects(): Promise<void> {
    const {
      compared: { asked, isFirstLook, isResult, request: { table } },
      folders,
      made,
      root,
      slice,
      toSet,
    } = this;
    const truth = isFirstLook ? made : table;
    const setter = new AspectSetter(this.platform, truth, this.losses, false);
    for (let j = made.count - 1; j >= 0; j--) {
      if (slice.isOver()) await slice.yield();
      const i = at(asked, j);
      if (i === NONE || !(toSet.has(j) || this.mustSet(i, j))) continue;
      this.engine.makeWritable?.();
      const folder = j === 0 ? root : folders.get(at(made.parent, j));
      const name = j === 0 ? ITSELF : made.name(j);
      const index = isFirstLook ? j : i;
      removeOtherXattrs(folder, name, truth, index, made, j);
      setter.set(folder, name, index);
      toSet.add(j);
      if (isResult && !isFirstLook) copyAspects(table, i, made, j);
    }
  }

  /**
   * Whether aspects must be set that nothing changed. In a payload only those of a folder that has something mounted over it,
   * or that another process changed; a file that differs was changed, and stays as it was cloned.
   */
  private mustSet(i: number, j: number): boolean {
    const { isFirstLook, isResult, made, request: { as, table } } = this.compared;
    const isCandidate = as === "worktree" || (isResult && !isFirstLook && table.type[i] === DIR);
    return isCandidate && !hasAspects(table, i, made, j);
  }

  readonly isTouched = (j: number): boolean => this.toSet.has(j) || this.joined.has(j);

  /** Opens a folder of the clone to change what is in it; its aspects are set later. */
  private openToChange(j: number): Folder {
    this.engine.makeWritable?.();
    const folder = this.folders.get(j);
    if (!this.toSet.has(j)) makeUsable(folder, at(this.made.mode, j));
    this.toSet.add(j);
    return folder;
  }

  [Symbol.dispose](): void {
    this.folders[Symbol.dispose]();
    this.others[Symbol.dispose]();
  }
}
