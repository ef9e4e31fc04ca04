import { assertEquals } from "@std/assert";
import { bytesOf } from "../../model/bytes.ts";
import { requires } from "../../../tests/support/requires.ts";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { DIR } from "../../model/entry.ts";
import { openPlatform } from "../../platform/open_platform.ts";
import type { Folder } from "../../platform/platform.ts";
import { inodeAt, Stat } from "../../platform/stat.ts";
import { type Aspects, changeAspects, changedAspects, type Meant } from "./aspects.ts";

const PLAIN: Aspects = { mode: 0o644, uid: 1, gid: 1, mtime: [1, 123_456_789], xattrs: [] };
const xattr = (name: string, value: string) => ({ name, value: bytesOf(value) });

/** What is left of `now` after undoing a restore that turns `before` into `after`. */
function undone(
  before: Partial<Aspects>,
  after: Partial<Aspects>,
  now: Partial<Aspects>,
  folder = false,
): Aspects {
  return changedAspects({ ...PLAIN, ...now }, {
    folder,
    from: { ...PLAIN, ...after },
    to: { ...PLAIN, ...before },
  });
}

Deno.test("changedAspects() gives the old value where the new one stands, aspect by aspect", () => {
  const before: Partial<Aspects> = { mode: 0o600, uid: 2, mtime: [5, 0], xattrs: [xattr("user.a", "old")] };
  const after: Partial<Aspects> = { mode: 0o640, mtime: [6, 0], xattrs: [xattr("user.b", "new")] };
  assertEquals(undone(before, after, after), { ...PLAIN, ...before });
  assertEquals(undone(before, after, { ...after, mtime: [7, 0] }), { ...PLAIN, ...before, mtime: [7, 0] });
  const mine = xattr("user.mine", "precious");
  assertEquals(
    undone(before, after, { ...after, xattrs: [mine, xattr("user.b", "other")] }).xattrs,
    [mine, xattr("user.b", "other"), xattr("user.a", "old")],
  );
});

Deno.test("changedAspects() leaves all rights as they are if another process has set any of them", () => {
  const acl = (value: string) => xattr("system.posix_acl_access", value);
  const before: Partial<Aspects> = { mode: 0o600, uid: 2, xattrs: [acl("old"), xattr("user.a", "old")] };
  const after: Partial<Aspects> = { mode: 0o666, uid: 1, xattrs: [acl("new"), xattr("user.a", "new")] };
  const others = [{ mode: 0o4666 }, { uid: 0 }, { gid: 9 }, {
    xattrs: [acl("mine"), xattr("user.a", "new")],
  }];
  for (const other of others) {
    const now = { ...PLAIN, ...after, ...other };
    const { mode, uid, gid, xattrs } = undone(before, after, now);
    assertEquals([mode, uid, gid, xattrs[0]], [now.mode, now.uid, now.gid, now.xattrs[0]]);
    assertEquals(xattrs[1], xattr("user.a", "old"), "what gives no rights is judged by itself");
  }
});

Deno.test("changedAspects() leaves what was not set yet", () => {
  const before: Partial<Aspects> = { mode: 0o600, uid: 2, mtime: [5, 0], xattrs: [xattr("user.a", "old")] };
  assertEquals(undone(before, { mode: 0o640 }, before), { ...PLAIN, ...before });
});

Deno.test("changedAspects() knows what a new owner takes away as the restore's doing", () => {
  const capability = xattr("security.capability", "bits");
  const before: Partial<Aspects> = { mode: 0o4755, xattrs: [capability] };
  const killedAfterOwner: Partial<Aspects> = { uid: 2, mode: 0o755 };
  assertEquals(undone(before, { ...before, uid: 2 }, killedAfterOwner), { ...PLAIN, ...before });
  assertEquals(undone(before, before, { mode: 0o755 }).mode, 0o755, "no new owner: another process set that");
});

Deno.test("changedAspects() knows a loosened folder, and sets its time whatever it is", () => {
  const before: Partial<Aspects> = { mode: 0o555, mtime: [5, 0] };
  for (const mode of [0o555, 0o755, 0o500, 0o700]) {
    assertEquals(undone(before, { mode: 0o500 }, { mode, mtime: [9, 9] }, true), { ...PLAIN, ...before });
  }
  assertEquals(undone(before, { mode: 0o500 }, { mode: 0o751 }, true).mode, 0o751);
});

Deno.test("changedAspects() knows a time that was set less exactly than it was asked for", () => {
  for (const nsec of [123_456_789, 123_456_000, 123_000_000, 0]) {
    assertEquals(undone({ mtime: [5, 0] }, {}, { mtime: [1, nsec] }).mtime, [5, 0]);
  }
  assertEquals(undone({ mtime: [5, 0] }, {}, { mtime: [1, 1] }).mtime, [1, 1]);
});

Deno.test(
  "changeAspects() leaves what another process has set since the look, and says that something stayed",
  requires("ffi"),
  () => {
    using dir = tempDir();
    using folder = openPlatform().openFolder(dir.path);
    const name = bytesOf("f");
    const old = xattr("user.k", "old");
    const look = (): Aspects => {
      const { mode, uid, gid, mtimeSec, mtimeNsec } = statOf(folder, name);
      return { mode, uid, gid, mtime: [mtimeSec, mtimeNsec], xattrs: folder.xattrs(name) };
    };
    const change = (to: Partial<Aspects>, between: () => void) => {
      Deno.writeTextFileSync(`${dir.path}/f`, "");
      Deno.chmodSync(`${dir.path}/f`, 0o644);
      for (const each of folder.xattrs(name)) folder.removeXattr(name, each.name);
      folder.setXattr(name, old);
      const from = look();
      between();
      const given = { folder: false, from, to: { ...from, ...to } };
      const isWhole = changeAspects(folder, name, meant(folder, name), given, fail);
      return { isWhole, ...look() };
    };
    const fail = (aspect: string, reason: string) => {
      throw new Error(`${aspect}: ${reason}`);
    };
    const to = { mode: 0o600, xattrs: [xattr("user.k", "new")] };
    const alone = change(to, () => {});
    assertEquals([alone.isWhole, alone.mode, alone.xattrs], [true, 0o600, to.xattrs]);
    const mine = xattr("user.mine", "precious");
    const marked = change(to, () => {
      folder.setMode(name, 0o751);
      folder.setXattr(name, mine);
    });
    assertEquals([marked.isWhole, marked.mode], [false, 0o751]);
    assertEquals(marked.xattrs.toSorted((a, b) => a.name < b.name ? -1 : 1), [...to.xattrs, mine]);
    const touched = change({ mtime: [5, 0] }, () => folder.setMode(name, 0o600));
    assertEquals([touched.isWhole, touched.mode, touched.mtime], [false, 0o600, [5, 0]]);
  },
);

Deno.test("changeAspects() gives no new owner the mark that a folder had", requires("root", "ffi"), () => {
  using dir = tempDir();
  using folder = openPlatform().openFolder(dir.path);
  const path = `${dir.path}/d`;
  Deno.mkdirSync(path);
  Deno.chownSync(path, 7, 7);
  Deno.chmodSync(path, 0o4755);
  const [name, to] = [bytesOf("d"), { ...PLAIN, mode: 0o755, uid: 8, gid: 8 }];
  changeAspects(
    folder,
    name,
    meant(folder, name),
    { folder: true, from: null, to },
    (aspect) => assertEquals(aspect, "nothing is refused"),
  );
  const { mode, uid } = Deno.lstatSync(path);
  assertEquals([(mode ?? 0) & 0o7777, uid], [0o755, 8]);
});

Deno.test("changeAspects() does nothing to another entry that has the name", () => {
  using dir = tempDir();
  using folder = openPlatform().openFolder(dir.path);
  const name = bytesOf("f");
  for (const each of ["f", "other"]) Deno.writeTextFileSync(`${dir.path}/${each}`, "", { mode: 0o600 });
  const { uid, gid } = statOf(folder, name);
  const from: Aspects = { ...PLAIN, mode: 0o600, uid, gid };
  const [seen, given] = [meant(folder, name), { folder: false, from, to: { ...from, mode: 0o666 } }];
  Deno.renameSync(`${dir.path}/other`, `${dir.path}/f`);
  const fail = () => assertEquals("tried", "not tried");
  for (const unproven of [seen, { ...seen, inode: null }, { ...meant(folder, name), folder: true }]) {
    assertEquals(changeAspects(folder, name, unproven, given, fail), false);
    for (const all of [given, { ...given, from: null }]) changeAspects(folder, name, unproven, all, fail);
    assertEquals(statOf(folder, name).mode, 0o600);
  }
  assertEquals(changeAspects(folder, name, meant(folder, name), given, () => {}), true);
  assertEquals(statOf(folder, name).mode, 0o666);
});

function statOf(folder: Folder, name: Uint8Array): Stat {
  const stat = new Stat();
  folder.stat(name, stat);
  return stat;
}

function meant(folder: Folder, name: Uint8Array): Meant {
  const isFolder = statOf(folder, name).type === DIR;
  return { inode: inodeAt(folder, name), folder: isFolder, root: Stat.ofFolder(folder) };
}
