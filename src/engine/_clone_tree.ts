import { DIR, FILE } from "../model/entry.ts";
import type { EngineName } from "../model/records.ts";
import { openMade } from "../platform/open_made.ts";
import type { Platform } from "../platform/platform.ts";
import { flushTogether } from "../tree/hash.ts";
import { at } from "../tree/columns.ts";
import { clearInheritedAcls } from "./_aspects.ts";
import { Cloning, type Files, type FillFiles, WHILE_FILLED } from "./_cloning.ts";
import { divide, MANY_FILES } from "./_divide.ts";
import { lending } from "./_file_work.ts";
import type { FillName } from "./_fill_files.ts";
import { linkGroups } from "./_link_groups.ts";
import { shareFiles } from "./_share_files.ts";
import type { CloneRequest, CloneResult, Engine } from "./contract.ts";

/** How an engine fills files. */
export interface Filling {
  readonly fill: FillFiles;
  /** The same for workers; without it they have no part. */
  readonly byWorkers?: FillName;
  /** Looks at the files before the first of them is filled. */
  readonly check?: (cloning: Cloning, files: Files) => void;
}

/** To copy so many bytes takes as long as to make a file. */
const BYTES_A_FILE = 64 * 1024;

/** Beside other threads that are at work, workers pay only if there are so many times more files. */
const TIMES_IF_BUSY = 4;

/** An engine that clones entry by entry: only how it fills files is its own. */
export function entryByEntry(
  name: EngineName,
  platform: Platform,
  keepsHoles: boolean,
  filling: Filling,
): Engine {
  return {
    name,
    abilities: {
      wholeTrees: false,
      entriesMoveOut: true,
      sharesFiles: true,
      keepsModes: false,
      keepsHoles,
      keepsChangeTimes: false,
      leavesOut: true,
    },
    clone: (request) => cloneTree(platform, request, filling),
  };
}

/**
 * Clones a tree entry by entry; each engine adds only how to fill files. With `keepsModes` a payload gets the modes of its
 * source. SPEC 5. In order:
 *
 * 1. make all folders, links and special entries from the table (`Cloning.makeFromTable`);
 * 2. hard-link unchanged files from an earlier payload (`shareFiles`);
 * 3. clone the other files (`fillFiles`);
 * 4. link or clone those that are held (`HeldFiles`);
 * 5. make the further names of hard-linked files (`linkGroups`);
 * 6. set the aspects of the folders (`finishFolders`). `AspectSetter` sets those of other entries when they are made.
 *
 * `Cloning` keeps the state, `Losses` what the clone cannot keep.
 */
export async function cloneTree(
  platform: Platform,
  request: Omit<CloneRequest, "gaps">,
  filling: Filling,
  keepsModes = false,
): Promise<CloneResult> {
  const makeRoot = request.makeRoot ?? ((folder, name, mode) => folder.makeFolder(name, mode));
  makeRoot(request.into, request.name, WHILE_FILLED);
  using root = openMade(request.into, request.name);
  using cloning = new Cloning(platform, request, root, keepsModes);
  clearInheritedAcls(root);
  await makeAllButFiles(cloning);
  const files = await shareFiles(cloning);
  let isBusy = false;
  if (request.as === "payload") {
    cloning.flushEach = !flushTogether(platform, request.source, files.length);
    isBusy = await request.onReadable?.(cloning.flushEach) ?? false;
  }
  await fillFiles(cloning, files, filling, isBusy);
  for await (const some of request.held?.inTurn() ?? []) {
    await fillFiles(cloning, await shareFiles(cloning, some), filling);
  }
  await linkGroups(cloning, (_, alone) => fillFiles(cloning, alone, filling));
  await finishFolders(cloning);
  return cloning.result();
}

/** Makes folders, symbolic links, FIFOs, sockets and devices. The table has everything about them. */
async function makeAllButFiles(cloning: Cloning): Promise<void> {
  const { slice, table } = cloning;
  for (let i = 1; i < table.count; i++) {
    if (slice.isOver()) await slice.yield();
    if (at(table.type, i) !== FILE && !cloning.isFurtherLink(i)) cloning.makeFromTable(i);
  }
}

/** Makes files with their content. `isBusy`: other threads are at work. */
async function fillFiles(
  cloning: Cloning,
  files: Files,
  { byWorkers, check, fill }: Filling,
  isBusy = false,
): Promise<void> {
  const { request: { source }, table } = cloning;
  if (files.length > 0) check?.(cloning, files);
  if (byWorkers === undefined) return await fill(cloning, files);
  await divide(cloning, {
    files,
    least: MANY_FILES * (isBusy ? TIMES_IF_BUSY : 1),
    isPlain: (index) => !table.xattrs.has(index),
    load: (index) => byWorkers === "copy" ? 1 + at(table.size, index) / BYTES_A_FILE : 1,
    work: () => lending(source, (lent) => ({ fill: byWorkers, source: lent, flushEach: cloning.flushEach })),
    here: (some) => fill(cloning, some),
  });
}

/** Sets the aspects of folders last, the deepest first: new entries change the times of a folder and need its rights. */
async function finishFolders(cloning: Cloning): Promise<void> {
  const { slice, table } = cloning;
  for (let i = table.count - 1; i >= 0; i--) {
    if (slice.isOver()) await slice.yield();
    if (at(table.type, i) === DIR) cloning.finish(i);
  }
}
