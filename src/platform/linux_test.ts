import { assertEquals } from "@std/assert";
import { bytesOf, textOf } from "../model/bytes.ts";
import { openPlatform } from "./open_platform.ts";
import { inodeAt } from "./stat.ts";
import { requires } from "../../tests/support/requires.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";

Deno.test({
  name: "usersOf() names only processes that are in a folder or have a file in it open",
  ...requires("ffi", "python3"),
  async fn() {
    using dir = tempDir();
    Deno.mkdirSync(`${dir.path}/here`);
    Deno.writeTextFileSync(`${dir.path}/here/file`, "");
    await using standing = waiting("import sys", `${dir.path}/here`);
    await using opening = waiting(`import sys; f = open(${JSON.stringify(`${dir.path}/here/file`)})`, "/");
    await using elsewhere = waiting("import sys", dir.path);
    for (const each of [standing, opening, elsewhere]) await each.ready();
    const found = openPlatform().usersOf([`${dir.path}/here`]).map(({ pid, uses }) => ({ pid, uses }));
    assertEquals(
      found.sort((a, b) => a.pid - b.pid),
      [{ pid: standing.pid, uses: "folder" }, { pid: opening.pid, uses: "file" }].sort((a, b) =>
        a.pid - b.pid
      ),
    );
  },
});

Deno.test({
  name: "placesInUse() tells where processes are, what they have open, and which inodes they watch",
  ...requires("ffi", "python3"),
  async fn() {
    using dir = tempDir();
    for (const name of ["standing", "opened", "watched", "other"]) {
      Deno.mkdirSync(`${dir.path}/here/${name}`, { recursive: true });
    }
    Deno.writeTextFileSync(`${dir.path}/here/file`, "");
    const at = (name: string) => JSON.stringify(`${dir.path}/here/${name}`);
    const watch = `libc = ctypes.CDLL(None); libc.inotify_add_watch(libc.inotify_init(), ${
      at("watched")
    }.encode(), 2)`;
    await using processes = new AsyncDisposableStack();
    for (
      const [code, cwd] of [
        ["import sys", `${dir.path}/here/standing`],
        [`import os, sys; os.open(${at("opened")}, os.O_RDONLY); f = open(${at("file")})`, "/"],
        [`import ctypes, sys; ${watch}`, `${dir.path}/here`],
      ] as const
    ) await processes.use(waiting(code, cwd)).ready();
    const platform = openPlatform();
    using here = platform.openFolder(`${dir.path}/here`);
    const { paths, watched } = platform.placesInUse(here) ?? { paths: [], watched: new Set() };
    assertEquals(paths.map(textOf).sort(), ["file", "opened", "standing"]);
    // Other programs of the machine may watch something on the same disk.
    const isWatched = (name: string) => watched.has(inodeAt(here, bytesOf(name)) ?? "");
    assertEquals(["watched", "other", "opened", "standing"].filter(isWatched), ["watched"]);
  },
});

Deno.test({
  name: "placesInUse() gives up where a process watches without end",
  ...requires("ffi", "python3"),
  async fn() {
    using dir = tempDir();
    const code =
      "import ctypes, os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (12000, 12000)); " +
      "watch = ctypes.CDLL(None).inotify_init(); [os.dup(watch) for _ in range(9000)]";
    const platform = openPlatform();
    using folder = platform.openFolder(dir.path);
    {
      await using process = waiting(code, "/");
      await process.ready();
      assertEquals(platform.placesInUse(folder), undefined);
    }
    assertEquals(platform.placesInUse(folder)?.paths, []);
  },
});

/** A process that says when it is up, and ends when its input does. */
function waiting(code: string, cwd: string) {
  const script = `${code}; print("up", flush=True); sys.stdin.read()`;
  const child = new Deno.Command("python3", { args: ["-c", script], cwd, stdin: "piped", stdout: "piped" })
    .spawn();
  return {
    pid: child.pid,
    async ready(): Promise<void> {
      const reader = child.stdout.getReader();
      await reader.read();
      reader.releaseLock();
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await child.stdin.close();
      await child.stdout.cancel();
      await child.status;
    },
  };
}
