import type { Folder, Platform } from "../platform/platform.ts";

/** Up to this number, files are flushed one by one. */
const FEW_FILES = 16;

/**
 * Flushes all files of a tree at once, so that reads find what programs stored through memory maps, and a later store
 * changes the times (SPEC 5). Returns false if the caller must flush each file before it reads it.
 *
 * With 20,000 files on XFS, one syncfs takes 250 ms (just written) or 0.1 ms (already on disk); one fdatasync for each
 * file takes 8.4 s or 1.7 s. For a few files syncfs can be slower, because it also writes the data of other programs.
 */
export function flushTogether(platform: Platform, root: Folder, files: number): boolean {
  if (files <= FEW_FILES) return false;
  const { kind } = platform.fileSystem(root);
  // On FUSE, syncfs may do nothing. Without the C library there is no syncfs, and the kind is unknown.
  if (kind === "unknown" || kind.startsWith("fuse")) return false;
  platform.syncFileSystem(root);
  return true;
}
