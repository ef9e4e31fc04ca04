import type { Stat } from "./stat.ts";

/** The bits of a folder that is shared with its group on purpose. */
export const OPEN_TO_GROUP = 0o2070;
/** The bits by which users other than its owner may write. */
export const OTHERS_MAY_WRITE = 0o022;
/** Set-uid means nothing for a folder, and no copy that JVS makes of one has it: `Stat.marked` (docs/design/control-plane.md). */
export const MADE_BY_JVS = 0o4000;

/** What tells whose a folder is. */
export type FolderRights = Pick<Stat, "mode" | "marked">;

/** Whether the mode of a folder says that it is shared with its group on purpose. SPEC 2. */
export function isShared(mode: number): boolean {
  return (mode & OPEN_TO_GROUP) === OPEN_TO_GROUP;
}

/** Whether users other than its owner may write into a folder of this mode. Where it has an access list, the mode says so too. */
export function isOpenToOthers(mode: number): boolean {
  return (mode & OTHERS_MAY_WRITE) !== 0;
}

/** Whether the rights of a folder say that JVS made it for its owner alone to write, empty. */
export function isForOwnerAlone({ marked, mode }: FolderRights): boolean {
  return marked && !isOpenToOthers(mode);
}
