import { isJvsError } from "../../model/errors.ts";
import type { RepositoryContext } from "../context.ts";

/** Repairs one thing. What belongs to another member or session is only a warning: it must not keep the rest from being repaired. */
export async function unlessHeld(
  { reporter }: RepositoryContext,
  repairOne: () => Promise<void>,
): Promise<void> {
  try {
    await repairOne();
  } catch (error) {
    if (!isJvsError(error, "E_PERMISSION", "E_LOCK_CONFLICT", "E_CLOCK_SKEW_EXCEEDED")) throw error;
    reporter.warn(`${error.message}. ${error.hint}`);
  }
}
