import { assert, assertEquals, assertRejects } from "@std/assert";
import { diskImage } from "../../tests/support/disk_image.ts";
import { asOrdinaryThread } from "../../tests/support/ordinary_thread.ts";
import { USER } from "../../tests/support/as_user.ts";
import { requires } from "../../tests/support/requires.ts";
import { openFilesIn } from "../../tests/support/open_files.ts";
import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { makeRichTree } from "../../tests/support/trees.ts";
import { bytesOf } from "../model/bytes.ts";
import { isJvsError, JvsError } from "../model/errors.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { removeTree, type RemoveTreeOptions } from "./remove_tree.ts";

const TREE = bytesOf("tree");

for (const ffi of [true, false]) {
  const requirement = ffi ? requires("ffi") : {};
  const how = ffi ? "" : " without FFI";

  Deno.test(`removeTree() removes links but not what they lead to${how}`, requirement, async () => {
    using dir = tempDir();
    Deno.mkdirSync(`${dir.path}/tree/sub`, { recursive: true });
    Deno.mkdirSync(`${dir.path}/outside`);
    Deno.writeTextFileSync(`${dir.path}/outside/precious`, "");
    Deno.symlinkSync(`${dir.path}/outside`, `${dir.path}/tree/link`);
    Deno.symlinkSync(`${dir.path}/outside/precious`, `${dir.path}/tree/sub/link`);
    await remove(dir.path, { ffi });
    assertEquals(names(dir.path), ["outside"]);
    assertEquals(names(`${dir.path}/outside`), ["precious"]);
  });

  Deno.test(
    `removeTree() removes a lone file, a lone link, and minds nothing that is not there${how}`,
    requirement,
    async () => {
      using dir = tempDir();
      Deno.writeTextFileSync(`${dir.path}/tree`, "");
      await remove(dir.path, { ffi });
      Deno.symlinkSync("nowhere", `${dir.path}/tree`);
      await remove(dir.path, { ffi });
      await remove(dir.path, { ffi });
      assertEquals(names(dir.path), []);
    },
  );
}

Deno.test(
  "removeTree() removes any name, any depth and read-only folders",
  requires("ffi", "python3"),
  async () => {
    using dir = tempDir();
    Deno.mkdirSync(`${dir.path}/tree`);
    await makeRichTree(`${dir.path}/tree`);
    await remove(dir.path);
    assertEquals(names(dir.path), []);
  },
);

Deno.test(
  "removeTree() needs few descriptors for a deep tree and for a wide one",
  requires("ffi"),
  async () => {
    using dir = tempDir();
    const deep = "d/".repeat(1500);
    mustRun("sh", "-c", `mkdir '${dir.path}/tree' && cd '${dir.path}/tree' && mkdir -p '${deep}' wide`);
    for (let i = 0; i < 1500; i++) Deno.mkdirSync(`${dir.path}/tree/wide/${i}/inside`, { recursive: true });
    let most = 0;
    let rounds = 0;
    const look = () => void (rounds++ % 100 === 0 && (most = Math.max(most, openFilesIn(dir.path))));
    const reporter = { begin() {}, warn() {}, advance: look };
    await remove(dir.path, { reporter });
    assertEquals(names(dir.path), []);
    assert(most > 0 && most < 200, `${most} descriptors were open`);
  },
);

Deno.test("removeTree() removes an ordinary user's read-only folders", requires("ffi", "root"), async () => {
  using dir = tempDir({ owner: USER });
  using _user = asOrdinaryThread();
  Deno.mkdirSync(`${dir.path}/tree/a/b/c`, { recursive: true });
  Deno.writeTextFileSync(`${dir.path}/tree/a/b/file`, "", { mode: 0o400 });
  for (const [path, mode] of [["a/b/c", 0], ["a/b", 0o111], ["a", 0o500], ["", 0o555]] as const) {
    Deno.chmodSync(`${dir.path}/tree/${path}`, mode);
  }
  await remove(dir.path);
  assertEquals(names(dir.path), []);
});

Deno.test(
  "removeTree() removes nothing when something is mounted inside, and names it",
  requires("ffi", "tmpfs"),
  async () => {
    using dir = tempDir();
    Deno.mkdirSync(`${dir.path}/tree/a/mounted`, { recursive: true });
    Deno.mkdirSync(`${dir.path}/elsewhere`);
    Deno.writeTextFileSync(`${dir.path}/elsewhere/precious`, "");
    Deno.writeTextFileSync(`${dir.path}/tree/file`, "");
    mustRun("mount", "--bind", `${dir.path}/elsewhere`, `${dir.path}/tree/a/mounted`);
    try {
      const error = await assertRejects(() => remove(dir.path), JvsError, "tree/a/mounted");
      assert(isJvsError(error, "E_PERMISSION"));
      assertEquals(names(`${dir.path}/tree`), ["a", "file"]);
      assertEquals(names(`${dir.path}/elsewhere`), ["precious"]);
    } finally {
      mustRun("umount", `${dir.path}/tree/a/mounted`);
    }
  },
);

Deno.test("removeTree() does not enter a nested subvolume", requires("ffi", "btrfs"), async () => {
  await using disk = await diskImage("btrfs");
  Deno.mkdirSync(`${disk.path}/tree`);
  mustRun("btrfs", "subvolume", "create", `${disk.path}/tree/nested`);
  Deno.writeTextFileSync(`${disk.path}/tree/nested/precious`, "");
  const error = await assertRejects(() => remove(disk.path), JvsError, "tree/nested");
  assert(isJvsError(error, "E_PERMISSION"));
  assertEquals(names(`${disk.path}/tree/nested`), ["precious"]);
});

Deno.test("removeTree() stops when it is cancelled, and another call goes on", async () => {
  using dir = tempDir();
  for (let i = 0; i < 400; i++) Deno.mkdirSync(`${dir.path}/tree/${i}`, { recursive: true });
  const stop = new AbortController();
  let removed = 0;
  const reporter = {
    begin() {},
    warn() {},
    advance() {
      removed++;
      stop.abort();
      const until = performance.now() + 1;
      while (performance.now() < until); // so that the slice is used up and there is a turn
    },
  };
  const error = await assertRejects(() => remove(dir.path, { reporter, signal: stop.signal }), JvsError);
  assert(isJvsError(error, "E_INTERRUPTED"));
  assert(removed > 0 && names(`${dir.path}/tree`).length > 0);
  await remove(dir.path);
  assertEquals(names(dir.path), []);
});

async function remove(path: string, options: RemoveTreeOptions & { ffi?: boolean } = {}): Promise<void> {
  using folder = openPlatform({ ffi: options.ffi ?? true }).openFolder(path);
  await removeTree(folder, TREE, options);
}

function names(path: string): string[] {
  return Array.from(Deno.readDirSync(path), (entry) => entry.name).sort();
}
