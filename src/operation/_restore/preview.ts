import { DegradationList } from "../../model/degradations.ts";
import type { Restored } from "./in_place.ts";
import { type Place, prepareRestore } from "./prepare.ts";
import type { RestoreRequest } from "./request.ts";
import { isMeantToVerify } from "./verify.ts";

/**
 * Finds out what a restore would do. It takes no lock, recovers nothing and leaves no intent: it plans on what is there,
 * even if that is half of what an interrupted restore began.
 */
export async function previewRestore(
  place: Place,
  request: RestoreRequest,
  use: (restored: Restored) => void,
): Promise<void> {
  const { look, then, plan, autosaveId, notSaved } = await prepareRestore(place, request);
  using _look = look;
  const verified = isMeantToVerify(place, request.verify, plan, then);
  use({
    plan,
    look,
    then,
    autosaveId,
    notSaved,
    secondAutosaveId: null,
    verified,
    degradations: new DegradationList(),
  });
}
