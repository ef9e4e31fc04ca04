import { type OpenFile, Stat } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";

const ARCHIVE = /^audit-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})Z\.jsonl$/;
const NEWLINE = 0x0a;
const CHUNK = 64 * 1024;

/** One file of the log, open, as long as it was when it was opened: what is appended later is not seen. */
export class LogFile implements Disposable {
  readonly path: string;
  readonly size: number;
  readonly #file: OpenFile;

  private constructor(path: string, file: OpenFile) {
    const stat = new Stat();
    file.stat(stat);
    this.path = path;
    this.size = stat.size;
    this.#file = file;
  }

  /** Nothing when it is not there. */
  static open(place: ControlPath): LogFile | undefined {
    try {
      return new LogFile(place.path, place.openFile("read"));
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  /** The bytes from `start` to `end`; fewer only if the file was cut meanwhile. */
  read(start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - start);
    let length = 0;
    while (length < bytes.length) {
      const count = this.#file.readAt(bytes.subarray(length), start + length);
      if (count === 0) break;
      length += count;
    }
    return bytes.subarray(0, length);
  }

  /** Makes durable what was written to it. */
  sync(): void {
    this.#file.syncData();
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/** The log's closed files, oldest first. The folder is listed anew: that is what makes another host's changes seen. */
export function archivesOf({ audit }: Layout): ControlPath[] {
  return audit.names().filter((name) => ARCHIVE.test(name)).sort().map((name) => audit.at(name));
}

/** The name of the file that is closed now: above all others, whatever the clock says. */
export function archiveName(nowMs: number, archives: readonly ControlPath[]): string {
  const newest = archives.at(-1)?.name.match(ARCHIVE);
  const least = newest ? Date.parse(`${newest[1]}T${newest[2]}:${newest[3]}:${newest[4]}Z`) + 1 : 0;
  return `audit-${new Date(Math.max(nowMs, least)).toISOString().replaceAll(":", "-")}.jsonl`;
}

/** Whether a text is a name that `archiveName` gives: it may have been read from a file. */
export function isArchiveName(name: unknown): name is string {
  return typeof name === "string" && ARCHIVE.test(name);
}

/** A file's lines with their ends, as many at a time as one read gives; the last may have no end. */
export function* linesOf(file: LogFile): Generator<Uint8Array[]> {
  let held: Uint8Array[] = []; // pieces of a line that is longer than what one read gives
  for (let start = 0; start < file.size;) {
    const chunk = file.read(start, Math.min(file.size, start + CHUNK));
    if (chunk.length === 0) break; // cut meanwhile
    start += chunk.length;
    const lines: Uint8Array[] = [];
    let from = 0;
    for (let end; (end = chunk.indexOf(NEWLINE, from) + 1) !== 0; from = end) {
      lines.push(joined([...held, chunk.subarray(from, end)]));
      held = [];
    }
    if (from < chunk.length) held.push(chunk.subarray(from));
    yield lines;
  }
  if (held.length > 0) yield [joined(held)];
}

/** The log from its end, across its files: first what has no line end (mostly nothing), then line by line backwards. */
export function* linesFromEnd(files: readonly LogFile[]): Generator<Uint8Array> {
  for (const [index, file] of files.toReversed().entries()) {
    let isRest = true;
    for (const bytes of fileFromEnd(file)) {
      // Only the log's end may lack a line end; older files have nothing there.
      if (!isRest || index === 0 || bytes.length > 0) yield bytes;
      isRest = false;
    }
  }
}

function* fileFromEnd(file: LogFile): Generator<Uint8Array> {
  let held: Uint8Array[] = []; // what stands behind `chunk` and has no line end before it yet
  let isRest = true;
  for (let end = file.size; end > 0;) {
    const start = Math.max(0, end - CHUNK);
    const chunk = file.read(start, end);
    end = start;
    let to = chunk.length;
    for (
      let at = chunk.lastIndexOf(NEWLINE);
      at !== -1;
      at = at === 0 ? -1 : chunk.lastIndexOf(NEWLINE, at - 1)
    ) {
      yield joined([chunk.subarray(at + 1, to), ...held]);
      isRest = false;
      held = [];
      to = at + 1;
    }
    held.unshift(chunk.subarray(0, to));
  }
  const first = joined(held);
  if (isRest || first.length > 0) yield first;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let end = 0;
  for (const piece of pieces) {
    bytes.set(piece, end);
    end += piece.length;
  }
  return bytes;
}
