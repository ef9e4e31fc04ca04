import type { BytePath } from "../../model/bytes.ts";
import { DegradationList } from "../../model/degradations.ts";
import type { TreeTable } from "../../tree/table.ts";
import type { Look } from "../look/look.ts";
import type { Move } from "./move.ts";
import type { RestorePlan } from "./plan.ts";
import type { WorktreeContext } from "../change/kind.ts";
import type { Prepared } from "./prepare.ts";
import type { RestoreRequest } from "./request.ts";
import { willVerify } from "../payload/will_verify.ts";

/** What was put back. */
export interface Restored {
  readonly plan: RestorePlan;
  readonly move: Move;
  /** For paths in messages. */
  readonly look: Look;
  readonly then: TreeTable;
  readonly autosaveId: string | null;
  /** Unsaved work that could not be read, so that the autosave does not hold it. */
  readonly notSaved: readonly BytePath[];
  /** Work that others wrote while the restore was under way. */
  readonly secondAutosaveId: string | null;
  readonly verified: boolean;
  readonly degradations: DegradationList;
}

/** What will have been put back when nothing comes in between: all that a preview tells. */
export function toBeRestored(
  place: WorktreeContext,
  request: RestoreRequest,
  { plan, move, look, then, autosaveId, notSaved }: Prepared,
): Restored {
  return {
    plan,
    move,
    look,
    then,
    autosaveId,
    notSaved,
    secondAutosaveId: null,
    verified: willVerify(place.store, request.verify, then, (j) => plan.staged[j] === 1),
    degradations: new DegradationList(),
  };
}
