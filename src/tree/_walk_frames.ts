import { equalBytes } from "../model/bytes.ts";
import type { Folder, Listing } from "../platform/platform.ts";
import { at } from "./columns.ts";
import type { FolderNames } from "./folder_names.ts";
import type { IgnoreRules } from "./ignore.ts";
import type { ScanClock } from "./scan_clock.ts";
import { NONE, type TreeTable } from "./table.ts";

const SLASH = 0x2f;

/** What a walk looks at, and what it believes. */
export interface WalkOptions {
  /** What to leave out; by default nothing. */
  readonly rules?: IgnoreRules | null | undefined;
  /** An earlier scan or the stat cache. Entries that were clean there and are unchanged are taken from it. */
  readonly known?: TreeTable | undefined;
  /** About how many entries there are, if `known` does not tell. */
  readonly expected?: number;
  /** Without a clock no entry is clean. */
  readonly clock?: ScanClock | undefined;
  /** Temporary names of JVS in the root. */
  readonly skipAtRoot?: readonly Uint8Array[];
  /**
   * Chooses the names of a folder at which the scan looks; by default all. `index` is the folder's entry in the table of the scan,
   * `before` its index in `known` or NONE. The table has then what was looked at, and says of no folder that all is listed.
   */
  readonly list?: (folder: Folder, table: TreeTable, index: number, before: number) => Listing;
  /** Whether times and inode numbers of the platform are exact; else no entry is clean. */
  readonly exactStat: boolean;
  /** Whether the platform has extended attributes. */
  readonly xattrs: boolean;
}

/** What is known of a name. */
export interface KnownName {
  /** Its index in the known table, or NONE. */
  readonly before: number;
  /** A worker has found it unchanged. */
  readonly wasTold: boolean;
}

/** What is known of a folder that waits to be entered. */
export interface KnownFolder {
  /** Its index in the known table, or NONE. */
  readonly index: number;
  /** It is the same folder as there, not one that replaced it. */
  readonly isSame: boolean;
  /** It need not be listed. */
  readonly hasKnownNames: boolean;
  /** A worker could open it. */
  readonly canBeOpened: boolean;
}

/** One of which nothing is known. */
export const NEW_FOLDER: KnownFolder = {
  index: NONE,
  isSame: false,
  hasKnownNames: false,
  canBeOpened: false,
};

/** A folder that the walk has entered and not left yet. */
export interface Frame {
  readonly index: number;
  readonly names: FolderNames;
  /** It is the same folder as in the known table, so what workers found in it counts. */
  readonly isSame: boolean;
  /** The folder's times prove that the names which were seen are all. */
  readonly tells: boolean;
  /** Subfolders whose content comes later: `a.txt` is between `a` and `a/x`. */
  readonly later: number[];
}

/** Whether the content of a folder comes before a later name: `a/x` comes before `a0`, but after `a.b`. */
export function contentComesBefore(folder: Uint8Array, name: Uint8Array): boolean {
  const length = folder.length;
  return name.length <= length || at(name, length) > SLASH || !equalBytes(folder, name.subarray(0, length));
}
