import type { BytePath } from "../../model/bytes.ts";
import type { Descriptor } from "../../model/records.ts";

/** What to put back, and how. */
export interface RestoreRequest {
  readonly descriptor: Descriptor;
  /** Just these paths, and head stays; null for everything. */
  readonly paths: readonly BytePath[] | null;
  /** Whether somebody named these paths, so that one which is nowhere is a mistake; else they are all the snapshot is of. */
  readonly named: boolean;
  /** What happens to unsaved work. */
  readonly unsaved: "save" | "refuse" | "discard";
  /** Whether staged content is hashed; undefined: as long as it is not too much to read. */
  readonly verify: boolean | undefined;
  /** Find out what would be done, and do nothing. */
  readonly preview: boolean;
}
