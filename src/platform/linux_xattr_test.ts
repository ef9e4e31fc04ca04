import { assert, assertEquals } from "@std/assert";
import { mustRun } from "../../tests/support/run.ts";
import { bytesOf } from "../model/bytes.ts";
import { a, b, DISKS, dot, errnoOf, onDisks, statOf, write } from "../../tests/support/platform_cases.ts";

onDisks("xattrs() gives what is kept, sorted, of files and folders", DISKS, ({ folder, path }, kind) => {
  write(folder, a, "");
  folder.makeSymlink(b, a);
  const user = kind === "tmpfs" ? [] : ["user.a", "user.zz\u00fc"]; // tmpfs has those only since Linux 6.6
  const names = ["trusted.x", ...user];
  for (const on of [a, dot]) {
    for (const [i, name] of names.toReversed().entries()) {
      folder.setXattr(on, { name, value: new Uint8Array(i) });
    }
    assertEquals(folder.xattrs(on).map((x) => x.name), names);
    assertEquals(folder.xattrs(on).map((x) => x.value.length), names.map((_, i) => names.length - 1 - i));
    folder.removeXattr(on, "trusted.x");
    assertEquals(folder.xattrs(on).map((x) => x.name), user);
    assertEquals(errnoOf(() => folder.removeXattr(on, "trusted.x")), "ENODATA");
  }
  const odd = ["trusted.%E4", "trusted.%E5", "trusted.%FF%25%3A"];
  for (const name of odd.toReversed()) folder.setXattr(a, { name, value: bytesOf(name) });
  const kept = folder.xattrs(a).filter(({ name }) => name.startsWith("trusted."));
  assertEquals(kept, odd.map((name) => ({ name, value: bytesOf(name) })), "names are bytes");
  const seen = mustRun(
    "python3",
    "-c",
    "import os, sys; print(os.listxattr(sys.argv[1].encode()))",
    `${path}/a`,
  );
  for (const byte of ["\\udce4", "\\udce5", "\\udcff%:"]) assert(seen.includes(`trusted.${byte}'`), seen);
  for (const name of odd) folder.removeXattr(a, name);
  folder.setXattr(b, { name: "trusted.link", value: new Uint8Array([0, 255]) });
  assertEquals(folder.xattrs(b), [{ name: "trusted.link", value: new Uint8Array([0, 255]) }]);
  assertEquals(folder.xattrs(a).length, user.length, "the link was not followed");
  assertEquals(errnoOf(() => folder.xattrs(bytesOf("nothing"))), "ENOENT");
});

onDisks("xattrs() gives ACLs and capabilities", ["ext4", "xfs", "btrfs"], ({ folder, path }) => {
  write(folder, a, "");
  folder.makeFolder(b, 0o755);
  mustRun("setfacl", "-m", "u:1234:rw", `${path}/a`);
  mustRun("setfacl", "-d", "-m", "u:1234:rwx", `${path}/b`);
  assertEquals(folder.xattrs(a).map((x) => x.name), ["system.posix_acl_access"]);
  assertEquals(folder.xattrs(b).map((x) => x.name), ["system.posix_acl_default"]);
  const capability = { name: "security.capability", value: new Uint8Array(20) };
  capability.value.set([1, 0, 0, 2, 0, 4]);
  folder.setXattr(a, capability);
  assertEquals(folder.xattrs(a)[0]?.name, "security.capability");
  const [acl] = folder.xattrs(b);
  write(folder, bytesOf("c"), "");
  folder.makeFolder(bytesOf("d"), 0o755);
  folder.setXattr(bytesOf("d"), acl ?? { name: "", value: a });
  assert(mustRun("getfacl", `${path}/d`).includes("default:user:1234:rwx"));
  // What such a folder gives to what is made in it does not disturb the mode that was asked for.
  using child = folder.openFolder(bytesOf("d"));
  child.makeFolder(a, 0o700);
  assertEquals(statOf(child, a).mode, 0o700);
}, "acl");
