import { nowMs } from "../../platform/clock.ts";
import { Readings } from "../../repo/readings.ts";
import { keepReadings, storedReadings } from "../../repo/readings_store.ts";
import type { Store } from "../../repo/store.ts";
import type { TreeTable } from "../../tree/table.ts";

/** What was read longer ago is forgotten. */
const KEPT_SECONDS = 400 * 24 * 3600;
/** After so many bytes what was read is kept at once, so that a run that is ended loses little. */
const KEEP_AFTER_BYTES = 4e9;

/**
 * What a run reads and finds right is remembered, for this user and host, so that a later one need not read it again. The end of `await using`
 * keeps it. Times are in seconds since 1970; all that one run reads has the time when it began.
 */
export class Remembered implements AsyncDisposable {
  private readonly now = new Readings();
  /** The files that are damaged. */
  private readonly wrong = new Readings();
  private isDamaged = false;
  private readonly begun = Math.floor(nowMs() / 1000);
  private bytes = 0;

  private constructor(
    private readonly store: Store,
    private readonly before: Readings | undefined,
    private readonly since: number,
  ) {}

  /** With `since`, in milliseconds since 1970, what was read from then on counts. */
  static async open(store: Store, since = Infinity): Promise<Remembered> {
    return new Remembered(store, since === Infinity ? undefined : await storedReadings(store), since / 1000);
  }

  /** Whether what was read before counts. */
  get counts(): boolean {
    return this.before !== undefined;
  }

  /** When all of the snapshot was read, if that counts. */
  snapshot(id: string): number | undefined {
    return this.counting(this.before?.snapshots.get(id) ?? 0);
  }

  /** When the file at this index was read with this content, if that counts. */
  file(table: TreeTable, index: number, hash: Uint8Array): number | undefined {
    return this.counting(this.before?.timeOf(table, index, hash) ?? 0);
  }

  /** The file was read now, and has this content. */
  noteFile(table: TreeTable, index: number, hash: Uint8Array): void {
    this.now.note(table, index, hash, this.begun);
  }

  /** All of the snapshot was read and was right: now, and what counted before at `oldest` or later. Gives the earlier of the two. */
  async noteSnapshot(id: string, bytes: number, oldest = Infinity): Promise<number> {
    const time = Math.min(this.begun, oldest);
    this.now.snapshots.set(id, time);
    this.bytes += bytes;
    if (this.bytes >= KEEP_AFTER_BYTES) await this.keep();
    return time;
  }

  /** The file does not have this content any more. */
  noteDamagedFile(table: TreeTable, index: number, hash: Uint8Array): void {
    this.wrong.note(table, index, hash, this.begun);
  }

  /** A snapshot is damaged. Others may share what is wrong with it, so all are looked at again. */
  noteDamage(): void {
    this.isDamaged = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.keep();
  }

  /** Adds it to what others of this user kept meanwhile. */
  private async keep(): Promise<void> {
    this.bytes = 0;
    if (this.now.isEmpty && !this.isDamaged) return;
    const all = await storedReadings(this.store);
    const there = new Set(this.store.snapshots.list());
    for (const id of all.snapshots.keys()) if (!there.has(id)) all.snapshots.delete(id);
    all.forgetFiles(this.wrong);
    if (this.isDamaged) all.snapshots.clear();
    all.merge(this.now);
    await keepReadings(this.store, all, this.begun - KEPT_SECONDS);
  }

  /** With a clock that was put back, a time to come says nothing. */
  private counting(time: number): number | undefined {
    return time >= this.since && time <= this.begun ? time : undefined;
  }
}
