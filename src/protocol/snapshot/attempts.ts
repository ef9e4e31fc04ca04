import { type BytePath, bytesOf } from "../../model/bytes.ts";
import { FILE, LOST } from "../../model/entry.ts";
import { phase } from "../../model/progress.ts";
import { isJvsError } from "../../model/errors.ts";
import type { CloneResult, Engine, ShareSource } from "../../engine/contract.ts";
import { removeClone } from "../../engine/engines.ts";
import type { Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { unlessFailed } from "../../platform/system_error.ts";
import { hashFiles, hashTargets } from "../../tree/hash.ts";
import { isCloneOfTree, isTreeUnchangedSince } from "../../tree/match_unchanged.ts";
import { OpenFolders } from "../../tree/open_folders.ts";
import { hasSameRights, isCloneOf, isSameInode, isUnchangedBetween } from "../../tree/same_entry.ts";
import { settle } from "../../tree/scan_clock.ts";
import type { Scan } from "../../tree/scan.ts";
import { TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import { unreadableError } from "../../tree/unreadable.ts";
import type { WorktreeContext } from "../change/kind.ts";
import type { Look } from "../look/look.ts";
import { writeAhead } from "../make_durable.ts";
import { isLeftOut } from "../payload/as_allowed.ts";
import { Databases } from "./databases.ts";
import { KeptLogs } from "./kept_logs.ts";
import { HashWhileCloned, unhashed } from "./hash_while_cloned.ts";

/** How to capture. */
export interface CaptureOptions {
  readonly engine: Engine;
  /** If the worktree does not stop changing, `quiesced` fails, and `either` takes what it gets and says so. */
  readonly consistency: "quiesced" | "best_effort" | "either";
  /** Whether unreadable files are left out, with a note; else they are an error. */
  readonly skipUnreadable: boolean;
}

/** One attempt: what was seen, and what was made of it. */
export interface Attempt {
  readonly scan: Scan;
  readonly result: CloneResult;
  /** The databases that programs use. */
  readonly held: Databases;
}

/** More files that change all the time are no databases, and to look at each takes a while. */
const MOST_KNOWN = 1_000;

/** Makes the payload in `<id>.tmp` (`layout.making`); beside it may be that of the attempt before. */
export class Attempts implements Disposable {
  private readonly name: Uint8Array;
  private readonly asideName: Uint8Array;
  /** Files that changed during an attempt. */
  private readonly known: BytePath[] = [];
  private readonly logs: KeptLogs;

  constructor(
    private readonly change: WorktreeContext,
    private readonly look: Look,
    private readonly id: string,
    private readonly options: CaptureOptions,
  ) {
    this.name = bytesOf(`${id}.tmp`);
    this.asideName = bytesOf(`${id}.tmp.before`);
    this.logs = new KeptLogs(look.root, change.signal);
  }

  /** Whether the clone tells by itself of which moment each entry is (`keepsChangeTimes`). */
  get comparesClones(): boolean {
    return this.options.engine.abilities.keepsChangeTimes;
  }

  open(): Folder {
    return this.change.store.layout.unfinishedPayload(this.id).open();
  }

  /** The same as `make`; undefined if what the last look saw no longer is what may be read here. */
  async tryToMake(scan: Scan, share: ShareSource | undefined): Promise<Attempt | undefined> {
    try {
      return await this.make(scan, share);
    } catch (error) {
      const isStale = this.look.isLookBack && scan === this.look.scan;
      if (!isStale || !isJvsError(error, "E_PERMISSION")) throw error;
      using into = this.change.store.layout.making.open();
      await this.removeMade(into, this.name);
      return undefined;
    }
  }

  /** Makes one attempt, and closes the payload that it shares files with. */
  async make(scan: Scan, share: ShareSource | undefined): Promise<Attempt> {
    const {
      change: { reporter, signal, store: { layout }, workers },
      look,
      name,
      options: { engine, skipUnreadable },
    } = this;
    using _shared = share?.payload;
    if (scan.clock !== undefined) await settle(scan.table, scan.clock);
    using into = layout.making.open();
    await engine.settle?.(look.root, { reporter, signal });
    await writeAhead(this.change, look.root);
    const held = this.databases(scan, share);
    await using hashing = new HashWhileCloned(this.change, look.root, scan.table, held.files);
    const result = await engine.clone({
      source: look.root,
      table: scan.table,
      gaps: scan.gaps,
      into,
      name,
      as: "payload",
      isLook: true,
      generation: look.changes?.generation,
      onReadable: this.mayProveSource ? (flushEach) => hashing.begin(flushEach) : undefined,
      reporter,
      signal,
      share,
      held: held.files.size > 0 ? held : undefined,
      workers,
    });
    const refused = [...scan.unreadable, ...result.unreadable.map((index) => scan.table.path(index))];
    // A clone of the whole tree holds what was closed to the user meanwhile.
    const mayLeaveOut = skipUnreadable && engine.abilities.leavesOut;
    if (refused.length > 0 && !mayLeaveOut) throw unreadableError(refused);
    leaveOut(scan.table, result);
    await hashTargets(result.table);
    const provesSource = this.mayProveSource && result.table === scan.table;
    if (provesSource) await hashing.finish(result);
    if (result.table === scan.table) this.takeSizes(held, result.table);
    if (!provesSource || held.files.size > 0) await this.hashPayload(result.table);
    await this.removeSetAside(into);
    return { scan, result, held };
  }

  private databases(scan: Scan, share: ShareSource | undefined): Databases {
    const { change: { signal }, known, look } = this;
    // A table that is the stat cache itself must not be changed: nothing did.
    const table = scan.isKnown ? new TreeTable(0) : scan.table;
    return new Databases(look.root, table, { match: share?.match, known, signal });
  }

  /** A journal or -shm may grow while it is copied, although its database is held: the clone has the size that counts. */
  private takeSizes({ files }: Databases, table: TreeTable): void {
    if (files.size === 0) return;
    using payload = this.open();
    using folders = new OpenFolders(payload, table);
    const stat = new Stat();
    for (const i of files) {
      if (table.hashed[i] === 1 || isLeftOut(table, i)) continue;
      if (folders.get(at(table.parent, i)).stat(table.name(i), stat)) table.size[i] = stat.size;
    }
  }

  /**
   * Whether a second look can prove that the files of the worktree still are what was cloned. Then they are read instead
   * of their clones: they are in memory more often, and a clone by reflink never is.
   */
  private get mayProveSource(): boolean {
    return !this.comparesClones && this.look.timesProve;
  }

  /** Hashes files of the payload that have no hash yet. */
  async hashPayload(table: TreeTable): Promise<void> {
    const { reporter, signal, workers } = this.change;
    const files = [...unhashed(table)];
    if (files.length === 0) return;
    using payload = this.open();
    await hashFiles(payload, table, files, { flush: false, isStill: true, reporter, signal, workers });
  }

  /**
   * Whether nothing changed during the attempt, which is the usual case. Meanwhile the payload is written to the disk, so
   * that the final sync has less to do. Not on btrfs: there the fsync of a folder writes a log that the final sync does not
   * use, and for a file with many links its time grows with the square of their number.
   */
  async isStill({ scan, result, held }: Attempt): Promise<boolean> {
    if (this.comparesClones) return false; // a later scan tells more than a second look at what the first one saw
    const { reporter, signal, store: { platform } } = this.change;
    using payload = this.open();
    const syncing = platform.fileSystem(payload).kind === "btrfs" ? undefined : payload.syncAside();
    using _phase = phase(reporter, "checking that nothing changed");
    try {
      return result.changed.length === 0 &&
        await isTreeUnchangedSince(
          this.look.root,
          scan.table,
          signal,
          this.look.changes?.inodesNow(scan.table.count),
          held.proven,
        );
    } finally {
      await syncing;
    }
  }

  /** Whether what was cloned is what a later scan of the worktree sees, however long ago the first look was. */
  async isCloneOf({ result, scan, held }: Attempt, now: Scan): Promise<boolean> {
    if (!this.comparesClones || result.changed.length > 0 || !isSameSet(scan.gaps, now.gaps)) return false;
    const { table } = result;
    return await isCloneOfTree(table, now.table) ||
      await held.explain(
        table,
        now.table,
        (i, j) => isCloneOf(table, i, now.table, j),
        (i, j) => hasSameRights(table, i, now.table, j),
      );
  }

  /** Whether all that changed during the attempt are databases that were held while they were cloned. */
  async isStillBut({ result, scan, held }: Attempt, now: Scan): Promise<boolean> {
    if (this.comparesClones || result.changed.length > 0) return false;
    return await held.explain(
      scan.table,
      now.table,
      (i, j) => isUnchangedBetween(scan.table, i, now.table, j),
      (i, j) => isSameInode(scan.table, i, now.table, j),
    );
  }

  /**
   * Remembers files that changed. The next attempt looks whether they are databases. Whether their logs are kept from now on, so that
   * they must be looked at again.
   */
  async remember(before: Scan, { table }: Scan, match: Int32Array): Promise<boolean> {
    for (let j = 1; j < table.count && this.known.length < MOST_KNOWN; j++) {
      if (match[j] === -1 && table.type[j] === FILE) this.known.push(table.path(j));
    }
    return await this.logs.keep(before.table, table, this.known);
  }

  /** Moves the payload aside, so that the next attempt shares files with it if the engine can do that. */
  async putAside(attempt: Pick<ShareSource, "table" | "match">): Promise<ShareSource | undefined> {
    const { asideName, change, name, options: { engine } } = this;
    using into = change.store.layout.making.open();
    into.rename(name, into, asideName, "fresh");
    if (engine.abilities.sharesFiles) return { ...attempt, payload: into.openFolder(asideName) };
    await this.removeSetAside(into);
    return undefined;
  }

  private async removeSetAside(into: Folder): Promise<void> {
    await this.removeMade(into, this.asideName);
  }

  /** Where others may reach it, they may have put somebody's work into it: there it is left behind. */
  private async removeMade(into: Folder, name: Uint8Array): Promise<void> {
    const { layout, platform } = this.change.store;
    const isReachable = layout.plane.isOpenToOthers && layout.making.path === layout.snapshots.path;
    if (!isReachable) return await removeClone(platform, into, name);
    const left = bytesOf(`${this.id}.left.${crypto.randomUUID()}`);
    unlessFailed(["ENOENT"], () => into.rename(name, into, left, "fresh"));
  }

  [Symbol.dispose](): void {
    this.logs[Symbol.dispose]();
  }
}

/** Keeps what could not be read in the manifest, but not in the payload: so a restore knows to leave it alone. */
function leaveOut(table: TreeTable, { unreadable, degradations }: CloneResult): void {
  const reason = "it could not be read, so the snapshot does not hold it";
  for (const index of unreadable) {
    table.lost[index] = at(table.lost, index) | LOST.type;
    degradations.add("unreadable", table.path(index), reason);
  }
}

function isSameSet(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return a.size === b.size && [...a].every((index) => b.has(index));
}
