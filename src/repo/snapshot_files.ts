import { bytesOf, compareBytes, textOf } from "../model/bytes.ts";
import { isSnapshotId } from "../model/ids.ts";
import { isSystemError, unlessFailed } from "../platform/system_error.ts";
import type { ControlPath } from "./control_path.ts";

const ID_LENGTH = 22;

/** The ids with which names in a folder begin, unsorted; with endings, only of names that are an id and one of them. */
export function idsIn(folder: ControlPath, endings?: readonly string[]): Set<string> {
  const wanted = endings?.map(bytesOf);
  const ids = new Set<string>();
  eachName(folder, (name) => {
    const id = idOf(name, wanted);
    if (id !== undefined) ids.add(id);
  });
  return ids;
}

/** The newest of them. */
export function newestIdIn(folder: ControlPath, endings?: readonly string[]): string | null {
  const wanted = endings?.map(bytesOf);
  let newest = new Uint8Array();
  let id: string | null = null;
  eachName(folder, (name) => {
    // Most names are older than the newest so far; they are not converted to text.
    if (name.length < ID_LENGTH || compareBytes(name.subarray(0, ID_LENGTH), newest) <= 0) return;
    const candidate = idOf(name, wanted);
    if (candidate === undefined) return;
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

function idOf(name: Uint8Array, endings: readonly Uint8Array[] | undefined): string | undefined {
  const isWanted = (ending: Uint8Array) =>
    name.length === ID_LENGTH + ending.length && ending.every((byte, i) => name[ID_LENGTH + i] === byte);
  if (endings?.some(isWanted) === false) return undefined;
  const id = textOf(name.subarray(0, ID_LENGTH));
  return isSnapshotId(id) ? id : undefined;
}

/** Gives a file or folder its final name in the same folder, durably. Repeatable. */
export function publish(from: ControlPath, to: ControlPath): void {
  try {
    from.rename(to.name);
  } catch (error) {
    if (!isSystemError(error, "ENOENT") || !to.isThere()) throw error;
  }
}
