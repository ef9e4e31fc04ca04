import type { Folder } from "../../platform/platform.ts";
import type { ScanClock } from "../../tree/scan_clock.ts";
import type { StatCache } from "../../tree/stat_cache.ts";
import type { WorktreeContext } from "../change/kind.ts";
import type { SubvolumeChanges } from "./subvolume_changes.ts";

/** From how many entries on the file system is asked what changed, where it can tell: a smaller tree is scanned in less time. */
export const ASKING = { from: 10_000 };

/** Begins to ask the file system what changes, where it can tell that and it pays. */
export async function beginAsking(
  context: WorktreeContext,
  root: Folder,
  clock: ScanClock | undefined,
  cache: StatCache | undefined,
): Promise<SubvolumeChanges | undefined> {
  const entries = cache?.table.count ?? null;
  if (clock === undefined || (entries ?? Infinity) < ASKING.from) return undefined;
  // The cache is on the same file system, so the two only go back to an earlier state together.
  if (clock.granularityNs > clock.tickNs) return undefined;
  const { SubvolumeChanges } = await import("./subvolume_changes.ts");
  return SubvolumeChanges.begin(context, root, entries);
}
