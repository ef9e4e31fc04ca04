import { DIR, FILE } from "../../model/entry.ts";
import type { Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { mergeTables } from "../../tree/merge_tables.ts";
import { isCleanInStaging, type ScanClock, settle } from "../../tree/scan_clock.ts";
import { spliceTables } from "../../tree/splice_tables.ts";
import { NONE, type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import type { WorktreeContext } from "../change/kind.ts";
import { type Look, scanClock } from "../look/look.ts";
import { openWorktree } from "../open_worktree.ts";
import type { RestorePlan } from "./plan_form.ts";
import type { PreparedRestore } from "./prepare.ts";
import type { StagedTree } from "./staged_tree.ts";

/**
 * Keeps the stat cache right across a restore, so that the next look need not read what was restored. Nothing is scanned
 * for it: what was not touched is as the look saw it, and what was restored as it was in staging, where no other process
 * writes. What another process has changed since has a later change time than the cache says, so the next look reads it.
 */
export class StatCacheUpdate {
  private readonly stat = new Stat();
  private readonly look: Look;
  private readonly gone: Uint8Array;
  private readonly clock: ScanClock | undefined;
  private readonly trustsRenames: boolean;

  /** `fresh` is the folder of what is staged. Of what was prepared only the look is kept: the rest takes much memory. */
  constructor(
    private readonly context: WorktreeContext,
    { look, ignored, plan, then }: Pick<PreparedRestore, "look" | "ignored" | "plan" | "then">,
    private readonly staged: StagedTree,
    fresh: Folder,
  ) {
    this.look = look;
    this.gone = goneFrom(look.table, plan, ignored);
    this.clock = scanClock(context, fresh);
    let bytes = 0;
    for (const { then: j } of plan.units) if (j !== NONE && then.type[j] === FILE) bytes += at(then.size, j);
    this.trustsRenames = bytes > context.store.config.get("restore.verify_limit");
  }

  /** Waits until each change of what is staged would get another change time. It must not be visible before. */
  async settle(): Promise<void> {
    if (this.clock !== undefined) await settle(this.staged.table, this.clock);
  }

  /**
   * Is told of each entry that was just put in its place. Where the rename changes the ctime of a file, it hides a write in
   * the instant before it. So the next look reads such files, unless that is too much: then their new ctime counts.
   */
  entryMoved(then: number, folder: Folder, name: Uint8Array): void {
    if (this.trustsRenames && folder.stat(name, this.stat)) this.staged.wasMoved(then, this.stat);
  }

  /** Writes the cache. */
  async write(): Promise<void> {
    const { context, gone, look, staged: { table: staged } } = this;
    using root = openWorktree(context, context.worktree);
    const clock = scanClock(context, root);
    if (clock !== undefined && this.clock !== undefined) markClean(staged, clock);
    look.remember(null, await tableAfter(look.table, staged, gone));
  }
}

/** Marks each file of a settled table whose times are old enough. Folders are not: what came into them was not listed. */
function markClean(table: TreeTable, clock: ScanClock): void {
  const times = new Stat();
  for (let i = 1; i < table.count; i++) {
    if (table.type[i] === DIR) continue;
    times.mtimeSec = at(table.mtimeSec, i);
    times.mtimeNsec = at(table.mtimeNsec, i);
    times.ctimeSec = at(table.ctimeSec, i);
    times.ctimeNsec = at(table.ctimeNsec, i);
    if (isCleanInStaging(clock, times)) table.clean[i] = 1;
  }
}

/** For each entry of the look 1 if the cache shall not have it: it was taken out, or the worktree's own rules ignore it. */
function goneFrom(seen: TreeTable, { touched }: RestorePlan, ignored: Uint8Array): Uint8Array {
  const gone = ignored.slice();
  for (const i of touched) gone[i] = 1;
  for (let i = 1; i < seen.count; i++) if (gone[at(seen.parent, i)] === 1) gone[i] = 1;
  return gone;
}

/** What was seen, without what is gone, and with what was staged in its place. */
async function tableAfter(seen: TreeTable, staged: TreeTable, gone: Uint8Array): Promise<TreeTable> {
  const replaces = new Uint32Array(staged.count).fill(NONE);
  const before = new Uint32Array(staged.count);
  let next = 0;
  await mergeTables(seen, staged, (i, j) => {
    if (j !== -1) before[j] = i === -1 ? next : i;
    if (i === -1) return;
    next = i + 1;
    if (j !== -1) replaces[j] = i;
  });
  const { table, known } = spliceTables(seen, staged, { replaces, before, gone });
  // From its names that are missing here the next look could not tell that it was listed.
  for (let i = 1; i < seen.count; i++) {
    const folder = at(known, at(seen.parent, i));
    if (gone[i] === 1 && folder !== NONE) table.listed[folder] = 0;
  }
  return table;
}
