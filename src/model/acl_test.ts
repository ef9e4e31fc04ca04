import { assertEquals, assertThrows } from "@std/assert";
import { grantAclOwner, payloadMode, stripAclWrite } from "./acl.ts";
import { bytesOfHex, hexOf } from "./bytes.ts";
import { JvsError } from "./errors.ts";

const NOBODY = "ffffffff";

function aclOf(user: number, group: number, other: number, mask?: number, named = 7): Uint8Array {
  const masked = mask === undefined ? "" : `10000${mask}00${NOBODY}`;
  const users = mask === undefined ? "" : `02000${named}00e8030000`;
  const groups = mask === undefined ? "" : `08000${named}00e9030000`;
  return bytesOfHex(
    `02000000` + `01000${user}00${NOBODY}` + users + `04000${group}00${NOBODY}` + groups + masked +
      `20000${other}00${NOBODY}`,
  );
}

/** The permission bits that the kernel shows for an ACL: where it has a mask, the group's are the mask's. */
function aclMode(acl: Uint8Array): number {
  const of = new Map<number, number>();
  for (let at = 4; at < acl.length; at += 8) of.set(acl[at] ?? 0, acl[at + 2] ?? 0);
  return (of.get(1) ?? 0) << 6 | (of.get(16) ?? of.get(4) ?? 0) << 3 | (of.get(32) ?? 0);
}

Deno.test("stripAclWrite() takes writing from everyone, lets the owner read and keeps the rest", () => {
  const acl = aclOf(2, 6, 7, 7);
  const before = hexOf(acl);
  assertEquals(hexOf(stripAclWrite(acl)), hexOf(aclOf(4, 4, 5, 5, 5)));
  assertEquals(hexOf(acl), before);
  assertEquals(hexOf(stripAclWrite(aclOf(7, 3, 2))), hexOf(aclOf(5, 1, 0)));
});

Deno.test("grantAclOwner() gives the owner everything and keeps the rest", () => {
  assertEquals(hexOf(grantAclOwner(aclOf(0, 5, 4, 6))), hexOf(aclOf(7, 5, 4, 6)));
});

Deno.test("stripAclWrite() and grantAclOwner() agree with payloadMode()", () => {
  for (let mode = 0; mode < 0o1000; mode++) {
    for (const mask of [undefined, mode >> 3 & 7]) {
      const acl = aclOf(mode >> 6, mode >> 3 & 7, mode & 7, mask);
      assertEquals(aclMode(stripAclWrite(acl)), payloadMode("file", mode));
      assertEquals(aclMode(grantAclOwner(acl)), payloadMode("dir", mode));
    }
  }
});

Deno.test("stripAclWrite() reads an ACL that stands inside a larger buffer", () => {
  const acl = aclOf(6, 5, 4, 7);
  const larger = new Uint8Array(acl.length + 3);
  larger.set(acl, 3);
  assertEquals(aclMode(stripAclWrite(larger.subarray(3))), 0o454);
});

Deno.test("stripAclWrite() refuses what is no ACL of version 2", () => {
  for (
    const hex of ["", "0200", "01000000", "0200000001", "0300000001000700ffffffff", "0200000001000700ffffff"]
  ) {
    assertEquals(assertThrows(() => stripAclWrite(bytesOfHex(hex)), JvsError).code, "E_IO", hex);
  }
});

Deno.test("payloadMode() makes files unwritable and folders usable", () => {
  assertEquals(payloadMode("file", 0o7777), 0o555);
  assertEquals(payloadMode("file", 0o200), 0o400);
  assertEquals(payloadMode("file", 0o644), 0o444);
  assertEquals(payloadMode("dir", 0o7577), 0o1777);
  assertEquals(payloadMode("dir", 0o2055), 0o755);
  assertEquals(payloadMode("fifo", 0o622), 0o622);
  assertEquals(payloadMode("symlink", 0o777), 0o777);
});
