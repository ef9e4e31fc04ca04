import type { Finding } from "../../model/records.ts";
import { hasBegunAgain, snapshotsRecorded } from "../../repo/audit_mentions.ts";
import type { Store } from "../../repo/store.ts";
import type { RepositoryContext } from "../context.ts";
import { underCollection } from "../gc/under_way.ts";
import { finding } from "./finding.ts";
import { FROM_COPY } from "./ways_out.ts";

/**
 * Checks that each snapshot whose content was pruned was pruned by a garbage collection: a marker that somebody made up would hide that
 * content was removed. An audit trail that began anew does not know all of them, and a broken one may have lost a record of them:
 * then `checkAudit` says what is wrong, and of these snapshots nothing can be known.
 */
export async function checkPruned({ store }: RepositoryContext): Promise<Finding[]> {
  if (unexplained(store).length === 0 || hasBegunAgain(store.layout)) return [];
  if ((await store.audit.check()).broken !== undefined) return [];
  // Once more: a garbage collection that ran meanwhile has written its record by now.
  return unexplained(store).map((id) => {
    const { path } = store.layout.pruned(id);
    const message =
      `Snapshot ${id} is marked as pruned, in "${path}", and no garbage collection in the audit trail says so: its ` +
      `content was removed otherwise. ${FROM_COPY}`;
    return finding("critical", "E_PAYLOAD_HASH_MISMATCH", message, { path, snapshot_id: id });
  });
}

function unexplained(store: Store): string[] {
  const { layout, snapshots } = store;
  const pruned = snapshots.listPruned();
  if (pruned.length === 0) return pruned;
  const known = snapshotsRecorded(layout).pruned.union(underCollection(store));
  return pruned.filter((id) => !known.has(id));
}
