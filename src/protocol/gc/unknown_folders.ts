import { bytesOf, textOf } from "../../model/bytes.ts";
import { DIR } from "../../model/entry.ts";
import { Stat } from "../../platform/stat.ts";
import { unlessFailed } from "../../platform/system_error.ts";
import { busyNames } from "../../repo/lost_records.ts";
import type { Store } from "../../repo/store.ts";

const PAYLOADS = bytesOf("worktrees");

/** Folders among the worktrees that have no record, not even a place for one, unless an open intent makes or removes them. */
export function unknownFolders(store: Store): string[] {
  const folders = foldersWithoutRecord(store);
  if (folders.length === 0) return folders;
  const busy = busyNames(store);
  const still = new Set(foldersWithoutRecord(store));
  return folders.filter((name) => !busy.has(name) && still.has(name));
}

function foldersWithoutRecord({ layout, platform, worktrees }: Store): string[] {
  const known = new Set(worktrees.names());
  const found = unlessFailed(["ENOENT", "ENOTDIR", "ELOOP"], () => {
    using root = platform.openFolder(layout.root);
    using payloads = root.openFolder(PAYLOADS);
    const [names, stat] = [payloads.list(), new Stat()];
    return Array.from({ length: names.count }, (_, i) => textOf(names.name(i)))
      .filter((name) => !known.has(name) && payloads.stat(bytesOf(name), stat) && stat.type === DIR);
  });
  return found ?? [];
}
