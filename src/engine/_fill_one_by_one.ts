import { Stat } from "../platform/platform.ts";
import type { Cloning, FillFiles } from "./_cloning.ts";
import type { Engine } from "./contract.ts";

/** Makes each file by opening both ends: for engines that can give one open file the content of another. */
export function oneByOne(cloneFile: Engine["cloneFile"]): FillFiles {
  const found = new Stat();
  return async (cloning, files) => {
    for (const index of files) {
      if (cloning.noteBytes(fillOne(cloning, index, cloneFile, found))) await cloning.pace.turn();
    }
  };
}

/** Gives how many bytes were cloned. */
function fillOne(cloning: Cloning, index: number, cloneFile: Engine["cloneFile"], found: Stat): number {
  using source = cloning.openSource(index);
  if (source === undefined) return 0;
  if (cloning.flushEach) source.syncData();
  source.stat(found);
  const bytes = found.size;
  {
    using target = cloning.folderOf(index).openFile(cloning.table.name(index), "create");
    if (bytes > 0) cloneFile(source, target, () => cloning.pace.check());
  }
  cloning.finish(index);
  return bytes;
}
