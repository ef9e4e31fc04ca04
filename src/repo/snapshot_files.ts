import { bytesOf, compareBytes, textOf } from "../model/bytes.ts";
import { isSnapshotId } from "../model/ids.ts";
import type { Listing } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import type { ControlPath } from "./control_path.ts";

const ID_LENGTH = 22;

/** The ids of all names in a folder that are an id and one of these endings, in no order; one listing. */
export function idsIn(folder: ControlPath, endings: readonly string[]): string[] {
  const wanted = endings.map(bytesOf);
  const ids: string[] = [];
  eachName(folder, (name) => {
    if (!wanted.some((ending) => endsBehindId(name, ending))) return;
    const id = textOf(name.subarray(0, ID_LENGTH));
    if (isSnapshotId(id)) ids.push(id);
  });
  return ids;
}

/** The ids that any name in a folder begins with, each once. */
export function idsNamedIn(folder: ControlPath): Set<string> {
  const ids = new Set<string>();
  eachName(folder, (name) => {
    const id = textOf(name.subarray(0, ID_LENGTH));
    if (isSnapshotId(id)) ids.add(id);
  });
  return ids;
}

/** The newest id that any name in a folder begins with. */
export function newestIdIn(folder: ControlPath): string | null {
  let newest = new Uint8Array();
  let id: string | null = null;
  eachName(folder, (name) => {
    // Most names are older than one that was seen: those need not become text.
    if (name.length < ID_LENGTH || compareBytes(name.subarray(0, ID_LENGTH), newest) <= 0) return;
    const candidate = textOf(name.subarray(0, ID_LENGTH));
    if (!isSnapshotId(candidate)) return;
    newest = bytesOf(candidate);
    id = candidate;
  });
  return id;
}

/** All names in a folder; a copier may have left an empty one out. */
function eachName(path: ControlPath, see: (name: Uint8Array) => void): void {
  let names: Listing;
  try {
    using folder = path.open();
    names = folder.list();
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return;
    throw error;
  }
  for (let i = 0; i < names.count; i++) see(names.name(i));
}

function endsBehindId(name: Uint8Array, ending: Uint8Array): boolean {
  if (name.length !== ID_LENGTH + ending.length) return false;
  return ending.every((byte, i) => name[ID_LENGTH + i] === byte);
}

/** Gives something its final name in the same folder, durably; repeatable: it may have that name already. */
export function publish(from: ControlPath, to: ControlPath): void {
  try {
    from.rename(to.name);
  } catch (error) {
    if (!isSystemError(error, "ENOENT") || !to.isThere()) throw error;
  }
}
