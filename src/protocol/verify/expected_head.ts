import type { Finding } from "../../model/records.ts";
import { text } from "../../model/schema.ts";
import type { ChainState } from "../../repo/audit_chain.ts";
import type { Store } from "../../repo/store.ts";
import { finding } from "./finding.ts";

/** `--expect-head` of what verifies the audit trail. */
export const EXPECTED_HEAD = text({ pattern: /^[0-9a-fA-F]{64}$/, what: "64 hex digits" }).optional()
  .about("A `head` of `jvs audit verify` that was noted before: the trail must still have that record.")
  .cli({ placeholder: "HASH" });

/** Checks the whole trail, and whether it has the record with this hash; null if none is expected. */
export async function trailHolds(
  { audit }: Store,
  expected: string | undefined,
): Promise<{ readonly state: ChainState; readonly found: boolean | null }> {
  const wanted = expected?.toLowerCase();
  let isFound = false;
  const state = await audit.check(({ record_hash }) => isFound ||= record_hash === wanted);
  return { state, found: expected === undefined ? null : isFound };
}

/** The finding for a trail that has no record with this hash. A break in the trail is another finding. */
export async function checkExpectedHead(store: Store, expected: string): Promise<Finding[]> {
  const { found } = await trailHolds(store, expected);
  if (found) return [];
  const message =
    `The audit trail has no record with the hash ${expected}: it was exchanged for an earlier one, or another. Compare the ` +
    "repository with a copy of it.";
  return [finding("critical", "E_AUDIT_CHAIN_BROKEN", message, { path: store.layout.auditHead.path })];
}
