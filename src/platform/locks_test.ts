import { assert, assertEquals, assertRejects } from "@std/assert";
import { lockAt } from "../../tests/support/by_path.ts";
import { requires } from "../../tests/support/requires.ts";
import { run } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { JvsError } from "../model/errors.ts";
import type { OpenHow } from "./platform.ts";
import type { Stat } from "./stat.ts";
import { SystemError } from "./system_error.ts";
import { acquireLock, type LockHolder, tryLock } from "./locks.ts";

const holder: LockHolder = {
  host: "here",
  pid: 17,
  operation: "snapshot",
  since: "2026-01-02T03:04:05.678Z",
};
/** What a lock's file says. */
function lockHolder(path: string): LockHolder | undefined {
  const text = Deno.readTextFileSync(path);
  return text === "" ? undefined : JSON.parse(text);
}

const other: LockHolder = { ...holder, operation: "restore" };

Deno.test("tryLock() excludes everybody else, and says who holds it", () => {
  using folder = tempDir();
  const path = `${folder.path}/lock`;
  {
    using lock = tryLock(lockAt(path), { holder });
    assert(lock);
    assertEquals(tryLock(lockAt(path), { holder: other }), undefined);
    assertEquals(lockHolder(path), holder);
  }
  assertEquals(lockHolder(path), undefined);
  assertEquals(Deno.statSync(path).size, 0);
  using again = tryLock(lockAt(path), { holder: other });
  assert(again);
});

Deno.test("acquireLock() tries again where the system says that the open file is not there", async () => {
  using folder = tempDir();
  const place = lockAt(`${folder.path}/lock`);
  let opened = 0;
  const flaky = {
    path: place.path,
    stat: (into: Stat) => place.stat(into),
    openFile(how: OpenHow) {
      const file = place.openFile(how);
      if (opened++ > 1) return file;
      return Object.assign(file, {
        tryLock: () => {
          throw new SystemError("lock", place.path, "ENOENT");
        },
      });
    },
  };
  using lock = await acquireLock(flaky, { holder, timeoutMs: 5000 });
  assert(lock);
  assert(opened > 2);
});

Deno.test("FileLock[Symbol.dispose]() frees once, and never another's lock", () => {
  using folder = tempDir();
  const path = `${folder.path}/lock`;
  const first = tryLock(lockAt(path), { holder });
  first?.[Symbol.dispose]();
  using second = tryLock(lockAt(path), { holder: other });
  first?.[Symbol.dispose]();
  assert(second);
  assertEquals(lockHolder(path), other);
  assertEquals(tryLock(lockAt(path), { holder }), undefined);
});

Deno.test("tryLock() takes no lock on a file that was replaced in the moment before", () => {
  using folder = tempDir();
  const path = `${folder.path}/lock`;
  const place = lockAt(path);
  let looks = 0;
  // As when the runtime folder is made again between the two calls.
  const stat = (into: Stat) => {
    if (looks++ === 0) Deno.removeSync(path);
    return place.stat(into);
  };
  using held = tryLock({ ...place, stat }, { holder });
  assert(held);
  assertEquals(
    tryLock(place, { holder: other }),
    undefined,
    "both would hold a lock, each on a file of its own",
  );
});

Deno.test("acquireLock() waits until it is free, and tells who is in the way", async () => {
  using folder = tempDir();
  const path = `${folder.path}/lock`;
  const first = tryLock(lockAt(path), { holder });
  const seen: (LockHolder | undefined)[] = [];
  using _second = await acquireLock(lockAt(path), {
    holder: other,
    timeoutMs: 30_000,
    onWait: (who) => {
      seen.push(who);
      first?.[Symbol.dispose]();
    },
  });
  assertEquals([seen[0], lockHolder(path)], [holder, other]);
});

Deno.test("acquireLock() gives up with E_BUSY that names the holder", async () => {
  using folder = tempDir();
  const path = `${folder.path}/lock`;
  using _held = tryLock(lockAt(path), { holder });
  const error = await assertRejects(
    () => acquireLock(lockAt(path), { holder: other, timeoutMs: 30 }),
    JvsError,
  );
  assertEquals([error.code, error.details.holder], ["E_BUSY", holder]);
  for (const word of ["snapshot", "17", "here", holder.since, path]) {
    assert(error.message.includes(word), error.message);
  }
});

Deno.test("acquireLock() starts its time again when the lock changes hands", async () => {
  using folder = tempDir();
  const path = `${folder.path}/lock`;
  using held = tryLock(lockAt(path), { holder });
  assert(held);
  // Hands change as soon as the one who waits has seen the last: so each has its own time, however slow the machine is.
  const timeoutMs = 150;
  let changes = 0;
  const began = performance.now();
  const change = () => {
    if (++changes <= 4) {
      const next = changes;
      setTimeout(() => Deno.writeTextFileSync(path, JSON.stringify({ ...holder, pid: next })), timeoutMs / 3);
    }
  };
  const error = await assertRejects(
    () => acquireLock(lockAt(path), { holder: other, timeoutMs, onWait: change }),
    JvsError,
  );
  assertEquals([error.code, (error.details.holder as LockHolder).pid], ["E_BUSY", 4]);
  assert(performance.now() - began >= timeoutMs + 4 * timeoutMs / 3);
});

Deno.test("acquireLock() waits for twenty holders at most: any process may write that there is a new one", async () => {
  using folder = tempDir();
  const path = `${folder.path}/lock`;
  using held = tryLock(lockAt(path), { holder });
  assert(held);
  let changes = 0;
  const change = () => Deno.writeTextFileSync(path, JSON.stringify({ ...holder, pid: ++changes }));
  const error = await assertRejects(
    () => acquireLock(lockAt(path), { holder: other, timeoutMs: 20, onWait: change }),
    JvsError,
  );
  assertEquals(error.code, "E_BUSY");
  assert(changes > 1);
});

Deno.test("acquireLock() stops waiting when it is told to", async () => {
  using folder = tempDir();
  const path = `${folder.path}/lock`;
  using _held = tryLock(lockAt(path), { holder });
  const stop = new AbortController();
  const waiting = acquireLock(lockAt(path), {
    holder: other,
    timeoutMs: 60_000,
    signal: stop.signal,
    onWait: () => stop.abort(),
  });
  assertEquals((await assertRejects(() => waiting, JvsError)).code, "E_INTERRUPTED");
});

Deno.test({
  name: "tryLock() respects the lock of another program, and what it recorded before it died",
  ...requires("python3"),
  fn: () => {
    using folder = tempDir();
    const path = `${folder.path}/lock`;
    Deno.writeTextFileSync(path, JSON.stringify(other));
    const script = `import fcntl, sys
f = open(sys.argv[1], "a")
try:
    fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
    print("free")
except BlockingIOError:
    print("held")`;
    const state = () => run("python3", "-c", script, path).stdout.trim();
    assertEquals(state(), "free");
    assertEquals(lockHolder(path), other);
    using lock = tryLock(lockAt(path), { holder });
    assert(lock);
    assertEquals([state(), lockHolder(path)], ["held", holder]);
  },
});

Deno.test("acquireLock() lets twenty processes through one after the other", async () => {
  using folder = tempDir();
  const module = new URL("./locks.ts", import.meta.url).href;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const support = new URL("../../tests/support/by_path.ts", import.meta.url).href;
  // Each adds one to a number that others would overwrite if two were in at once.
  Deno.writeTextFileSync(`${folder.path}/count`, "0");
  Deno.writeTextFileSync(
    `${folder.path}/go.ts`,
    `import { acquireLock } from ${JSON.stringify(module)};
    import { lockAt } from ${JSON.stringify(support)};
    const folder = ${JSON.stringify(folder.path)};
    const holder = { host: "here", pid: Deno.pid, operation: "count", since: new Date().toISOString() };
    for (let i = 0; i < 5; i++) {
      using lock = await acquireLock(lockAt(folder + "/lock"), { holder, timeoutMs: 30_000 });
      const count = Number(Deno.readTextFileSync(folder + "/count"));
      await new Promise((resolve) => setImmediate(resolve));
      Deno.writeTextFileSync(folder + "/count", String(count + 1));
    }`,
  );
  const args = ["run", "-A", "-q", "-c", config, `${folder.path}/go.ts`];
  const all = Array.from({ length: 20 }, () => new Deno.Command(Deno.execPath(), { args }).output());
  for (const { success } of await Promise.all(all)) assert(success);
  assertEquals(Deno.readTextFileSync(`${folder.path}/count`), "100");
});
