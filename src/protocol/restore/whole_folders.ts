import { DIR, FILE, SYMLINK } from "../../model/entry.ts";
import { NONE } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import type { PlanRequest, RestorePlan, Unit } from "./plan_form.ts";

/** With fewer steps inside, a folder stays where it is. */
export const WORTH_A_FOLDER = 16;

/** For each entry of one tree its index in the other one, or NONE. */
interface Pairs {
  readonly thenOf: Uint32Array;
  readonly nowOf: Uint32Array;
}

/**
 * Makes one swap of all the steps in a folder of which nothing stays: each entry in it is replaced, goes or comes. For file
 * systems on which each rename costs as much as a clone of many files. A folder stays where it is if it, or a folder in it, is
 * in use, if it has something whose copy may fail (a device), or if it would save little. docs/design/restore.md.
 */
export function replaceWholeFolders(plan: RestorePlan, request: PlanRequest, pairs: Pairs): RestorePlan {
  const worth = request.worthAFolder ?? WORTH_A_FOLDER;
  const inUse = plan.units.length < worth ? undefined : request.foldersInUse?.();
  if (inUse === undefined) return plan;
  const saves = stepsSaved(plan, request, pairs, inUse);
  const { then } = request;
  const { thenOf, nowOf } = pairs;
  const isTop = (j: number) => j !== 0 && at(saves, j) >= worth;
  // 1 for the folders that are replaced, and for all that the snapshot has in them.
  const inside = new Uint8Array(then.count);
  const swaps: Unit[] = [];
  const touched = [...plan.touched];
  for (let j = 1; j < then.count; j++) {
    const isInside = inside[at(then.parent, j)] === 1;
    if (!isInside && !isTop(j)) continue;
    inside[j] = 1;
    const i = at(nowOf, j);
    if (!isInside) swaps.push({ kind: "swap", now: i, then: j });
    if (plan.staged[j] !== 1) touched.push(i); // a folder that would have stayed
  }
  if (swaps.length === 0) return plan;
  const staged = plan.staged.map((isStaged, j) => isStaged | at(inside, j));
  return {
    ...plan,
    staged,
    touched,
    units: [...plan.units.filter((unit) => inside[folderOf(unit, request, thenOf)] !== 1), ...swaps],
    metadata: plan.metadata.filter((pair) => inside[pair.then] !== 1),
  };
}

/** For each entry of the snapshot how many steps are in it, if it is a folder of which nothing stays; else 0. */
function stepsSaved(
  plan: RestorePlan,
  request: PlanRequest,
  { thenOf, nowOf }: Pairs,
  inUse: Iterable<number>,
): Uint32Array {
  const { now, then, inScope } = request;
  const steps = new Uint32Array(then.count);
  const stays = new Uint8Array(then.count);
  const isTouched = new Uint8Array(now.count);
  for (const i of plan.touched) isTouched[i] = 1;
  for (const unit of plan.units) {
    const parent = folderOf(unit, request, thenOf);
    if (parent !== NONE) steps[parent] = at(steps, parent) + 1;
  }
  for (let i = 1; i < now.count; i++) {
    if (thenOf[i] === NONE && isTouched[i] !== 1) markPaired(at(now.parent, i), thenOf, stays);
  }
  for (const i of inUse) markPaired(i, thenOf, stays);
  for (let j = then.count - 1; j > 0; j--) {
    const parent = at(then.parent, j);
    const type = at(then.type, j);
    const i = at(nowOf, j);
    if (plan.staged[j] === 1) {
      const mayFail = type !== FILE && type !== DIR && type !== SYMLINK;
      if (mayFail || stays[j] === 1) stays[parent] = 1;
      continue;
    }
    const isReplaced = type === DIR && i !== NONE && now.type[i] === DIR && stays[j] !== 1 &&
      steps[j] !== 0 &&
      inScope(then, j) && !request.fixed(i);
    if (isReplaced) steps[parent] = at(steps, parent) + at(steps, j);
    else [stays[parent], steps[j]] = [1, 0];
  }
  return steps;
}

/** The folder of the snapshot that a step is in; NONE for a step in a folder that only the worktree has. */
function folderOf({ now: i, then: j }: Unit, { now, then }: PlanRequest, thenOf: Uint32Array): number {
  return j === NONE ? at(thenOf, at(now.parent, i)) : at(then.parent, j);
}

/** Marks the folder of the snapshot that is at the path of a folder of the worktree, if there is one. */
function markPaired(i: number, thenOf: Uint32Array, stays: Uint8Array): void {
  const j = at(thenOf, i);
  if (j !== NONE) stays[j] = 1;
}
