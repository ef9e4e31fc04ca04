import { type JvsError, unlessThrown } from "../model/errors.ts";
import { GcPlan } from "../model/gc_records.ts";
import { isUuid } from "../model/ids.ts";
import { snapshotId, time, uuid } from "../model/records.ts";
import { type Infer, integer, list, mapOf, nullable, oneOf, record, text } from "../model/schema.ts";
import { nowIso } from "../platform/clock.ts";
import { isTemporaryOf } from "../platform/temporary_file.ts";
import { AuditEntry } from "./audit_record.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";
import { readRecord, writeRecord } from "./record_file.ts";

const WHAT = "the tombstone";

/** What a garbage collection took out of the history and has not deleted whole yet. */
export const Tombstone = record({
  id: uuid().about("The change that wrote it; its file has this name."),
  plan_id: GcPlan.fields.plan_id,
  gc_state: oneOf("marked", "committed", "failed").about(
    "`marked`: perhaps not out of the history yet; `committed`: out of it, and files are being deleted; `failed`: that stopped.",
  ),
  marked_at: time().about("When it was written."),
  committed_at: nullable(time()).about("When they were out of the history."),
  failure_reason: nullable(text()).about("Why files could not be deleted."),
  pruned: list(snapshotId()).about("Those that keep their record."),
  deleted: list(snapshotId()).about("Those of which nothing stays."),
  bytes: mapOf(integer({ min: 0 })).optional().about(
    "What comes free with each, by the plan, as far as it was not deleted by then; earlier versions did not write it.",
  ),
  audit: AuditEntry.about(
    "The audit record, which is written once, also where nothing else of the change is left.",
  ),
});
export type Tombstone = Infer<typeof Tombstone>;

/**
 * What garbage collections took out of the history and have not deleted whole yet. Where others may write, each user has their own,
 * because files are deleted by what they say.
 */
export class Tombstones {
  constructor(private readonly layout: Layout) {}

  /** Those of the caller. A damaged one is `E_DESCRIPTOR_CORRUPT`. */
  own(): Tombstone[] {
    return this.#in(this.layout.tombstones, (file) => readRecord(file, Tombstone, WHAT));
  }

  /** Those of the caller that can be read, and why the others cannot. */
  readable(): { tombstones: Tombstone[]; damaged: JvsError[] } {
    const damaged: JvsError[] = [];
    const tombstones = this.#in(this.layout.tombstones, (file) => {
      try {
        return readRecord(file, Tombstone, WHAT);
      } catch (error) {
        if (!isUnreadableRecord(error)) throw error;
        damaged.push(error);
      }
    });
    return { tombstones, damaged };
  }

  /** The snapshots that those of all users name, as far as they can be read. */
  named(): Set<string> {
    const { plane, sharedTombstones, tombstones } = this.layout;
    const folders = [
      tombstones,
      ...plane.owners.isOfAnotherAlone ? [sharedTombstones] : [],
      ...this.layout.userFolders().map(({ folder }) => folder.at("tombstones")),
    ];
    const read = (file: ControlPath) =>
      unlessThrown(isUnreadableRecord, () => readRecord(file, Tombstone, WHAT));
    const all = folders.flatMap((folder) =>
      unlessThrown(isUnreadableRecord, () => this.#in(folder, read)) ?? []
    );
    return new Set(all.flatMap(({ deleted, pruned }) => [...deleted, ...pruned]));
  }

  #in(folder: ControlPath, read: (file: ControlPath) => Tombstone | undefined): Tombstone[] {
    return folder.jsonNames().filter(isUuid).flatMap((id) => {
      const tombstone = read(folder.at(`${id}.json`));
      return tombstone === undefined ? [] : [{ ...tombstone, id }];
    });
  }

  /** Whether the caller has one of this change, damaged or not. */
  has(id: string): boolean {
    return this.layout.tombstone(id).isThere();
  }

  /** Writes durably what the change with this id is about to take out. */
  mark(taken: Pick<Tombstone, "id" | "plan_id" | "pruned" | "deleted" | "bytes" | "audit">): void {
    this.layout.gc.ensure(); // copy programs may leave out empty folders
    this.layout.ensureOwn();
    this.layout.tombstones.ensure();
    const nothingYet = { committed_at: null, failure_reason: null };
    const marked = { gc_state: "marked", marked_at: nowIso(), ...nothingYet, ...taken } as const;
    writeRecord(this.layout.tombstone(taken.id), marked satisfies Tombstone);
  }

  /** Changes what one says. */
  update(id: string, changes: Partial<Tombstone>): void {
    const file = this.layout.tombstone(id);
    const tombstone = readRecord(file, Tombstone, WHAT);
    if (tombstone !== undefined) writeRecord(file, { ...tombstone, ...changes });
  }

  /** Removes one, and what a kill left of writing it; all that it named is deleted, or was never taken out. Repeatable. */
  remove(id: string): void {
    const { tombstones } = this.layout;
    const tombstone = this.layout.tombstone(id);
    for (const name of tombstones.names()) {
      if (isTemporaryOf(tombstone.name, name)) tombstones.at(name).remove();
    }
    tombstone.remove();
  }
}
