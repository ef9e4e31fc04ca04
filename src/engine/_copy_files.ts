import { oneByOne } from "./_clone_tree.ts";

/** Copies the content of files, one after the other. */
export const copyFiles = oneByOne((source, target) => target.copyPieces(source));
