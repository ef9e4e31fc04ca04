import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { lockAt } from "../../tests/support/by_path.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { JvsError } from "../model/errors.ts";
import { claimFile, useFile } from "./file_in_use.ts";
import type { LockPlace } from "./locks.ts";
import type { OpenFile } from "./platform.ts";
import { SystemError } from "./system_error.ts";

const LONG = { timeoutMs: 30_000 };

/** A file that several may use. */
function markerIn(folder: { readonly path: string }): LockPlace {
  Deno.writeTextFileSync(`${folder.path}/marker`, "");
  return lockAt(`${folder.path}/marker`);
}

/** The same place, whose files answer the first calls of `tryLock` with an error. */
function failing(place: LockPlace, errno: string, calls: number): LockPlace {
  let left = calls;
  const flaky = (file: OpenFile) => {
    if (left-- <= 0) return file;
    return Object.assign(file, {
      tryLock: () => {
        throw new SystemError("lock", place.path, errno);
      },
    });
  };
  return {
    path: place.path,
    stat: (into) => place.stat(into),
    openFile: (how) => flaky(place.openFile(how)),
  };
}

Deno.test("useFile() and claimFile() exclude each other, and any number can use a file", async () => {
  using folder = tempDir();
  const place = markerIn(folder);
  {
    using first = await useFile(place, LONG);
    using second = await useFile(place, LONG);
    assert(first && second);
    assertEquals(claimFile(place), undefined);
    first[Symbol.dispose]();
    assertEquals(claimFile(place), undefined, "the second still uses it");
  }
  using claim = claimFile(place);
  assert(claim);
  assertEquals(claimFile(place), undefined);
  const { code } = await assertRejects(() => useFile(place, { timeoutMs: 0 }), JvsError);
  assertEquals(code, "E_BUSY");
});

Deno.test("useFile() waits for a claim: it finds the file when that is given up, and nothing when it was removed", async () => {
  using folder = tempDir();
  const place = markerIn(folder);
  for (const isRemoved of [false, true]) {
    let claim = claimFile(place);
    let looks = 0;
    // Each look finds it claimed, until a later one.
    const watched: LockPlace = {
      ...place,
      openFile(how) {
        const file = place.openFile(how);
        if (++looks === 3) {
          if (isRemoved) Deno.removeSync(place.path);
          claim?.[Symbol.dispose]();
          claim = undefined;
        }
        return file;
      },
    };
    using used = await useFile(watched, LONG);
    assertEquals([used === undefined, looks >= 3], [isRemoved, true]);
  }
});

Deno.test("claimFile() and useFile() take no lock on a file that was replaced in between", async () => {
  using folder = tempDir();
  const place = markerIn(folder);
  let opened = 0;
  const replaced: LockPlace = {
    ...place,
    openFile(how) {
      const file = place.openFile(how);
      if (opened++ === 0) {
        Deno.removeSync(place.path);
        Deno.writeTextFileSync(place.path, "");
      }
      return file;
    },
  };
  assertEquals(claimFile(replaced), undefined);
  opened = 0;
  using used = await useFile(replaced, LONG);
  assertEquals([used !== undefined, opened], [true, 2]);
  assertEquals(claimFile(place), undefined, "the file that is there now is in use");
});

Deno.test("claimFile() fails where the file system gives no locks, and useFile() works without", async () => {
  using folder = tempDir();
  const place = markerIn(folder);
  for (const errno of ["ENOLCK", "EOPNOTSUPP", "ENOSYS"]) {
    using used = await useFile(failing(place, errno, 1), LONG);
    assert(used);
    assertEquals(assertThrows(() => claimFile(failing(place, errno, 1)), SystemError).errno, errno);
  }
});

Deno.test("useFile() tries again where the system says that the open file is not there, and claimFile() gives up", async () => {
  using folder = tempDir();
  const place = markerIn(folder);
  for (const errno of ["ENOENT", "ESTALE", "EBADF"]) {
    assertEquals(claimFile(failing(place, errno, 1)), undefined);
    using used = await useFile(failing(place, errno, 2), LONG);
    assert(used);
    assertEquals(claimFile(place), undefined);
  }
});

Deno.test("useFile() uses a file that may only be read, and claimFile() takes it; a missing one is none", async () => {
  using folder = tempDir();
  const place = markerIn(folder);
  const closed: LockPlace = {
    ...place,
    openFile(how) {
      if (how !== "read") throw new SystemError("open", place.path, "EACCES");
      return place.openFile(how);
    },
  };
  {
    using used = await useFile(closed, LONG);
    assertEquals([used !== undefined, claimFile(closed)], [true, undefined]);
  }
  {
    using claim = claimFile(closed);
    assert(claim);
  }
  Deno.removeSync(place.path);
  assertEquals([await useFile(place, LONG), claimFile(place)], [undefined, undefined]);
});

Deno.test("useFile() stops waiting when the signal aborts", async () => {
  using folder = tempDir();
  const place = markerIn(folder);
  using _claim = claimFile(place);
  const stop = new AbortController();
  const waiting = assertRejects(() => useFile(place, { ...LONG, signal: stop.signal }), JvsError);
  stop.abort();
  assertEquals((await waiting).code, "E_INTERRUPTED");
});
