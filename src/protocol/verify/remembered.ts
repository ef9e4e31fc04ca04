import { nowMs } from "../../platform/clock.ts";
import { isJvsError } from "../../model/errors.ts";
import type { Descriptor } from "../../model/records.ts";
import type { Folder } from "../../platform/platform.ts";
import { inodeText, Stat } from "../../platform/stat.ts";
import { Readings } from "../../repo/readings.ts";
import {
  dropReadings,
  keepReadings,
  mayKeepReadings,
  readingsLock,
  storedReadings,
} from "../../repo/readings_store.ts";
import type { Store } from "../../repo/store.ts";
import type { TreeTable } from "../../tree/table.ts";
import { type FoundDamage, KnownDamage } from "./known_damage.ts";

/** What was read longer ago is forgotten. */
const KEPT_SECONDS = 400 * 24 * 3600;
/** After so many bytes what was read is kept at once, so that a run that is ended loses little. */
const KEEP_AFTER_BYTES = 4e9;

/**
 * What a run reads and finds right is remembered, for this user and host, so that a later one need not read it again. The end of `await using`
 * keeps it. Times are in seconds since 1970; all that one run reads has the time when it began.
 */
export class Remembered implements AsyncDisposable {
  private now = new Readings();
  /** The files that are damaged. */
  private wrong = new Readings();
  private isDamaged = false;
  private readonly begun = secondsNow();
  private bytes = 0;

  private constructor(
    private readonly store: Store,
    private readonly before: Readings | undefined,
    private readonly since: number,
    /** What earlier runs found damaged: that is read again. */
    readonly damage: KnownDamage,
  ) {}

  /** With `since`, in milliseconds since 1970, what was read from then on counts. */
  static async open(store: Store, since = Infinity): Promise<Remembered> {
    const before = since === Infinity ? undefined : (await storedReadings(store)).readings;
    return new Remembered(store, before, since / 1000, await KnownDamage.open(store));
  }

  /** Whether what was read before counts. */
  get counts(): boolean {
    return this.before !== undefined;
  }

  /** When all of the snapshot was read, if that counts, and its payload is still the same folder. */
  snapshot(id: string, payload: Folder): number | undefined {
    if (this.damage.has(id)) return undefined;
    const reading = this.before?.snapshots.get(id);
    return reading?.folder === folderText(payload) ? this.counting(reading.time) : undefined;
  }

  /** When the file at this index was read with this content, if that counts. */
  file(table: TreeTable, index: number, hash: Uint8Array): number | undefined {
    return this.counting(this.before?.timeOf(table, index, hash) ?? 0);
  }

  /** The file of this snapshot was read now, and has this content. */
  noteFile(table: TreeTable, index: number, hash: Uint8Array, snapshotId: string): void {
    this.now.note(table, index, hash, this.begun, snapshotId);
  }

  /** All of the snapshot was read and was right: now, and what counted before at `oldest` or later. Gives the earlier of the two. */
  async noteSnapshot(
    { snapshot_id: id, stats: { bytes } }: Descriptor,
    payload: Folder,
    oldest: number,
  ): Promise<number> {
    const time = Math.min(this.begun, oldest);
    this.now.snapshots.set(id, { time, folder: folderText(payload) });
    this.bytes += bytes;
    if (this.bytes >= KEEP_AFTER_BYTES) await this.keep();
    return time;
  }

  /** The file does not have this content any more. */
  noteDamagedFile(table: TreeTable, index: number, hash: Uint8Array, snapshotId: string): void {
    this.wrong.note(table, index, hash, this.begun, snapshotId);
  }

  /** A snapshot is not as it was. Others may share what is wrong with it, so all are looked at again. */
  noteWrong(): void {
    this.isDamaged = true;
  }

  /** It is not what was saved, and stays so until a read shows that it is. */
  async noteDamage(id: string, found: FoundDamage): Promise<void> {
    this.noteWrong();
    await this.damage.noteFound(id, found);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.damage.keep();
    await this.keep();
  }

  /** Nothing is said if it cannot be kept. But where damage cannot be noted, as on a full disk, nothing of before may count. */
  private async keep(): Promise<void> {
    this.bytes = 0;
    if (this.now.isEmpty && !this.isDamaged || !mayKeepReadings(this.store)) return;
    try {
      using _lock = await this.store.locks.own(readingsLock(this.store));
      await this.add();
    } catch (error) {
      if (!isJvsError(error)) throw error;
      if (this.isDamaged) dropReadings(this.store);
    }
  }

  /** Adds it to what others of this user kept meanwhile; one after the other. What a run read that began before damage was found is no news. */
  private async add(): Promise<void> {
    const { readings, damaged } = await storedReadings(this.store);
    if (this.isDamaged) {
      readings.snapshots.clear();
      readings.forgetFiles(this.wrong);
    } else if (this.begun > damaged) readings.merge(this.now);
    const last = this.isDamaged ? secondsNow() : damaged;
    await keepReadings(this.store, { readings, damaged: last }, this.begun - KEPT_SECONDS);
    this.now = new Readings();
  }

  /** With a clock that was put back, a time to come says nothing. */
  private counting(time: number): number | undefined {
    return time >= this.since && time <= this.begun ? time : undefined;
  }
}

function secondsNow(): number {
  return Math.floor(nowMs() / 1000);
}

/** Another folder in the place of a payload has another inode, or another change time. */
function folderText(payload: Folder): string {
  const { inoHi, inoLo, ctimeSec, ctimeNsec } = Stat.ofFolder(payload);
  return `${inodeText(inoHi, inoLo)} ${ctimeSec}.${ctimeNsec}`;
}
