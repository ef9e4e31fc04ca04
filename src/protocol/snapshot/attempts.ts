import { bytesOf } from "../../model/bytes.ts";
import { LOST } from "../../model/entry.ts";
import { phase } from "../../model/progress.ts";
import { isJvsError } from "../../model/errors.ts";
import type { CloneResult, Engine, ShareSource } from "../../engine/contract.ts";
import { removeClone } from "../../engine/engines.ts";
import type { Folder } from "../../platform/platform.ts";
import { hashFiles, hashTargets } from "../../tree/hash.ts";
import { isCloneOfTree, isTreeUnchangedSince } from "../../tree/match_unchanged.ts";
import { settle } from "../../tree/scan_clock.ts";
import type { Scan } from "../../tree/scan.ts";
import { at, type TreeTable } from "../../tree/table.ts";
import { unreadableError } from "../../tree/unreadable.ts";
import type { WorktreeContext } from "../change/kind.ts";
import type { Look } from "../look/look.ts";
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
}

/** Makes the payload in `snapshots/<id>.tmp`; beside it may be that of the attempt before. */
export class Attempts {
  private readonly name: Uint8Array;
  private readonly asideName: Uint8Array;

  constructor(
    private readonly change: WorktreeContext,
    private readonly look: Look,
    private readonly id: string,
    private readonly options: CaptureOptions,
  ) {
    this.name = bytesOf(`${id}.tmp`);
    this.asideName = bytesOf(`${id}.tmp.before`);
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
      using into = this.change.store.layout.snapshots.open();
      await removeClone(this.change.store.platform, into, this.name);
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
    using into = layout.snapshots.open();
    await engine.settle?.(look.root, { reporter, signal });
    await using hashing = new HashWhileCloned(this.change, look.root, scan.table);
    const result = await engine.clone({
      source: look.root,
      table: scan.table,
      gaps: scan.gaps,
      into,
      name,
      as: "payload",
      generation: look.changes?.generation,
      onReadable: this.mayProveSource ? (flushEach) => hashing.begin(flushEach) : undefined,
      reporter,
      signal,
      share,
      workers,
    });
    const refused = [...scan.unreadable, ...result.unreadable.map((index) => scan.table.path(index))];
    // A clone of the whole tree holds what was closed to the user meanwhile.
    const mayLeaveOut = skipUnreadable && engine.abilities.leavesOut;
    if (refused.length > 0 && !mayLeaveOut) throw unreadableError(refused);
    leaveOut(scan.table, result);
    await hashTargets(result.table);
    if (this.mayProveSource && result.table === scan.table) await hashing.finish(result);
    else await this.hashPayload(result.table);
    await this.removeSetAside(into);
    return { scan, result };
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
  async isStill({ scan, result }: Attempt): Promise<boolean> {
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
        );
    } finally {
      await syncing;
    }
  }

  /** Whether what was cloned is what a later scan of the worktree sees, however long ago the first look was. */
  async isCloneOf({ result, scan }: Attempt, now: Scan): Promise<boolean> {
    return this.comparesClones && result.changed.length === 0 && isSameSet(scan.gaps, now.gaps) &&
      await isCloneOfTree(result.table, now.table);
  }

  /** Moves the payload aside, so that the next attempt shares files with it if the engine can do that. */
  async putAside(attempt: Pick<ShareSource, "table" | "match">): Promise<ShareSource | undefined> {
    const { asideName, change, name, options: { engine } } = this;
    using snapshots = change.store.layout.snapshots.open();
    snapshots.rename(name, snapshots, asideName, "fresh");
    if (engine.abilities.sharesFiles) return { ...attempt, payload: snapshots.openFolder(asideName) };
    await this.removeSetAside(snapshots);
    return undefined;
  }

  private async removeSetAside(snapshots: Folder): Promise<void> {
    await removeClone(this.change.store.platform, snapshots, this.asideName);
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
