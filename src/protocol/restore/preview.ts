import type { WorktreeContext } from "../change/kind.ts";
import { prepareRestore } from "./prepare.ts";
import type { RestoreRequest } from "./request.ts";
import { type Restored, toBeRestored } from "./restored.ts";

/**
 * Finds out what a restore would do. It takes no lock, recovers nothing and leaves no intent: it plans on what is there,
 * even if that is half of what an interrupted restore began.
 */
export async function previewRestore(
  place: WorktreeContext,
  request: RestoreRequest,
  use: (restored: Restored) => void,
): Promise<void> {
  const prepared = await prepareRestore(place, request);
  using _look = prepared.look;
  use(toBeRestored(place, request, prepared));
}
