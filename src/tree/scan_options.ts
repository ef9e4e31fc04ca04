import type { Reporter } from "../model/progress.ts";
import type { IgnoreRules } from "./ignore.ts";
import type { ScanClock } from "./scan_clock.ts";
import type { TreeTable } from "./table.ts";

/** How to scan. */
export interface ScanOptions {
  /** What to leave out; nothing by default. */
  readonly rules?: IgnoreRules;
  /** An earlier scan or the stat cache: what is unchanged and was clean there is taken from it. */
  readonly known?: TreeTable;
  /** Without one nothing is clean. */
  readonly clock?: ScanClock;
  /** Names in the root that are ours for now. */
  readonly skipAtRoot?: readonly Uint8Array[];
  /** `fail` (the default): `E_PERMISSION` at the end, for all of them; `record`: a degradation each. */
  readonly unreadable?: "fail" | "record";
  /** Whether the platform's times and inode numbers are exact enough for anything to be clean. */
  readonly exactStat: boolean;
  /** Whether the platform has extended attributes. */
  readonly xattrs: boolean;
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}
