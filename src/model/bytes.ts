const encoder = new TextEncoder();
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A path or a name as the system has it: bytes, with `/` between the parts, none at the beginning, no NUL. */
export type BytePath = Uint8Array;

/** UTF-8 of a text. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The name that means the folder itself. */
export const ITSELF: BytePath = bytesOf(".");

/** The text of bytes. Bytes that are not UTF-8 become U+FFFD, so the text is only for people. */
export function textOf(bytes: Uint8Array): string {
  return lossy.decode(bytes);
}

/** The text of bytes, or nothing if they are not UTF-8. */
export function exactTextOf(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined; // not UTF-8
  }
}

/** Negative, zero or positive: the order of raw bytes, with a prefix first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Whether two byte strings are the same. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/** Lower-case hex. */
export function hexOf(bytes: Uint8Array): string {
  return bytes.toHex();
}

/** The bytes of lower-case hex; the caller has checked that it is hex. */
export function bytesOfHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(hex);
}

/** A text with one character for each byte, as a key for maps: names need not be UTF-8. */
export function keyOf(bytes: Uint8Array): string {
  let key = "";
  for (const byte of bytes) key += String.fromCharCode(byte);
  return key;
}
