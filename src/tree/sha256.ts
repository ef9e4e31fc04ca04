import { bytesOfHex } from "../model/bytes.ts";

/** SHA-256 for synchronous loops. */
export interface Sha256 {
  /** For content that comes in pieces. */
  new (): Sha256Stream;
  /** Of bytes that are all there. */
  once(bytes: Uint8Array): Uint8Array;
}

/** A SHA-256 in the making. */
export interface Sha256Stream {
  update(bytes: Uint8Array): void;
  /** The hash; nothing can be added after that. */
  digest(): Uint8Array;
}

/** Of a few bytes, without loading anything. */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  // What the type excludes is shared memory, and nothing here shares memory.
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}

/** Loads the synchronous one: some 17 ms the first time. */
export async function loadSha256(): Promise<Sha256> {
  const { createHash } = await import("node:crypto");
  // By way of hex, as that takes a microsecond less than one of node's buffers for each hash.
  return class {
    private readonly hash = createHash("sha256");

    static once(bytes: Uint8Array): Uint8Array {
      return bytesOfHex(createHash("sha256").update(bytes).digest("hex"));
    }

    update(bytes: Uint8Array): void {
      this.hash.update(bytes);
    }

    digest(): Uint8Array {
      return bytesOfHex(this.hash.digest("hex"));
    }
  };
}
