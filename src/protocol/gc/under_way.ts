import { unlessThrown } from "../../model/errors.ts";
import { SchemaMismatch } from "../../model/schema.ts";
import type { Store } from "../../repo/store.ts";
import { COLLECTION, TAKEN } from "./take_out.ts";

/**
 * The snapshots with which a garbage collection of any user has not ended: tombstones name them, and the intent of a change that is
 * open, which writes a lost tombstone again.
 */
export function underCollection({ intents, tombstones }: Store): Set<string> {
  const named = tombstones.named();
  for (const { audit, details, operation } of intents.list()) {
    if (operation !== COLLECTION || audit === null) continue; // until it is decided nothing goes
    const taken = unlessThrown(isMismatch, () => TAKEN.check(details, "details"));
    for (const id of [...taken?.deleted ?? [], ...taken?.pruned ?? []]) named.add(id);
  }
  return named;
}

function isMismatch(error: unknown): error is SchemaMismatch {
  return error instanceof SchemaMismatch;
}
