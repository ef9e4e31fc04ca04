import { bytesOf, compareBytes, textOf } from "../model/bytes.ts";
import { isSnapshotId } from "../model/ids.ts";
import type { Schema } from "../model/schema.ts";
import { attempt } from "../platform/deno_call.ts";
import { syncFolder } from "../platform/durable.ts";
import type { Listing, Platform } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { parseRecord, type RecordOptions } from "./record_file.ts";

const ID_LENGTH = 22;

/** The ids of all names in a folder that are an id and one of these endings, in no order; one listing. */
export function idsIn(platform: Platform, folder: string, endings: readonly string[]): string[] {
  const wanted = endings.map(bytesOf);
  const ids: string[] = [];
  eachName(platform, folder, (name) => {
    if (!wanted.some((ending) => endsBehindId(name, ending))) return;
    const id = textOf(name.subarray(0, ID_LENGTH));
    if (isSnapshotId(id)) ids.push(id);
  });
  return ids;
}

/** The ids that any name in a folder begins with, each once. */
export function idsNamedIn(platform: Platform, folder: string): Set<string> {
  const ids = new Set<string>();
  eachName(platform, folder, (name) => {
    const id = textOf(name.subarray(0, ID_LENGTH));
    if (isSnapshotId(id)) ids.add(id);
  });
  return ids;
}

/** The newest id that any name in a folder begins with. */
export function newestIdIn(platform: Platform, folder: string): string | null {
  let newest = new Uint8Array();
  let id: string | null = null;
  eachName(platform, folder, (name) => {
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
function eachName(platform: Platform, path: string, see: (name: Uint8Array) => void): void {
  let names: Listing;
  try {
    using folder = platform.openFolder(path);
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

/** The text of a file that is written once and never changed; nothing when it is not there. */
export function readOnce(path: string): string | undefined {
  try {
    return attempt("read", path, () => Deno.readTextFileSync(path));
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** The record in such a file. */
export function readRecordOnce<T>(path: string, schema: Schema<T>, options: RecordOptions): T | undefined {
  const content = readOnce(path);
  return content === undefined ? undefined : parseRecord(content, schema, { ...options, path });
}

/** Whether there is something of this name, whatever it is. */
export function isThere(path: string): boolean {
  try {
    attempt("look at", path, () => Deno.lstatSync(path));
    return true;
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return false;
    throw error;
  }
}

/** Gives something its final name, durably; repeatable: it may have that name already. */
export function publish(from: string, to: string): void {
  try {
    attempt("rename", from, () => Deno.renameSync(from, to));
  } catch (error) {
    if (!isSystemError(error, "ENOENT") || !isThere(to)) throw error;
  }
  syncFolder(to.slice(0, to.lastIndexOf("/")));
}
