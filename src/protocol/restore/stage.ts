import { compareBytes, equalBytes } from "../../model/bytes.ts";
import type { DegradationList } from "../../model/degradations.ts";
import { DIR } from "../../model/entry.ts";
import { lastName, parentPath } from "../../tree/folders_by_path.ts";
import { at, NONE, type TreeTable } from "../../tree/table.ts";
import { aspectsOf } from "./aspects.ts";
import { bringOut } from "../payload/bring_out.ts";
import type { WorktreeContext } from "../change/kind.ts";
import type { RestoreTrees } from "./apply.ts";
import type { Journal, JournalAspects, JournalUnit } from "./journal.ts";
import type { RestorePlan, Unit } from "./plan.ts";
import { FRESH, type Staging } from "./staging.ts";
import { inodeAt } from "./inode.ts";

/** What staging is made from. */
export interface StageRequest {
  readonly snapshotId: string;
  readonly plan: RestorePlan;
  readonly now: TreeTable;
  readonly then: TreeTable;
  /** Whether what was staged is read and hashed before it becomes visible. */
  readonly verify: boolean;
}

/** Makes all new content in staging, by the paths it will have, and checks it. Nothing of it is visible yet. */
export async function stage(
  change: WorktreeContext,
  staging: Staging,
  request: StageRequest,
): Promise<DegradationList> {
  const { context, store } = change;
  const { plan, then, snapshotId, verify } = request;
  const { degradations } = await bringOut(context, {
    snapshotId,
    manifest: then,
    wanted: (j) => plan.staged[j] === 1,
    adjust: (table, origin) => {
      makeScaffolding(table, (index) => plan.staged[at(origin, index)] !== 1, store.platform.host);
      keepTopsMovable(table, plan.units, origin);
    },
    into: staging.home,
    name: FRESH,
    movesOut: true,
    verify,
    action: "restore",
  });
  return degradations;
}

/** Folders that are only on the way to what is staged: ours, plain, and gone when the restore is. */
function makeScaffolding(
  table: TreeTable,
  isScaffold: (index: number) => boolean,
  owner: { uid: number; gid: number },
): void {
  for (let i = 0; i < table.count; i++) {
    if (!isScaffold(i)) continue;
    table.mode[i] = 0o700;
    table.uid[i] = owner.uid;
    table.gid[i] = owner.gid;
    table.xattrs.delete(i);
  }
}

/** A folder that its owner may not write in cannot be moved by him; it gets its own mode when it is in its place. */
function keepTopsMovable(table: TreeTable, units: readonly Unit[], origin: Uint32Array): void {
  const tops = new Set(units.map((unit) => unit.then));
  origin.forEach((j, index) => {
    if (tops.has(j) && table.type[index] === DIR) table.mode[index] = at(table.mode, index) | 0o700;
  });
}

/** The plan without what could not be made here, as a device by an ordinary user: what is there instead stays. */
export function withoutUnmade(plan: RestorePlan, then: TreeTable, trees: RestoreTrees): RestorePlan {
  const isUnmade = ({ then: j }: Unit) => {
    if (j === NONE) return false;
    const path = then.path(j);
    return inodeAt(trees.fresh.get(parentPath(path)), lastName(path)) === null;
  };
  const { made = [], unmade = [] } = Object.groupBy(
    plan.units,
    (unit) => isUnmade(unit) ? "unmade" : "made",
  );
  if (unmade.length === 0) return plan;
  const added = unmade.filter((unit) => unit.kind === "create").length;
  const changed = unmade.length - added;
  return {
    ...plan,
    units: made,
    leftAlone: [...plan.leftAlone, ...unmade.map((unit) => unit.then)],
    counts: {
      ...plan.counts,
      added: plan.counts.added - added,
      changed: plan.counts.changed - changed,
    },
  };
}

/** Writes down what is about to be done, with the inodes by which it can be told later whether it was. */
export function journalOf(
  trees: RestoreTrees,
  { plan, now, then }: StageRequest,
  scope: Uint8Array,
): Journal {
  const units = plan.units.map((unit): JournalUnit => {
    const path = unit.then === NONE ? now.path(unit.now) : then.path(unit.then);
    const before = unit.now === NONE ? null : `${now.inoHi[unit.now]}:${now.inoLo[unit.now]}`;
    const after = unit.then === NONE ? null : inodeAt(trees.fresh.get(parentPath(path)), lastName(path));
    return { kind: unit.kind, path, before, after };
  });
  const aspects = [
    ...changedAspects(plan, now, then),
    ...foldersOf(plan, now, then, scope),
    ...movedFolders(plan, now, then),
  ];
  return { units, aspects: inOrder(aspects) };
}

function changedAspects(plan: RestorePlan, now: TreeTable, then: TreeTable): JournalAspects[] {
  return plan.metadata.map(({ now: i, then: j }) => ({
    path: then.path(j),
    folder: now.type[i] === DIR,
    before: aspectsOf(now, i),
    after: aspectsOf(then, j),
  }));
}

/** Folders in which something comes or goes: their times change by that, and are set again. */
function foldersOf(plan: RestorePlan, now: TreeTable, then: TreeTable, scope: Uint8Array): JournalAspects[] {
  const folders = new Map<number, JournalAspects>();
  for (const unit of plan.units) {
    const i = unit.now === NONE ? now.find(then.path(at(then.parent, unit.then))) : at(now.parent, unit.now);
    if (folders.has(i)) continue;
    const path = now.path(i);
    const j = then.find(path);
    const before = aspectsOf(now, i);
    const isThen = j !== -1 && then.type[j] === DIR && scope[j] === 1;
    folders.set(i, { path, folder: true, before, after: isThen ? aspectsOf(then, j) : before });
  }
  return [...folders.values()];
}

/**
 * Folders that are moved themselves: their owner may have to be let write in them for that, and on XFS an exchange moves
 * their own time. What was taken out and is gone then is not set.
 */
function movedFolders(plan: RestorePlan, now: TreeTable, then: TreeTable): JournalAspects[] {
  const isFolder = (table: TreeTable, index: number) => index !== NONE && table.type[index] === DIR;
  const moved: JournalAspects[] = [];
  for (const unit of plan.units) {
    if (isFolder(now, unit.now)) {
      const before = aspectsOf(now, unit.now);
      const after = unit.then === NONE ? before : aspectsOf(then, unit.then);
      moved.push({ path: now.path(unit.now), folder: true, before, after });
    } else if (isFolder(then, unit.then)) {
      const after = aspectsOf(then, unit.then);
      moved.push({ path: then.path(unit.then), folder: true, before: null, after });
    }
  }
  return moved;
}

/** Each path once, parents before what is in them. */
function inOrder(aspects: readonly JournalAspects[]): JournalAspects[] {
  const sorted = [...aspects].sort((a, b) => compareBytes(a.path, b.path));
  return sorted.filter((entry, k) =>
    k === 0 || !equalBytes((sorted[k - 1] as JournalAspects).path, entry.path)
  );
}
