import { textOf } from "../model/bytes.ts";
import type { OpenFile } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { unlessFailed } from "../platform/system_error.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";

const ARCHIVE = /^audit-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})Z\.jsonl$/;
const NEWLINE = 0x0a;
const CHUNK = 64 * 1024;
/** No record is nearly as long. A line that is longer is cut here, which is damage to every reader. */
const MOST_LINE_BYTES = 16 * 1024 * 1024;

/** One open file of the log. Its size is fixed when it is opened: later records are not seen. */
export class LogFile implements Disposable {
  readonly size: number;

  private constructor(readonly path: string, private readonly file: OpenFile) {
    this.size = Stat.ofFile(file).size;
  }

  /** The file, or nothing when it does not exist. */
  static open(place: ControlPath): LogFile | undefined {
    return unlessFailed(["ENOENT"], () => new LogFile(place.path, place.openFile("read")));
  }

  /** The bytes from `start` to `end`, in this buffer if one is given; fewer only when the file was cut in between. */
  read(start: number, end: number, buffer = new Uint8Array(end - start)): Uint8Array {
    let length = 0;
    while (start + length < end) {
      const count = this.file.readAt(buffer.subarray(length, end - start), start + length);
      if (count === 0) break;
      length += count;
    }
    return buffer.subarray(0, length);
  }

  /** Makes its content durable. */
  sync(): void {
    this.file.syncData();
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }
}

/** The closed files of the log, oldest first. Lists the folder each time, to see changes by another host. */
export function archivesOf({ audit }: Layout): ControlPath[] {
  return audit.names().filter((name) => ARCHIVE.test(name)).sort().map((name) => audit.at(name));
}

/** A name for the file that is closed now. It sorts after all others, even when the clock goes back. */
export function archiveName(nowMs: number, archives: readonly ControlPath[]): string {
  const newest = archives.at(-1)?.name.match(ARCHIVE);
  const least = newest ? Date.parse(`${newest[1]}T${newest[2]}:${newest[3]}:${newest[4]}Z`) + 1 : 0;
  return `audit-${new Date(Math.max(nowMs, least)).toISOString().replaceAll(":", "-")}.jsonl`;
}

/** Whether a value, which may come from a file, is a name that `archiveName` gives. */
export function isArchiveName(name: unknown): name is string {
  return typeof name === "string" && ARCHIVE.test(name);
}

/** The lines of a file with their newlines, as many at a time as one read gives. The last may lack its newline. */
export function* linesOf(file: LogFile): Generator<Uint8Array[]> {
  let held: Uint8Array[] = []; // pieces of a line that is longer than one read
  for (let start = 0; start < file.size;) {
    const chunk = file.read(start, Math.min(file.size, start + CHUNK));
    if (chunk.length === 0) break; // the file was cut in between
    start += chunk.length;
    const lines: Uint8Array[] = [];
    let from = 0;
    for (let end; (end = chunk.indexOf(NEWLINE, from) + 1) !== 0; from = end) {
      lines.push(joined([...held, chunk.subarray(from, end)]));
      held = [];
    }
    if (from < chunk.length) held.push(chunk.subarray(from));
    yield lines;
    if (held.length * CHUNK > MOST_LINE_BYTES) break;
  }
  if (held.length > 0) yield [joined(held)];
}

/** The text of a file, some whole lines at a time, which is the fastest to search. The last may lack its newline. */
export function* textsOf(file: LogFile): Generator<string> {
  let wanted = CHUNK;
  let buffer = new Uint8Array(wanted);
  for (let start = 0; start < file.size;) {
    if (buffer.length < wanted) buffer = new Uint8Array(wanted);
    const chunk = file.read(start, Math.min(file.size, start + wanted), buffer);
    const isRest = chunk.length < wanted || wanted >= MOST_LINE_BYTES;
    const end = chunk.lastIndexOf(NEWLINE) + 1 || (isRest ? chunk.length : 0);
    if (end > 0) yield textOf(chunk.subarray(0, end));
    else if (isRest) break; // the file was cut in between
    start += end; // what is behind the newline is read again: cheaper than to join it
    wanted = end > 0 ? CHUNK : wanted * 2;
  }
}

/** The log from its end, across files: the bytes after the last newline (usually none), then the lines backwards. */
export function* linesFromEnd(files: readonly LogFile[]): Generator<Uint8Array> {
  for (const [index, file] of files.toReversed().entries()) {
    let isRest = true;
    for (const bytes of fileFromEnd(file)) {
      // Only the newest file may have bytes after its last newline.
      if (!isRest || index === 0 || bytes.length > 0) yield bytes;
      isRest = false;
    }
  }
}

function* fileFromEnd(file: LogFile): Generator<Uint8Array> {
  let held: Uint8Array[] = []; // bytes after `chunk`, whose line begins earlier, the last ones first
  let isRest = true;
  for (let end = file.size; end > 0;) {
    const start = Math.max(0, end - CHUNK);
    const chunk = file.read(start, end);
    end = start;
    let to = chunk.length;
    for (let at = chunk.lastIndexOf(NEWLINE); at !== -1; at = chunk.subarray(0, at).lastIndexOf(NEWLINE)) {
      yield joined([chunk.subarray(at + 1, to), ...held.reverse()]);
      isRest = false;
      held = [];
      to = at + 1;
    }
    held.push(chunk.subarray(0, to));
    if (held.length * CHUNK > MOST_LINE_BYTES) break;
  }
  const first = joined(held.reverse());
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
