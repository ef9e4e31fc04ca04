import type { Folder, LentFolder } from "../platform/platform.ts";
import { NONE } from "../tree/table.ts";
import { at } from "../tree/columns.ts";
import type { Cloning, Files } from "./_cloning.ts";
import type { CloneWork } from "./clone_job.ts";

/** Work on many files, which threads can divide. */
export interface FileWork {
  readonly files: Files;
  /** Below that, this thread does it alone. */
  readonly least: number;
  /** Whether workers can do it for a file with one name. Files with several names are done by this thread. */
  readonly isPlain: (index: number) => boolean;
  /** How much work a file is; a usual one is 1. */
  readonly load: (index: number) => number;
  /** What workers do; undefined if folders cannot be lent to them. */
  readonly work: () => CloneWork | undefined;
  /** Does it in this thread. */
  readonly here: (files: Files) => Promise<void>;
}

/** What workers do with an open folder; undefined where it cannot be lent. */
export function lending<Work>(folder: Folder, work: (lent: LentFolder) => Work): Work | undefined {
  const lent = folder.lend();
  return lent && work(lent);
}

/** Whether a file has one name in this tree. */
export function hasOneName({ table }: Cloning, index: number): boolean {
  return at(table.linkGroup, index) === NONE;
}
