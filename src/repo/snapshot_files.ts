import { bytesOf, compareBytes, textOf } from "../model/bytes.ts";
import { isSnapshotId } from "../model/ids.ts";
import { isSystemError, unlessFailed } from "../platform/system_error.ts";
import type { ControlPath } from "./control_path.ts";

const ID_LENGTH = 22;
const TIME_DIGITS = 13;
const HYPHEN = 0x2d;
const READY = bytesOf(".READY");
const PRUNED = bytesOf(".PRUNED");

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

/** The ids of all snapshots that exist or are pruned: of those with a marker. */
export function knownIds(snapshots: ControlPath): Set<string> {
  return idsIn(snapshots, [".READY", ".PRUNED"]);
}

/** The newest of the ids with which names in a folder begin. */
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

/**
 * Calls `see` for the marker of each snapshot, READY or PRUNED, with the time and the hex digits of its id as numbers. It makes
 * no text of a name, because there may be a hundred thousand.
 */
export function eachMarker(
  folder: ControlPath,
  see: (time: number, digits: number, isPruned: boolean) => void,
): void {
  eachName(folder, (name) => {
    const isPruned = isEnding(name, PRUNED);
    if (!isPruned && !isEnding(name, READY)) return;
    const time = numberOf(name, 0, TIME_DIGITS, 10);
    const digits = numberOf(name, TIME_DIGITS + 1, ID_LENGTH, 16);
    if (name[TIME_DIGITS] === HYPHEN && time >= 0 && digits >= 0) see(time, digits, isPruned);
  });
}

/** The number that these bytes are the digits of; -1 if they are anything else. */
function numberOf(bytes: Uint8Array, start: number, end: number, base: number): number {
  let number = 0;
  for (let i = start; i < end; i++) {
    const digit = DIGITS[bytes[i] as number] as number;
    if (digit >= base) return -1;
    number = number * base + digit;
  }
  return number;
}

/** The value of each byte as a lower-case hex digit; more than any if it is none. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = "0123456789abcdef".indexOf(String.fromCharCode(byte));
  return digit === -1 ? 255 : digit;
});

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
  if (endings?.some((ending) => isEnding(name, ending)) === false) return undefined;
  const id = textOf(name.subarray(0, ID_LENGTH));
  return isSnapshotId(id) ? id : undefined;
}

function isEnding(name: Uint8Array, ending: Uint8Array): boolean {
  return name.length === ID_LENGTH + ending.length && ending.every((byte, i) => name[ID_LENGTH + i] === byte);
}

/** Gives a file or folder its final name in the same folder, durably. Repeatable. */
export function publish(from: ControlPath, to: ControlPath): void {
  try {
    from.rename(to.name);
  } catch (error) {
    if (!isSystemError(error, "ENOENT") || !to.isThere()) throw error;
  }
}
