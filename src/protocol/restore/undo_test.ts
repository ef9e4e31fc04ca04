import { assertEquals } from "@std/assert";
import { bytesOf } from "../../model/bytes.ts";
import type { Aspects } from "./aspects.ts";
import { aspectsAfterUndo } from "./undo.ts";

const PLAIN: Aspects = { mode: 0o644, uid: 1, gid: 1, mtime: [1, 123_456_789], xattrs: [] };
const path = bytesOf("f");
const xattr = (name: string, value: string) => ({ name, value: bytesOf(value) });

/** What stays of `now` when a restore is undone that was to make `after` of `before`. */
function undone(
  before: Partial<Aspects>,
  after: Partial<Aspects>,
  now: Partial<Aspects>,
  folder = false,
): Aspects {
  const entry = { path, folder, before: { ...PLAIN, ...before }, after: { ...PLAIN, ...after } };
  return aspectsAfterUndo({ ...PLAIN, ...now }, entry);
}

Deno.test("aspectsAfterUndo() gives the old value where the new one stands, aspect by aspect", () => {
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

Deno.test("aspectsAfterUndo() leaves what was not set yet", () => {
  const before: Partial<Aspects> = { mode: 0o600, uid: 2, mtime: [5, 0], xattrs: [xattr("user.a", "old")] };
  assertEquals(undone(before, { mode: 0o640 }, before), { ...PLAIN, ...before });
});

Deno.test("aspectsAfterUndo() knows what a new owner takes away as the restore's doing", () => {
  const capability = xattr("security.capability", "bits");
  const before: Partial<Aspects> = { mode: 0o4755, xattrs: [capability] };
  const killedAfterOwner: Partial<Aspects> = { uid: 2, mode: 0o755 };
  assertEquals(undone(before, { ...before, uid: 2 }, killedAfterOwner), { ...PLAIN, ...before });
  assertEquals(undone(before, before, { mode: 0o755 }).mode, 0o755, "no new owner: somebody else did that");
});

Deno.test("aspectsAfterUndo() knows a loosened folder, and sets its time whatever it is", () => {
  const before: Partial<Aspects> = { mode: 0o555, mtime: [5, 0] };
  for (const mode of [0o555, 0o755, 0o500, 0o700]) {
    assertEquals(undone(before, { mode: 0o500 }, { mode, mtime: [9, 9] }, true), { ...PLAIN, ...before });
  }
  assertEquals(undone(before, { mode: 0o500 }, { mode: 0o751 }, true).mode, 0o751);
});

Deno.test("aspectsAfterUndo() knows a time that was set less exactly than it was asked for", () => {
  for (const nsec of [123_456_789, 123_456_000, 123_000_000, 0]) {
    assertEquals(undone({ mtime: [5, 0] }, {}, { mtime: [1, nsec] }).mtime, [5, 0]);
  }
  assertEquals(undone({ mtime: [5, 0] }, {}, { mtime: [1, 1] }).mtime, [1, 1]);
});
