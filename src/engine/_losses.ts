import { DegradationList } from "../model/degradations.ts";
import { LOST, type LostAspect, lostAspects } from "../model/entry.ts";
import { isSystemError, type SystemError } from "../platform/system_error.ts";
import { at, type TreeTable } from "../tree/table.ts";

/** Notes what a clone cannot keep: as degradations, and for payloads also in the table, for the manifest. */
export class Losses {
  readonly degradations = new DegradationList();

  constructor(private readonly table: TreeTable, private readonly payload: boolean) {}

  /** Notes that an entry lost an aspect. The reason is the end of a sentence. */
  add(aspect: LostAspect, index: number, reason: string): void {
    if (this.payload) this.table.lost[index] = at(this.table.lost, index) | LOST[aspect];
    this.degradations.add(aspect, this.table.path(index), reason);
  }

  /** Notes the losses of an entry that shares its inode with an entry that lost these aspects. */
  inherit(index: number, lost: number, reason: string): void {
    const ofInode = lost & ~(LOST.hardlink | LOST.type); // these two belong to a name, not to the inode
    if (ofInode === 0) return;
    for (const aspect of lostAspects(ofInode)) this.add(aspect, index, reason);
  }
}

/** Errors that mean: this user or file system cannot do it. That is a loss. A full or broken disk is an error. */
export const REFUSALS = ["EPERM", "EACCES", "EOPNOTSUPP", "EINVAL", "ENOSYS", "ENOTTY", "EOVERFLOW"] as const;

/** Does something; returns the error if the system refused it for one of these reasons. */
export function attempt(
  action: () => void,
  reasons: readonly string[] = REFUSALS,
): SystemError | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (isSystemError(error, ...reasons)) return error;
    throw error;
  }
}
