import { record } from "../../model/schema.ts";
import { changeRepository } from "../change/change.ts";
import { commitChange } from "../change/commit.ts";
import { defineChange } from "../change/kind.ts";
import type { RepositoryContext } from "../context.ts";
import { judgeTrail, mostToSign, type TrailSignature } from "./check_trail.ts";
import type { SignatureJudge } from "./judge.ts";

/** Says in the audit log that somebody verified and took unsigned snapshots as well. It changes nothing else. */
export const unsignedAllowance = defineChange({
  operation: "verify allow_unsigned",
  details: record({}),
  steps: [],
  audit: record({}),
  // Nothing was taken yet: the record comes before the verification.
  recover: (_context, intent) => Promise.resolve(intent.complete()),
});

/**
 * Writes that record, before anything is taken. `target` is a snapshot's id, or `all`. Gives what is known of the audit log's signature
 * as it was before. A signature of this record would be one of all records before it, so it gets one only where they have one.
 */
export async function recordAllowance(
  context: RepositoryContext,
  judge: SignatureJudge,
  target: string,
): Promise<TrailSignature> {
  const signature = await judgeTrail(judge);
  context.store.signing.signAtMost(await mostToSign(judge, signature));
  await changeRepository(context, { kind: unsignedAllowance, target, details: {} }, async (change) => {
    await commitChange(change, { target, details: {} }, { commit: () => {} });
  });
  return signature;
}
