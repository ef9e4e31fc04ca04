import { assertEquals } from "@std/assert";
import { InodeHashes } from "./read_inodes.ts";

Deno.test("InodeHashes gives back what it was given, for inodes that share the lower or the upper half too", () => {
  const hashes = new InodeHashes();
  const hashOf = (high: number, low: number) => new Uint8Array(32).fill((high * 31 + low) % 251);
  const inodes = Array.from({ length: 5000 }, (_, i) => [i % 7, (i * 0x10001) >>> 0] as const);
  for (const [high, low] of inodes) hashes.set(high, low, hashOf(high, low));
  hashes.set(0, 0, hashOf(3, 3));
  for (const [high, low] of inodes.slice(1)) assertEquals(hashes.get(high, low), hashOf(high, low));
  assertEquals(hashes.get(0, 0), hashOf(3, 3));
  assertEquals(hashes.get(99, 99), undefined);
});
