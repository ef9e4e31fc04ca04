import { unlessThrown } from "../model/errors.ts";
import { Tombstone } from "../model/gc_records.ts";
import { isUuid } from "../model/ids.ts";
import { nowIso } from "../platform/clock.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";
import { readRecord, writeRecord } from "./record_file.ts";

const WHAT = "the tombstone";

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

  /** The snapshots that those of all users name, as far as they can be read. */
  named(): Set<string> {
    const folders = [
      this.layout.tombstones,
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

  /** Writes durably what the change with this id is about to take out. */
  mark({ id, plan_id, pruned, deleted }: Pick<Tombstone, "id" | "plan_id" | "pruned" | "deleted">): void {
    this.layout.gc.ensure(); // copy programs may leave out empty folders
    this.layout.ensureOwn();
    this.layout.tombstones.ensure();
    const nothingYet = { committed_at: null, failure_reason: null };
    const marked = {
      id,
      plan_id,
      gc_state: "marked",
      marked_at: nowIso(),
      ...nothingYet,
      pruned,
      deleted,
    } as const;
    writeRecord(this.layout.tombstone(id), marked satisfies Tombstone);
  }

  /** Changes what one says. */
  update(id: string, changes: Partial<Tombstone>): void {
    const file = this.layout.tombstone(id);
    const tombstone = readRecord(file, Tombstone, WHAT);
    if (tombstone !== undefined) writeRecord(file, { ...tombstone, ...changes });
  }

  /** Removes one; all that it named is deleted, or was never taken out. Repeatable. */
  remove(id: string): void {
    this.layout.tombstone(id).remove();
  }
}
