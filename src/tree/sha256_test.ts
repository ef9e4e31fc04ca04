import { assertEquals } from "@std/assert";
import { bytesOf, hexOf } from "../model/bytes.ts";
import { loadSha256, sha256 } from "./sha256.ts";

// FIPS 180-2, appendix B.
const VECTORS: [text: string, hash: string][] = [
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
];

Deno.test("sha256() and loadSha256() give the standard's hashes, whole and in pieces", async () => {
  const Sha256 = await loadSha256();
  for (const [text, expected] of VECTORS) {
    const bytes = bytesOf(text);
    assertEquals(hexOf(await sha256(bytes)), expected);
    assertEquals(hexOf(Sha256.once(bytes)), expected);
    const stream = new Sha256();
    for (let i = 0; i < bytes.length; i += 5) stream.update(bytes.subarray(i, i + 5));
    assertEquals(hexOf(stream.digest()), expected);
  }
});
