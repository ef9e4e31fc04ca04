import { equalBytes } from "../../model/bytes.ts";
import { FILE } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import type { Folder } from "../../platform/platform.ts";
import { hashFiles } from "../../tree/hash.ts";
import { selectEntries } from "../../tree/select_entries.ts";
import type { TreeTable } from "../../tree/table.ts";
import { namedPaths } from "./autosave.ts";
import type { Context } from "../context.ts";

/** Paths of cloned files whose content is not what the manifest says. */
export async function differingFiles(
  context: Context,
  clone: Folder,
  table: TreeTable,
): Promise<Uint8Array[]> {
  const { table: read } = selectEntries(table, () => true);
  read.hashed.fill(0);
  const files: number[] = [];
  for (let i = 0; i < read.count; i++) if (read.type[i] === FILE) files.push(i);
  const { reporter, signal } = context;
  await hashFiles(clone, read, files, { flush: false, reporter, signal });
  return files.filter((i) => {
    const expected = table.contentHash(i);
    const found = read.contentHash(i);
    return expected === undefined || found === undefined || !equalBytes(expected, found);
  }).map((i) => table.path(i));
}

/** `E_PAYLOAD_HASH_MISMATCH` for a snapshot whose content is not what it was; `action` is what was to be done with it. */
export function damagedPayload(action: string, snapshotId: string, paths: readonly Uint8Array[]): JvsError {
  return new JvsError(
    "E_PAYLOAD_HASH_MISMATCH",
    `Cannot ${action} ${shortId(snapshotId)}: its content was changed or lost since it was saved: ` +
      `${namedPaths(paths)}. Nothing was changed`,
    { details: { snapshot_id: snapshotId, count: paths.length } },
  );
}
