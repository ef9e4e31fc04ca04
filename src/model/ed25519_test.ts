import { assert, assertEquals } from "@std/assert";
import { hexOf } from "./bytes.ts";
import { isSigningPoint } from "./ed25519.ts";

Deno.test("isSigningPoint() takes every key that can be made", async () => {
  // The keys of RFC 8032, and new ones.
  assert(isSigningPoint("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
  assert(isSigningPoint("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
  assert(isSigningPoint("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"));
  for (let n = 0; n < 20; n++) {
    const { publicKey } = await crypto.subtle.generateKey("Ed25519", true, [
      "sign",
      "verify",
    ]) as CryptoKeyPair;
    const key = hexOf(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)));
    assert(isSigningPoint(key), key);
  }
});

Deno.test("isSigningPoint() refuses what is no point of the curve, and points for which anybody can sign", () => {
  const zeros = "00".repeat(31);
  const no = ["ff".repeat(32), `02${zeros}`, `07${zeros}`, `ee${"ff".repeat(30)}7f`];
  const small = [
    `00${zeros}`,
    `01${zeros}`,
    `${zeros}80`,
    `ec${"ff".repeat(30)}7f`,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  ];
  assertEquals([...no, ...small].filter(isSigningPoint), []);
});
