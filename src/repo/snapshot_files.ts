import { bytesOf, compareBytes, textOf } from "../model/bytes.ts";
import { isSnapshotId } from "../model/ids.ts";
import { isSystemError, unlessFailed } from "../platform/system_error.ts";
import type { ControlPath } from "./control_path.ts";

const ID_LENGTH = 22;

/** The ids of the names in a folder that are an id with one of these endings, unsorted; lists the folder once. */
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

/** The ids with which names in a folder begin. */
export function idsNamedIn(folder: ControlPath): Set<string> {
  const ids = new Set<string>();
  eachName(folder, (name) => {
    const id = textOf(name.subarray(0, ID_LENGTH));
    if (isSnapshotId(id)) ids.add(id);
  });
  return ids;
}

/** The newest id with which a name in a folder begins. */
export function newestIdIn(folder: ControlPath): string | null {
  let newest = new Uint8Array();
  let id: string | null = null;
  eachName(folder, (name) => {
    // Most names are older than the newest so far; they are not converted to text.
    if (name.length < ID_LENGTH || compareBytes(name.subarray(0, ID_LENGTH), newest) <= 0) return;
    const candidate = textOf(name.subarray(0, ID_LENGTH));
    if (!isSnapshotId(candidate)) return;
    newest = bytesOf(candidate);
    id = candidate;
  });
  return id;
}

/** Calls `see` for each name in a folder, which may be missing: copy programs may leave out empty folders. */
function eachName(path: ControlPath, see: (name: Uint8Array) => void): void {
  const names = unlessFailed(["ENOENT"], () => {
    using folder = path.open();
    return folder.list();
  });
  if (names === undefined) return;
  for (let i = 0; i < names.count; i++) see(names.name(i));
}

function endsBehindId(name: Uint8Array, ending: Uint8Array): boolean {
  if (name.length !== ID_LENGTH + ending.length) return false;
  return ending.every((byte, i) => name[ID_LENGTH + i] === byte);
}

/** Gives a file or folder its final name in the same folder, durably. Repeatable. */
export function publish(from: ControlPath, to: ControlPath): void {
  try {
    from.rename(to.name);
  } catch (error) {
    if (!isSystemError(error, "ENOENT") || !to.isThere()) throw error;
  }
}
