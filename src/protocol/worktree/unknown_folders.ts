import { bytesOf, textOf } from "../../model/bytes.ts";
import { DIR } from "../../model/entry.ts";
import { Stat } from "../../platform/stat.ts";
import { unlessFailed } from "../../platform/system_error.ts";
import { isBeingRecorded, settledNames } from "../../repo/lost_records.ts";
import type { Store } from "../../repo/store.ts";

const PAYLOADS = bytesOf("worktrees");

/** Folders among the worktrees that have no record, not even a place for one, unless an open change is making or renaming just them. */
export function unknownFolders(store: Store): string[] {
  return settledNames(store, foldersWithoutRecord);
}

function foldersWithoutRecord(store: Store): string[] {
  const { layout, platform, worktrees } = store;
  const known = new Set(worktrees.names());
  const found = unlessFailed(["ENOENT", "ENOTDIR", "ELOOP"], () => {
    using root = platform.openFolder(layout.root);
    using payloads = root.openFolder(PAYLOADS);
    const [names, stat] = [payloads.list(), new Stat()];
    return Array.from({ length: names.count }, (_, i) => textOf(names.name(i)))
      .filter((name) => !known.has(name) && payloads.stat(bytesOf(name), stat) && stat.type === DIR);
  });
  return (found ?? []).filter((name) => !isBeingRecorded(store, name));
}
