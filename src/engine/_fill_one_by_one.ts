import { at } from "../tree/table.ts";
import type { Cloning, FillFiles } from "./_cloning.ts";
import type { Engine } from "./contract.ts";

/** Makes each file by opening both ends: for engines that can give one open file the content of another. */
export function oneByOne(cloneFile: Engine["cloneFile"]): FillFiles {
  return async (cloning, files) => {
    for (const index of files) {
      if (cloning.isDue(index)) await cloning.pace.turn();
      fillOne(cloning, index, cloneFile);
    }
  };
}

function fillOne(cloning: Cloning, index: number, cloneFile: Engine["cloneFile"]): void {
  const { aspects, table } = cloning;
  using source = cloning.openSource(index);
  if (source === undefined) return;
  if (cloning.flushEach) source.syncData();
  const mode = aspects.createMode(index);
  {
    using target = cloning.folderOf(index).openFile(table.name(index), "create", mode);
    // One that was empty when it was scanned stays so: what it is by now is for the next look.
    if (at(table.size, index) > 0) cloneFile(source, target, () => cloning.pace.check());
  }
  cloning.finish(index);
  cloning.clonedBytes += at(table.size, index);
}
