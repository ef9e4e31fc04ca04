import { bytesOf, textOf } from "../model/bytes.ts";
import type { Folder, Platform, UserOfFolder } from "./platform.ts";
import { isSystemError } from "./system_error.ts";

const CWD = bytesOf("cwd");
const FD = bytesOf("fd");

/**
 * Processes that use a folder as their working folder or have a file in it open. The system shows the processes of
 * other users only to root. A process that ends during the search is left out.
 */
export function usersOf(platform: Platform, path: string, ownPid: number): UserOfFolder[] {
  const found: UserOfFolder[] = [];
  using processes = platform.openFolder("/proc");
  const listing = processes.list();
  for (let i = 0; i < listing.count; i++) {
    const pid = Number(textOf(listing.name(i)));
    if (!Number.isSafeInteger(pid) || pid === ownPid) continue;
    const uses = usedBy(processes, listing.name(i), path);
    if (uses !== undefined) found.push({ pid, ...uses });
  }
  return found;
}

function usedBy(processes: Folder, pid: Uint8Array, path: string): Omit<UserOfFolder, "pid"> | undefined {
  try {
    using process = processes.openFolder(pid);
    const standsIn = isBelow(textOf(process.readLink(CWD)), path);
    if (!standsIn && !hasOpenFile(process, path)) return undefined;
    using file = process.openFile(bytesOf("comm"), "read");
    const name = new Uint8Array(64);
    return { name: textOf(name.subarray(0, file.read(name))).trim(), uses: standsIn ? "folder" : "file" };
  } catch (error) {
    if (isSystemError(error)) return undefined; // it ended, or we may not look at it
    throw error;
  }
}

function hasOpenFile(process: Folder, path: string): boolean {
  using files = process.openFolder(FD);
  const listing = files.list();
  for (let i = 0; i < listing.count; i++) {
    if (isBelow(linkAt(files, listing.name(i)), path)) return true;
  }
  return false;
}

function linkAt(files: Folder, name: Uint8Array): string {
  try {
    return textOf(files.readLink(name));
  } catch (error) {
    if (isSystemError(error)) return ""; // closed after it was listed
    throw error;
  }
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
