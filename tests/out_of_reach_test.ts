import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { bytesOf } from "../src/model/bytes.ts";
import { JvsError } from "../src/model/errors.ts";
import { gcRun } from "../src/operation/gc_run.ts";
import { gcUnpin } from "../src/operation/gc_unpin.ts";
import { init } from "../src/operation/init.ts";
import { snapshot } from "../src/operation/snapshot.ts";
import { worktreeFork } from "../src/operation/worktree_fork.ts";
import { worktreeRemove } from "../src/operation/worktree_remove.ts";
import { LinuxFolder } from "../src/platform/linux_folder.ts";
import { makeOwnFolder } from "../src/platform/make_own.ts";
import { openPlatform } from "../src/platform/open_platform.ts";
import type { Folder } from "../src/platform/platform.ts";
import { SystemError } from "../src/platform/system_error.ts";
import { callIn } from "./support/context.ts";
import { exists, namesIn } from "./support/files.ts";
import { interceptWhen } from "./support/kill_point.ts";
import { requires } from "./support/requires.ts";
import { tempDir } from "./support/temp_dir.ts";

/* Names in a folder that a group may write can be given to something else at any moment: JVS deletes and opens nothing by such a name. */

/** A shared repository of root's, with a snapshot that nothing keeps, and a closed folder beside its payload. */
async function withGarbage() {
  const folder = tempDir();
  const { repository: path } = await callIn(folder.path, init, { name: "project", shared: "group" });
  Deno.writeTextFileSync(`${path}/main/f`, "one\n");
  await callIn(`${path}/main`, snapshot, { note: "first" });
  await callIn(`${path}/main`, worktreeFork, { name: "old" });
  Deno.writeTextFileSync(`${path}/worktrees/old/deep`, "x\n");
  const { snapshot: { snapshot_id: id } } = await callIn(`${path}/worktrees/old`, snapshot);
  await callIn(`${path}/main`, worktreeRemove, { name: "old" });
  await callIn(`${path}/main`, gcUnpin, { pin: id });
  const closed = `${path}/.jvs/snapshots/closed`;
  Deno.mkdirSync(closed);
  Deno.chmodSync(closed, 0o500);
  const payload = `${path}/.jvs/snapshots/${id}`;
  return { main: `${path}/main`, id, closed, payload, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

/** Acts once, right before this is done to this name. */
function before(method: "rename" | "removeFile" | "setMode", name: string, act: () => void): Disposable {
  let isDone = false;
  const isIt = ([bytes]: readonly unknown[]) =>
    !isDone && bytes instanceof Uint8Array && new TextDecoder().decode(bytes) === name;
  const stop = interceptWhen(LinuxFolder.prototype, method, isIt, () => {
    isDone = true;
    act();
  });
  return { [Symbol.dispose]: stop };
}

function exchange(a: string, b: string): void {
  Deno.renameSync(a, `${a}-`);
  Deno.renameSync(b, a);
  Deno.renameSync(`${a}-`, b);
}

Deno.test({
  name: "a payload that could not be moved out of reach at first is, before anything of it is deleted",
  ...requires("root", "ffi"),
  async fn() {
    using box = await withGarbage();
    let [failed, looked] = [false, false];
    {
      using _failing = before("rename", box.id, () => {
        failed = true;
        throw new SystemError("rename", box.payload, "EACCES"); // as if a member's folder had the name for a moment
      });
      using _look = before("removeFile", "deep", () => {
        looked = true;
        assert(!exists(box.payload), "it is deleted where others can exchange it");
      });
      await callIn(box.main, gcRun, { yes: true });
    }
    assertEquals([failed, looked, exists(box.payload)], [true, true, false]);
  },
});

Deno.test({
  name: "a closed folder that gets the name of a payload that goes is not opened",
  ...requires("root", "ffi"),
  async fn() {
    using box = await withGarbage();
    Deno.chmodSync(box.payload, 0o555); // it has to be writable to move
    using _exchange = before("setMode", box.id, () => exchange(box.payload, box.closed));
    await callIn(box.main, gcRun, { yes: true });
    assertEquals((Deno.statSync(box.closed).mode ?? 0) & 0o777, 0o500);
  },
});

/** A folder that a group may write, or another user by this mode, with somebody's closed folder in it. */
function reachable({ mode = 0o2770, uid = 0 }: { mode?: number; uid?: number } = {}) {
  const dir = tempDir();
  const path = `${dir.path}/open`;
  Deno.mkdirSync(path);
  if (uid !== 0) Deno.chownSync(path, uid, uid);
  Deno.chmodSync(path, mode);
  const closed = `${path}/private`;
  Deno.mkdirSync(closed);
  Deno.writeTextFileSync(`${closed}/diary`, "mine\n");
  Deno.chmodSync(closed, 0o700);
  const isClosed = () => (Deno.statSync(closed).mode ?? 0) % 0o1000 === 0o700;
  return { path, closed, isClosed, [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

/** Gives the name of each new folder to the closed one, as soon as it is there. */
function exchangeNew(name: string, path: string, closed: string): Disposable {
  let isDone = false;
  const stop = interceptWhen(
    LinuxFolder.prototype,
    "openFolder",
    ([bytes]) =>
      !isDone && bytes instanceof Uint8Array && new TextDecoder().decode(bytes) === name &&
      exists(`${path}/${name}`),
    () => {
      isDone = true;
      exchange(`${path}/${name}`, closed);
    },
  );
  return {
    [Symbol.dispose]() {
      stop();
      assert(isDone, `${name} was not opened`);
      exchange(`${path}/${name}`, closed);
    },
  };
}

for (const mode of [undefined, 0o2770]) {
  Deno.test({
    name: `a closed folder that gets the name of a new one is not opened to a group: mode ${
      mode?.toString(8) ?? "that of its folder"
    }`,
    ...requires("ffi"),
    fn() {
      using box = reachable();
      using folder = openPlatform().openFolder(box.path);
      {
        using _exchange = exchangeNew("new", box.path, box.closed);
        const make = mode === undefined
          ? makeOwnFolder
          : (...at: [Folder, Uint8Array]) => folder.makeFolder(at[1], mode);
        const error = assertThrows(() => make(folder, bytesOf("new")), SystemError);
        assertEquals(error.errno, "EEXIST");
      }
      assert(box.isClosed());
    },
  });
}

for (const mode of [0o755, 0o4755]) {
  Deno.test({
    name:
      `a closed folder of root's that gets the name of a new one, in another user's folder, stays closed: ${
        mode.toString(8)
      }`,
    ...requires("root", "ffi"),
    fn() {
      using box = reachable({ mode, uid: 61002 });
      using folder = openPlatform().openFolder(box.path);
      {
        using _exchange = exchangeNew("new", box.path, box.closed);
        const error = assertThrows(() => makeOwnFolder(folder, bytesOf("new")), SystemError);
        assertEquals(error.errno, "EEXIST");
      }
      assert(box.isClosed());
    },
  });
}

for (const shared of [undefined, "group"] as const) {
  Deno.test({
    name: `jvs init ${
      shared === undefined ? "" : "--shared group "
    }makes nothing in a closed folder that gets the name of its own`,
    ...requires("ffi"),
    async fn() {
      using box = reachable();
      {
        using _exchange = exchangeNew("lab", box.path, box.closed);
        const error = await assertRejects(
          () => callIn(box.path, init, { name: "lab", ...(shared && { shared }) }),
          JvsError,
        );
        assertEquals(error.code, "E_ALREADY_EXISTS");
      }
      assert(box.isClosed());
      assertEquals(namesIn(box.closed), ["diary"]);
    },
  });
}
