import { assertEquals } from "@std/assert";
import { rightsOf } from "./linux_rights.ts";

const status = (groups: string, effective: string) =>
  `Name:\tdeno\nUid:\t7\t7\t7\t7\nGroups:\t${groups} \nCapPrm:\tffff\nCapEff:\t${effective}\n`;

function names(rights: ReturnType<typeof rightsOf>): [groups: readonly number[] | null, ...may: string[]] {
  const xattrs = ["user.a", "system.posix_acl_access", "security.capability", "security.b", "trusted.c"];
  const { anyOwner, devices, groups, xattr } = rights;
  return [groups, ...(anyOwner ? ["chown"] : []), ...(devices ? ["mknod"] : []), ...xattrs.filter(xattr)];
}

Deno.test("rightsOf() tells what an ordinary user, root, and root without its capabilities may do", () => {
  const own = ["user.a", "system.posix_acl_access"];
  const all = ["chown", "mknod", ...own, "security.capability", "security.b", "trusted.c"];
  assertEquals(names(rightsOf(status("4 3000", "0000000000000000"), 7, 8)), [[8, 4, 3000], ...own]);
  assertEquals(names(rightsOf(status("", "000001ffffffffff"), 0, 0)), [[0], ...all]);
  assertEquals(names(rightsOf(status("", "0000000000000000"), 0, 0)), [[0], ...own]);
  // What containers leave to root: owners, devices and file capabilities, and no administration.
  const inContainer = ["chown", "mknod", ...own, "security.capability"];
  assertEquals(names(rightsOf(status("", "00000000a80425fb"), 0, 0)), [[0], ...inContainer]);
});

Deno.test("rightsOf() goes by the user where the system does not tell", () => {
  assertEquals(names(rightsOf(undefined, 7, 8)), [null, "user.a", "system.posix_acl_access"]);
  assertEquals(rightsOf(undefined, 0, 0).anyOwner, true);
});
