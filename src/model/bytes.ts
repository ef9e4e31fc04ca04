const encoder = new TextEncoder();
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A path or a name as the system has it: bytes, `/` between parts, no leading one, no end mark. */
export type BytePath = Uint8Array;

/** UTF-8 of a text. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The name by which a folder is asked about itself. */
export const ITSELF: BytePath = bytesOf(".");

/** The text of bytes; what is no UTF-8 becomes U+FFFD, so this is for eyes only. */
export function textOf(bytes: Uint8Array): string {
  return lossy.decode(bytes);
}

/** The text of bytes, or nothing if they are no UTF-8. */
export function exactTextOf(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined; // no UTF-8: that is the answer
  }
}

/** Below zero, zero or above: the order of raw bytes, a prefix first. */
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

/** Bytes of lower-case hex; the caller has checked that it is hex. */
export function bytesOfHex(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length >> 1);
  bytes.setFromHex(hex);
  return bytes;
}

/** Bytes as a text of as many characters, to look them up by: names need not be UTF-8. */
export function keyOf(bytes: Uint8Array): string {
  let key = "";
  for (const byte of bytes) key += String.fromCharCode(byte);
  return key;
}
