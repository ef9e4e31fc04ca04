import { oneByOne } from "./_clone_tree.ts";

/** Copies the content of files, one after the other. (A clone by the kernel waits for writes by itself.) */
export const copyFiles = oneByOne((source, target) => {
  source.waitForWrite();
  return target.copyPieces(source);
});
