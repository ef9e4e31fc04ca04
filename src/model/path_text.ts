import { type BytePath, bytesOf, exactTextOf, textOf } from "./bytes.ts";
import { JvsError } from "./errors.ts";
import { UNSAFE, UNSAFE_ALL } from "./printable.ts";

const PERCENT = 0x25;
const COLON = 0x3a;
const HEX = bytesOf("0123456789ABCDEF");

/** The most bytes that one byte of a path takes when it is encoded. */
export const ENCODED_BYTES = 3;

/** The text of a path by SPEC 4: `%`, `:`, control bytes and what is no UTF-8 as `%XX`. Each path has its own text. */
export function encodePath(path: BytePath): string {
  const out = new Uint8Array(path.length * ENCODED_BYTES);
  return textOf(out.subarray(0, writeEncodedPath(path, out, 0)));
}

/** Writes the UTF-8 of `encodePath(path)` at an offset and returns its end. The buffer must have room for it. */
export function writeEncodedPath(path: BytePath, out: Uint8Array, offset: number): number {
  let end = offset;
  for (let i = 0; i < path.length;) {
    const byte = path[i] as number;
    const length = byte < 0x80 ? 1 : characterLength(path, i);
    if (length === 0 || byte < 0x20 || byte === 0x7f || byte === PERCENT || byte === COLON) {
      // The other bytes of a broken sequence cannot begin a character, so one step per byte escapes exactly the sequence.
      out[end++] = PERCENT;
      out[end++] = HEX[byte >> 4] as number;
      out[end++] = HEX[byte & 15] as number;
      i++;
    } else {
      for (const next = i + length; i < next; i++) out[end++] = path[i] as number;
    }
  }
  return end;
}

/** The path that `encodePath` encoded to this text. Accepts lower-case digits and needless escapes too. */
export function decodePath(text: string): Uint8Array<ArrayBuffer> {
  const bytes = bytesOf(text);
  if (!text.isWellFormed() || /%(?![0-9A-Fa-f]{2})/.test(text)) {
    throw new JvsError("E_USAGE", `Cannot read ${quoted(text)} as an encoded path: it is malformed`, {
      hint: "Write `%` itself as %25, and each byte that is no text as % and two hex digits.",
      details: { text },
    });
  }
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === PERCENT) {
      bytes[length++] = parseInt(String.fromCharCode(bytes[i + 1] as number, bytes[i + 2] as number), 16);
      i += 2;
    } else bytes[length++] = bytes[i] as number;
  }
  return bytes.slice(0, length);
}

/** A path for people, on one line: plain text unchanged, anything else percent-encoded; the payload root is `.`. */
export function displayPath(path: BytePath): string {
  return path.length === 0 ? "." : displayBytes(path);
}

/** How many paths a message names. */
export const MOST_NAMED = 20;

/** The first of these paths, for messages. */
export function namedPaths(
  paths: readonly BytePath[],
  show: (path: BytePath) => string = displayPath,
): string {
  const named = paths.slice(0, MOST_NAMED).map(show).join(", ");
  return paths.length > MOST_NAMED ? `${named}, and ${paths.length - MOST_NAMED} more` : named;
}

/** The words of a user in quotation marks, for a message: shortened and without control characters. */
export function quoted(text: string): string {
  const most = 128;
  return `"${displayBytes(bytesOf(text.slice(0, most)))}${text.length > most ? "…" : ""}"`;
}

/** A text as one word of a command line that a message shows; undefined for one that a line cannot show as it is. */
export function shellWord(text: string): string | undefined {
  if (UNSAFE.test(text) || !text.isWellFormed()) return undefined;
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

// A plain name that looks like an escape is encoded, so that different paths look different.
const LIKE_AN_ESCAPE = /%[0-9A-F]{2}/;

function displayBytes(path: BytePath): string {
  const text = exactTextOf(path);
  if (text !== undefined && !UNSAFE.test(text) && !LIKE_AN_ESCAPE.test(text)) return text;
  return encodePath(path).replace(UNSAFE_ALL, (character) => encodeURIComponent(character));
}

/** The length of the well-formed character of two or more bytes at an offset, or 0 (Unicode, table 3-7). */
function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0xc2 || first > 0xf4) return 0;
  // The narrower bounds of the second byte exclude overlong forms, surrogates and everything above U+10FFFF.
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  const second = bytes[at + 1] ?? 0;
  if (second < lowest || second > highest) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  for (let i = 2; i < length; i++) {
    const next = bytes[at + i] ?? 0;
    if (next < 0x80 || next > 0xbf) return 0;
  }
  return length;
}
