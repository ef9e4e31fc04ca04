import { FILE } from "../../model/entry.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { matchUnchanged } from "../../tree/match_unchanged.ts";
import { at, NONE, type TreeTable } from "../../tree/table.ts";
import type { WorktreeContext } from "../change/kind.ts";
import { copyHashes } from "../look/copy_hashes.ts";
import { lookAt, lookWithoutCache } from "../look/look.ts";
import type { RestorePlan } from "./plan.ts";
import type { Staging } from "./staging.ts";

const ITSELF = Uint8Array.of(0x2e);

/**
 * What a restore brings: its hashes, and what the system says of it while no other process can write to it. An entry that
 * still has the same ctime when it is in its place is what was staged.
 */
export class Brought {
  private readonly stat = new Stat();

  private constructor(private readonly table: TreeTable, private readonly trustsRenames: boolean) {}

  /** Looks at what was staged, before any of it is visible. */
  static async look(
    { context, store, worktree }: WorktreeContext,
    { fresh }: Staging,
    plan: RestorePlan,
    then: TreeTable,
  ): Promise<Brought> {
    using look = await lookWithoutCache(context, worktree, fresh.openFolder(ITSELF));
    copyHashes(look.table, then);
    await look.settle();
    const movedAlone = plan.units.map((unit) => unit.then).filter((j) => j !== NONE && then.type[j] === FILE);
    const bytes = movedAlone.reduce((sum, j) => sum + at(then.size, j), 0);
    return new Brought(look.table, bytes > store.config.get("restore.verify_limit"));
  }

  /**
   * Takes note of what was just put in its place. That moves the ctime of a file, and what is written in the instant
   * between the two does not show: only where reading such files again would be too much, the ctime counts from here on.
   */
  note(path: Uint8Array, folder: Folder, name: Uint8Array): void {
    const index = this.trustsRenames ? this.table.find(path) : -1;
    if (index !== -1 && folder.stat(name, this.stat)) this.table.setStat(index, this.stat);
  }

  /** The next look need not read again what did not change since it was `seen`, or brought. */
  async remember({ context, worktree }: WorktreeContext, seen: TreeTable): Promise<void> {
    using look = await lookAt(context, worktree);
    for (const known of [seen, this.table]) matchUnchanged(known, look.table);
    look.remember(null);
  }
}
