import { JvsError } from "../model/errors.ts";
import { shortId } from "../model/ids.ts";
import { quoted } from "../model/path_text.ts";

/** The error for an id that no snapshot has. */
export function noSnapshot(id: string): JvsError {
  const hint = "See what there is with `jvs history --all`.";
  const message = `Cannot find snapshot ${quoted(id)}: no snapshot has this id`;
  return new JvsError("E_NOT_FOUND", message, { hint, details: { snapshot_id: id } });
}

/** The error for a snapshot of which gc kept only the lineage. The action is what the user wanted. */
export function wasPruned(id: string, action = "open snapshot"): JvsError {
  const state = "its content was pruned; only its place in the history was kept";
  return new JvsError("E_NOT_FOUND", `Cannot ${action} ${shortId(id)}: ${state}`, {
    hint: "Name another snapshot; `jvs history` marks pruned ones.",
    details: { snapshot_id: id, pruned: true },
  });
}
