import { FILE } from "../../model/entry.ts";
import type { Store } from "../../repo/store.ts";
import { at, type TreeTable } from "../../tree/table.ts";

/** Whether content that is brought out is read and hashed before it becomes visible: if asked for, or if it is little. SPEC 7. */
export function willVerify(
  { config }: Store,
  asked: boolean | undefined,
  manifest: TreeTable,
  wanted: (index: number) => boolean,
): boolean {
  if (asked !== undefined) return asked;
  let bytes = 0;
  for (let i = 0; i < manifest.count; i++) {
    if (manifest.type[i] === FILE && wanted(i)) bytes += at(manifest.size, i);
  }
  return bytes <= config.get("restore.verify_limit");
}
