import { FILE } from "../../model/entry.ts";
import { at, type TreeTable } from "../../tree/table.ts";
import type { Store } from "../../repo/store.ts";
import type { RestorePlan } from "./plan.ts";

/** Whether restored content is read and hashed before it becomes visible: if asked for, or if it is little. SPEC 7. */
export function isMeantToVerify(
  { store }: { readonly store: Store },
  asked: boolean | undefined,
  plan: RestorePlan,
  then: TreeTable,
): boolean {
  if (asked !== undefined) return asked;
  let bytes = 0;
  for (let j = 0; j < then.count; j++) {
    if (plan.staged[j] === 1 && then.type[j] === FILE) bytes += at(then.size, j);
  }
  return bytes <= store.config.get("restore.verify_limit");
}
