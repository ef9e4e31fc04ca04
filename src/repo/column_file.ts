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
