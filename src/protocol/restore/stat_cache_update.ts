import type { CloneResult } from "../../engine/contract.ts";
import { FILE } from "../../model/entry.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { unlessFailed } from "../../platform/system_error.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import { matchUnchanged } from "../../tree/match_unchanged.ts";
import { OpenFolders } from "../../tree/open_folders.ts";
import { isAsRecorded } from "../../tree/same_entry.ts";
import { settle } from "../../tree/scan_clock.ts";
import { at, NONE, type TreeTable } from "../../tree/table.ts";
import type { WorktreeContext } from "../change/kind.ts";
import { lookAt, scanClock } from "../look/look.ts";
import type { RestorePlan } from "./plan_form.ts";
import type { Staging } from "./staging.ts";

/**
 * Keeps the stat cache right across a restore, so that the next look need not read what was restored. It takes the ctimes
 * in staging, where no other process writes: an entry with the same ctime in the worktree is what was staged.
 */
export class StatCacheUpdate {
  private readonly stat = new Stat();

  private constructor(
    private readonly seen: TreeTable,
    private readonly staged: TreeTable,
    private readonly trustsRenames: boolean,
  ) {}

  /** Looks at what was staged, before any of it is visible, if that does not tell. `seen` is the worktree before the restore. */
  static async begin(
    context: WorktreeContext,
    seen: TreeTable,
    { table: staged, hasFacts }: Pick<CloneResult, "table" | "hasFacts">,
    { fresh }: Staging,
    { plan, then }: { readonly plan: RestorePlan; readonly then: TreeTable },
  ): Promise<StatCacheUpdate> {
    if (hasFacts !== true) await readStats(fresh, staged, context.signal);
    const clock = scanClock(context, fresh);
    if (clock !== undefined) await settle(staged, clock);
    const movedAlone = plan.units.map((unit) => unit.then).filter((j) => j !== NONE && then.type[j] === FILE);
    const bytes = movedAlone.reduce((sum, j) => sum + at(then.size, j), 0);
    return new StatCacheUpdate(seen, staged, bytes > context.store.config.get("restore.verify_limit"));
  }

  /**
   * Is told of each entry that was just put in its place. The rename changes the ctime of a file, and hides a write in
   * the instant before it. So the next look reads such files, unless that is too much: then their new ctime counts.
   */
  entryMoved(path: Uint8Array, folder: Folder, name: Uint8Array): void {
    const index = this.trustsRenames ? this.staged.find(path) : -1;
    if (index !== -1 && folder.stat(name, this.stat)) this.staged.setStat(index, this.stat);
  }

  /** Writes the cache. It holds what did not change since it was `seen`, or staged. */
  async write(context: WorktreeContext): Promise<void> {
    using look = await lookAt(context, context.worktree, { known: this.seen });
    await matchUnchanged(this.staged, look.table);
    look.remember(null);
  }
}

/** Fills a table of what was made with the facts that the system reports. The hash of an entry counts only if it is as it was to be. */
async function readStats(root: Folder, table: TreeTable, signal: AbortSignal): Promise<void> {
  using folders = new OpenFolders(root, table);
  const slice = new TimeSlice(signal);
  const stat = new Stat();
  for (let i = 1; i < table.count; i++) {
    // A folder may be closed even to its owner; what is in it is read by the next look.
    const isThere = unlessFailed([], () => folders.get(at(table.parent, i)).stat(table.name(i), stat));
    if (isThere !== true || !isAsRecorded(table, i, stat)) table.hashed[i] = 0;
    if (isThere === true) table.setStat(i, stat);
    if (slice.isOver()) await slice.yield();
  }
}
