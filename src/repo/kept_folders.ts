import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { hasRecordOf, PIN_MAKERS, REF_MAKERS, SNAPSHOT_MAKERS } from "./audit_mentions.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";

/** The folders of which a missing one may be a loss. */
export type Holding = "worktrees" | "snapshots" | "descriptors" | "manifests" | "refs" | "pins";

/** A folder that may have lost something, and the operations that put something there, as the audit trail calls them. */
export interface Holder {
  readonly which: Holding;
  readonly folder: ControlPath;
  readonly by: readonly string[];
}

/** The operations that make a repository: one of these is the first record of each audit trail. */
const MAKERS = ["init", "adopt"] as const;

/** The folders that may lose something, in the order in which they are made. */
export function holdersOf(layout: Layout): readonly Holder[] {
  const { descriptors, manifests, pins, refs, snapshots, worktrees } = layout;
  return [
    { which: "worktrees", folder: worktrees, by: [...MAKERS, ...SNAPSHOT_MAKERS] },
    { which: "snapshots", folder: snapshots, by: SNAPSHOT_MAKERS },
    { which: "descriptors", folder: descriptors, by: SNAPSHOT_MAKERS },
    { which: "manifests", folder: manifests, by: SNAPSHOT_MAKERS },
    { which: "refs", folder: refs, by: REF_MAKERS },
    { which: "pins", folder: pins, by: PIN_MAKERS },
  ];
}

/** Whether a folder of refs or pins is missing. */
export function isKeeperMissing({ pins, refs }: Layout): boolean {
  return [refs, pins].some((folder) => !folder.isThere());
}

/**
 * `E_DESCRIPTOR_CORRUPT` if a folder of refs or pins is missing that may have kept snapshots. To make it again would hide that loss, and
 * the next garbage collection would delete them. Copy programs leave it out if it is empty: then nothing is wrong.
 */
export function requireKeepers(layout: Layout, cannot: string): void {
  for (const { by, folder, which } of holdersOf(layout)) {
    if (which !== "refs" && which !== "pins" || folder.isThere() || !hasRecordOf(layout, by)) continue;
    throw lostFolder(folder, cannot, "kept snapshots");
  }
}

/**
 * `E_DESCRIPTOR_CORRUPT` if one of these folders is missing and may have held something, so that nobody takes it for an empty one. The audit trail is
 * read only then.
 */
export function requireFolders(layout: Layout, wanted: readonly Holding[], cannot: string): void {
  for (const holder of holdersOf(layout)) {
    if (wanted.includes(holder.which) && isLost(layout, holder)) {
      throw lostFolder(holder.folder, cannot, "is not known");
    }
  }
}

/** The folders that are missing and may have held something. */
export function lostFolders(layout: Layout): ControlPath[] {
  return holdersOf(layout).filter((holder) => isLost(layout, holder)).map(({ folder }) => folder);
}

/** A trail without its first record tells nothing. */
function isLost(layout: Layout, { by, folder }: Holder): boolean {
  return !folder.isThere() && (hasRecordOf(layout, by) || !hasRecordOf(layout, MAKERS));
}

function lostFolder({ path }: ControlPath, cannot: string, what: string): JvsError {
  const message = `Cannot ${cannot}: the folder ${quoted(path)} is missing, and what was in it ${what}`;
  return new JvsError("E_DESCRIPTOR_CORRUPT", message, {
    hint: "Bring it back from a copy of the repository; `jvs doctor` says more.",
    details: { path },
  });
}
