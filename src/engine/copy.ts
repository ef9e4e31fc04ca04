import { formatBytes } from "../model/duration.ts";
import { JvsError } from "../model/errors.ts";
import { grouped } from "../model/grouped.ts";
import type { Platform } from "../platform/platform.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { at } from "../tree/columns.ts";
import { entryByEntry } from "./_clone_tree.ts";
import { FILLS } from "./_fill_files.ts";
import type { Cloning, Files } from "./_cloning.ts";
import type { Engine } from "./contract.ts";

/** These file systems neither share nor compress content, so a copy needs as much space as its content. */
const TAKING_ALL = ["ext4", "tmpfs"];

/** The engine that works everywhere: a full copy that keeps holes if the platform can. SPEC 5. */
export function copyEngine(platform: Platform): Engine {
  const filling = { fill: FILLS.copy, byWorkers: "copy", check: requireRoom } as const;
  return entryByEntry("copy", platform, platform.abilities.holes, filling);
}

/**
 * Checks that the files fit on the disk before the first byte is copied, because a copy can take hours. On other file
 * systems the needed space is unknown, so the copy is tried and fails when the disk is full.
 */
function requireRoom(cloning: Cloning, files: Files): void {
  const { platform, root, table } = cloning;
  const { freeBytes, freeInodes, kind } = platform.fileSystem(root);
  if (!TAKING_ALL.includes(kind)) return;
  const { path } = root;
  if (files.length > freeInodes) {
    const needed = `${grouped(files.length)} files`;
    throw noRoom(needed, path, `has room for ${grouped(freeInodes)} more`);
  }
  let size = 0;
  for (const index of files) size += at(table.size, index);
  if (size <= freeBytes) return;
  const content = contentOf(cloning, files);
  if (content > freeBytes) throw noRoom(formatBytes(content), path, `has ${formatBytes(freeBytes)} free`);
}

/** The bytes of content in these files. Holes and unwritten blocks are not copied. */
function contentOf({ source, table }: Cloning, files: Files): number {
  let bytes = 0;
  for (const index of files) {
    // A file that is gone or unreadable is left out: the copy notes that later.
    const content = unlessFailed([], () => {
      using file = source.get(at(table.parent, index)).openFile(table.name(index), "read");
      return file.dataBytes();
    });
    bytes += content ?? 0;
  }
  return bytes;
}

function noRoom(what: string, path: string, has: string): JvsError {
  return new JvsError("E_NO_SPACE", `Cannot copy ${what} to "${path}": the disk ${has}`, {
    details: { path },
  });
}
