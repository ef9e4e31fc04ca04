import { type BytePath, bytesOf, equalBytes, textOf } from "../model/bytes.ts";
import type { Libc } from "./libc.ts";
import type { Folder } from "./platform.ts";
import type { PlacesInUse, UserOfFolder } from "./uses_of_folder.ts";
import { inodeText, type Stat } from "./stat.ts";
import { unlessFailed } from "./system_error.ts";

/*
 * What other processes use, from /proc. The system shows those of other users only to root. A process that ends during the
 * search, or that we may not look at, is left out.
 */

const SLASH = 0x2f;
// Names in /proc/<pid>.
const [CWD, ROOT, FD, COMM] = [bytesOf("cwd"), bytesOf("root"), bytesOf("fd"), bytesOf("comm")];
const WATCHES = bytesOf("anon_inode:inotify");

/** The processes but `own` that are in one of these folders or have a file in it open; how they use the first of them. */
export function usersBelow(processes: Folder, own: number, paths: readonly string[]): UserOfFolder[] {
  const found: UserOfFolder[] = [];
  const folders = paths.map(bytesOf);
  for (const { pid, process } of eachProcess(processes, own)) {
    const user = unlessFailed([], () => {
      const uses = usedBy(process, folders);
      return uses && { pid, name: nameOf(process), uses };
    });
    if (user !== undefined) found.push(user);
  }
  return found;
}

function usedBy(process: Folder, folders: readonly BytePath[]): UserOfFolder["uses"] | undefined {
  const place = process.readLink(CWD);
  const open = Array.from(openFiles(process), ({ target }) => target);
  for (const folder of folders) {
    if (isBelow(place, folder)) return "folder";
    if (open.some((target) => isBelow(target, folder))) return "file";
  }
  return undefined;
}

/** So much text on watches is read. A process may have any number of them, to make others wait. */
const MOST_TEXT = 8 * 2 ** 20;
/** What a text counts at least: the calls to get it. */
const LEAST_TEXT = 1024;

/**
 * Where processes but `own` are below a folder, what they have open there, and what they watch on its file system; undefined
 * if they watch too much to find that out.
 */
export function placesBelow(
  libc: Libc,
  processes: Folder,
  own: number,
  folder: BytePath,
  { devMajor, devMinor }: Stat,
): PlacesInUse | undefined {
  let textLeft = MOST_TEXT;
  const paths: BytePath[] = [];
  const watched = new Set<string>();
  const device = ((devMajor << 20) | devMinor).toString(16);
  const add = (path: BytePath | undefined) => {
    if (path !== undefined && path.length > folder.length && isBelow(path, folder)) {
      paths.push(path.slice(folder.length + 1));
    }
  };
  for (const { pid, process } of eachProcess(processes, own)) {
    for (const link of [CWD, ROOT]) add(unlessFailed([], () => process.readLink(link)));
    unlessFailed([], () => {
      for (const { name, target } of openFiles(process)) {
        add(target);
        if (!startsWith(target, WATCHES)) continue;
        const lines = libc.readText(`/proc/${pid}/fdinfo/${textOf(name)}`, textLeft) ?? "";
        textLeft -= Math.max(LEAST_TEXT, lines.length);
        if (textLeft < 0) return;
        for (const [, inode] of lines.matchAll(watchesOn(device))) watched.add(inodeOf(inode ?? "0"));
      }
    });
    if (textLeft < 0) return undefined;
  }
  return { paths, watched };
}

/** The lines for the watches on one file system, as the kernel writes them. */
function watchesOn(device: string): RegExp {
  return new RegExp(`^inotify wd:\\S+ ino:([0-9a-f]+) sdev:${device} `, "gm");
}

function inodeOf(hexadecimal: string): string {
  const inode = BigInt(`0x${hexadecimal}`);
  return inodeText(Number(inode >> 32n), Number(inode & 0xffffffffn));
}

function* eachProcess(processes: Folder, own: number) {
  const listing = processes.list();
  for (let i = 0; i < listing.count; i++) {
    const pid = Number(textOf(listing.name(i)));
    if (!Number.isSafeInteger(pid) || pid === own) continue;
    using process = unlessFailed([], () => processes.openFolder(listing.name(i)));
    if (process !== undefined) yield { pid, process };
  }
}

function nameOf(process: Folder): string {
  using file = process.openFile(COMM, "read");
  const name = new Uint8Array(64);
  return textOf(name.subarray(0, file.read(name))).trim();
}

function* openFiles(process: Folder) {
  using files = process.openFolder(FD);
  const listing = files.list();
  for (let i = 0; i < listing.count; i++) {
    const name = listing.name(i);
    const target = unlessFailed([], () => files.readLink(name)); // it may be closed after it was listed
    if (target !== undefined) yield { name, target };
  }
}

function isBelow(path: BytePath, folder: BytePath): boolean {
  return startsWith(path, folder) && (path.length === folder.length || path[folder.length] === SLASH);
}

function startsWith(path: BytePath, beginning: BytePath): boolean {
  return equalBytes(path.subarray(0, beginning.length), beginning);
}
