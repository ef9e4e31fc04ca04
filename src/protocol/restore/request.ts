import type { BytePath } from "../../model/bytes.ts";
import type { Descriptor } from "../../model/records.ts";

/** What to restore, and how. */
export interface RestoreRequest {
  readonly descriptor: Descriptor;
  /** Only these paths, and the head stays; null for everything. */
  readonly paths: readonly BytePath[] | null;
  /** Whether the user named these paths: then a path that does not exist is an error. Else they are the snapshot's own. */
  readonly named: boolean;
  /** What to do with unsaved work. */
  readonly unsaved: "save" | "refuse" | "discard";
  /** Whether to hash staged content; undefined: if it is not too much to read. */
  readonly verify: boolean | undefined;
  /** Only find out what a restore would do. */
  readonly preview: boolean;
}
