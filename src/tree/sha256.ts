import { bytesOfHex } from "../model/bytes.ts";
import { collectGarbage } from "../platform/collect_garbage.ts";

/** SHA-256 for synchronous loops. */
export type Sha256 = Awaited<ReturnType<typeof loadSha256>>;

/** The hash of a few bytes. It loads nothing; what is loaded already, and does not wait, is used. */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  if (loaded !== undefined) return loaded.once(bytes);
  // The cast excludes shared memory, which JVS does not use.
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}

/** V8 does not see the memory of node's hashes (200 bytes each), so it never collects the used ones. */
const UNSEEN_HASHES = 50_000;
let unseen = 0;

let loaded: Awaited<ReturnType<typeof makeSha256>> | undefined;

/** Loads the synchronous SHA-256, a class for content that comes in pieces: about 17 ms the first time. */
export async function loadSha256() {
  return loaded ??= await makeSha256();
}

async function makeSha256() {
  const { createHash } = await import("node:crypto");
  // Through hex, because a buffer of node takes a microsecond more for each hash.
  return class {
    private readonly hash = createHash("sha256");

    /** The hash of bytes that are complete. */
    static once(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
      if (++unseen % UNSEEN_HASHES === 0) collectGarbage();
      return bytesOfHex(createHash("sha256").update(bytes).digest("hex"));
    }

    update(bytes: Uint8Array): void {
      this.hash.update(bytes);
    }

    /** The hash. Call it once, at the end. */
    digest(): Uint8Array {
      return bytesOfHex(this.hash.digest("hex"));
    }
  };
}
