import { bytesOf, equalBytes, textOf } from "../model/bytes.ts";
import type { Folder } from "../platform/platform.ts";
import { TemporaryFile } from "../platform/temporary_file.ts";
import { sha256 } from "../tree/sha256.ts";

const ALIGNMENT = 8;

/** The bytes of columns, one after the other, each at a multiple of 8 bytes, in the byte order of the machine. */
export function joined(parts: readonly ArrayBufferView[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + aligned(byteLength), 0));
  let offset = 0;
  for (const { buffer, byteOffset, byteLength } of parts) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), offset);
    offset += aligned(byteLength);
  }
  return bytes;
}

/** Reads what `joined` wrote: gives one part after the other, as views; a RangeError if there are no more. */
export function partsOf({ buffer, byteOffset }: Uint8Array<ArrayBuffer>) {
  let offset = byteOffset;
  return <T extends ArrayBufferView>(
    Kind: new (of: ArrayBuffer, offset: number, length: number) => T,
    length: number,
  ) => {
    const part = new Kind(buffer, offset, length);
    offset += aligned(part.byteLength);
    return part;
  };
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** What a sealed file is, so that nothing else is taken for it. */
export interface SealedKind {
  /** 32 bits each. */
  readonly magic: number;
  readonly format: number;
  /** A larger head is not read: in memory, JSON can take thirty times its size. */
  readonly mostHeadBytes?: number;
}

/*
 * A sealed file. Numbers are in the byte order of the machine, because it never leaves its host.
 *   magic, format (32 bits each); SHA-256 of the rest
 *   the rest, each part at a multiple of 8 bytes: bytes of the head (32 bits); the head, as JSON; the columns
 */
const HASH_AT = 8;
const REST_AT = HASH_AT + 32;

/** Writes a head and columns, not durably, because they can be made again. Throws a `SystemError` if that fails. */
export async function saveSealed(
  folder: Folder,
  name: string,
  { magic, format }: SealedKind,
  head: unknown,
  columns: readonly ArrayBufferView[],
): Promise<void> {
  const headBytes = bytesOf(JSON.stringify(head));
  const rest = joined([Uint32Array.of(headBytes.length), headBytes, ...columns]);
  using file = new TemporaryFile(folder, name);
  file.write(new Uint8Array(Uint32Array.of(magic, format).buffer));
  file.write(await sha256(rest));
  file.write(rest);
  file.replace();
}

/** Gives the head and what takes the columns to `read`; undefined if the file is damaged, of another kind or format, or too short for it. */
export async function readSealed<H, T>(
  file: Uint8Array<ArrayBuffer>,
  { magic, format, mostHeadBytes = Infinity }: SealedKind,
  read: (head: H, take: ReturnType<typeof partsOf>) => T,
): Promise<T | undefined> {
  try {
    const [itsMagic, itsFormat] = new Uint32Array(file.buffer, 0, 2);
    if (itsMagic !== magic || itsFormat !== format) return undefined;
    const rest = file.subarray(REST_AT);
    if (!equalBytes(await sha256(rest), file.subarray(HASH_AT, REST_AT))) return undefined;
    const take = partsOf(rest);
    const [headBytes = 0] = take(Uint32Array, 1);
    if (headBytes > mostHeadBytes) return undefined;
    return read(JSON.parse(textOf(take(Uint8Array, headBytes))), take);
  } catch {
    return undefined;
  }
}
