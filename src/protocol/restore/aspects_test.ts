import { assertEquals } from "@std/assert";
import { bytesOf } from "../../model/bytes.ts";
import { requires } from "../../../tests/support/requires.ts";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { openPlatform } from "../../platform/open_platform.ts";
import { type Aspects, aspectsNow, changeAspects, changedAspects, setAspects } from "./aspects.ts";

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
  assertEquals(undone(before, after, { ...after, mode: 0o777 }), { ...PLAIN, ...before, mode: 0o777 });
  assertEquals(undone(before, after, { ...after, uid: 9 }), { ...PLAIN, ...before, uid: 9 });
  assertEquals(undone(before, after, { ...after, mtime: [7, 0] }), { ...PLAIN, ...before, mtime: [7, 0] });
  const mine = xattr("user.mine", "precious");
  assertEquals(
    undone(before, after, { ...after, xattrs: [mine, xattr("user.b", "other")] }).xattrs,
    [mine, xattr("user.b", "other"), xattr("user.a", "old")],
  );
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
    const look = () => ({ ...aspectsNow(folder, name) as Aspects });
    const change = (to: Partial<Aspects>, between: () => void) => {
      Deno.writeTextFileSync(`${dir.path}/f`, "");
      Deno.chmodSync(`${dir.path}/f`, 0o644);
      for (const each of folder.xattrs(name)) folder.removeXattr(name, each.name);
      folder.setXattr(name, old);
      const from = look();
      between();
      const isWhole = changeAspects(folder, name, { folder: false, from, to: { ...from, ...to } }, fail);
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

Deno.test("setAspects() gives no new owner the mark that a folder had", requires("root", "ffi"), () => {
  using dir = tempDir();
  using folder = openPlatform().openFolder(dir.path);
  const path = `${dir.path}/d`;
  Deno.mkdirSync(path);
  Deno.chownSync(path, 7, 7);
  Deno.chmodSync(path, 0o4755);
  const to = { ...PLAIN, mode: 0o755, uid: 8, gid: 8 };
  setAspects(folder, bytesOf("d"), to, (aspect) => assertEquals(aspect, "nothing is refused"));
  const { mode, uid } = Deno.lstatSync(path);
  assertEquals([(mode ?? 0) & 0o7777, uid], [0o755, 8]);
});
