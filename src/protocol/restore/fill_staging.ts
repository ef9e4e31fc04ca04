import type { DegradationList } from "../../model/degradations.ts";
import { DIR } from "../../model/entry.ts";
import { type FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { at, NONE, type TreeTable } from "../../tree/table.ts";
import type { WorktreeContext } from "../change/kind.ts";
import { bringOut } from "../payload/bring_out.ts";
import { inodeAt } from "./journal.ts";
import type { RestorePlan, Unit } from "./plan.ts";
import type { PreparedRestore } from "./prepare.ts";
import { FRESH, type Staging } from "./staging.ts";

/** Makes all new content in staging, by the paths it will have, and checks it. None of it is visible yet. */
export async function fillStaging(
  context: WorktreeContext,
  staging: Staging,
  snapshotId: string,
  { plan, then, verified }: PreparedRestore,
): Promise<DegradationList> {
  const { degradations } = await bringOut(context, {
    snapshotId,
    manifest: then,
    wanted: (j) => plan.staged[j] === 1,
    adjust: (table, origin) => {
      makeScaffolding(table, (index) => plan.staged[at(origin, index)] !== 1, context.store.platform.host);
      keepTopsMovable(table, plan.units, origin);
    },
    into: staging.home,
    name: FRESH,
    verify: verified,
    action: "restore",
  });
  return degradations;
}

/** Makes the folders on the way to staged entries plain and the user's own: they go with staging. */
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

/** The owner cannot move a folder without the right to write in it; the folder gets its own mode in its place. */
function keepTopsMovable(table: TreeTable, units: readonly Unit[], origin: Uint32Array): void {
  const tops = new Set(units.map((unit) => unit.then));
  origin.forEach((j, index) => {
    if (tops.has(j) && table.type[index] === DIR) table.mode[index] = at(table.mode, index) | 0o700;
  });
}

/**
 * The plan without what could not be made here, such as a device by an ordinary user: what the worktree has in that place
 * stays.
 */
export function withoutUnmade(plan: RestorePlan, then: TreeTable, fresh: FoldersByPath): RestorePlan {
  const isUnmade = ({ then: j }: Unit) => {
    if (j === NONE) return false;
    const path = then.path(j);
    return inodeAt(fresh.get(parentPath(path)), lastName(path)) === null;
  };
  const unmade = new Set(plan.units.filter(isUnmade));
  if (unmade.size === 0) return plan;
  const added = [...unmade].filter((unit) => unit.kind === "create").length;
  const { counts } = plan;
  return {
    ...plan,
    units: plan.units.filter((unit) => !unmade.has(unit)),
    leftAlone: [...plan.leftAlone, ...[...unmade].map((unit) => unit.then)],
    counts: { ...counts, added: counts.added - added, changed: counts.changed - (unmade.size - added) },
  };
}
