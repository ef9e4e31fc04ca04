import { assert, assertEquals, assertRejects } from "@std/assert";
import { diskImage, type DiskKind, sharedDisk } from "../../tests/support/disk_image.ts";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { type ErrorCode, isJvsError, JvsError } from "../model/errors.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { PRESENT_ENGINES } from "../model/records.ts";
import { ENGINES } from "./engines.ts";
import { probeReflink } from "./reflink.ts";
import { selectEngine } from "./select.ts";

const BEST: [DiskKind, string][] = [["ext4", "copy"], ["tmpfs", "copy"], ["xfs", "reflink-copy"], [
  "btrfs",
  "reflink-copy",
]];

for (const ffi of [true, false]) {
  const how = ffi ? "" : " without FFI";
  const needed = ffi ? ["ffi" as const] : [];

  for (const [disk, best] of BEST) {
    Deno.test(
      `selectEngine() takes ${best} on ${disk}${how}, by a file of the tree or one of ours`,
      requires(disk, ...needed),
      async () => {
        using folder = await sharedDisk(disk);
        using trees = new Trees(folder.path, folder.path, ffi);
        assertEquals((await trees.select()).engine.name, best);
        Deno.writeTextFileSync(`${folder.path}/source/file`, "x".repeat(10_000));
        assertEquals((await trees.select()).engine.name, best);
        assertEquals(names(`${folder.path}/control`), []);
        assertEquals(names(`${folder.path}/source`), ["file"]);
      },
    );
  }

  Deno.test(
    `selectEngine() does not take another engine than the forced one${how}`,
    requires("ext4", ...needed),
    async () => {
      using folder = await sharedDisk("ext4");
      using trees = new Trees(folder.path, folder.path, ffi);
      await rejects("E_ENGINE_UNAVAILABLE", "reflink-copy", () => trees.select("reflink-copy"));
      assertEquals((await trees.select("copy")).engine.name, "copy");
      assertEquals((await trees.select("auto")).engine.name, "copy");
    },
  );

  Deno.test(
    `probeReflink() sees that the tree lies on another file system${how}`,
    requires("xfs", ...needed),
    async () => {
      using here = await sharedDisk("xfs");
      using there = tempDir();
      using trees = new Trees(there.path, here.path, ffi);
      for (const content of [undefined, "x"]) {
        if (content !== undefined) Deno.writeTextFileSync(`${there.path}/source/file`, content);
        const probe = probeReflink(trees.platform, trees);
        assert(
          !probe.works && probe.reason.includes("another file system"),
          JSON.stringify(probe),
        );
      }
      await rejects("E_ENGINE_UNAVAILABLE", "file system", () => trees.select("reflink-copy"));
    },
  );
}

Deno.test("selectEngine() says which engines are not there yet, and which there are", async () => {
  assertEquals(ENGINES.map(({ name }) => name), [...PRESENT_ENGINES]);
  using folder = tempDir();
  using trees = new Trees(folder.path, folder.path, false);
  await rejects("E_USAGE", "no such engine", () => trees.select("tar"));
});

Deno.test(
  "probeReflink() works from a subvolume into the folder it lies in",
  requires("btrfs", "ffi"),
  async () => {
    using folder = await sharedDisk("btrfs");
    mustRun("btrfs", "subvolume", "create", `${folder.path}/source`);
    Deno.writeTextFileSync(`${folder.path}/source/file`, "x");
    using trees = new Trees(folder.path, folder.path, true);
    assertEquals(probeReflink(trees.platform, trees), { works: true });
  },
);

Deno.test(
  "probeReflink() works from a subvolume that has no file to try",
  requires("btrfs", "ffi"),
  async () => {
    using folder = await sharedDisk("btrfs");
    mustRun("btrfs", "subvolume", "create", `${folder.path}/source`);
    Deno.mkdirSync(`${folder.path}/source/folder`);
    using trees = new Trees(folder.path, folder.path, true);
    assertEquals(probeReflink(trees.platform, trees), { works: true });
    using other = await diskImage("btrfs", { small: true });
    using apart = new Trees(folder.path, other.path, true);
    assertEquals(probeReflink(apart.platform, apart).works, false);
  },
);

Deno.test(
  "probeReflink() tries another file where one cannot be cloned",
  requires("btrfs", "ffi"),
  async () => {
    using folder = await sharedDisk("btrfs");
    using trees = new Trees(folder.path, folder.path, true);
    Deno.writeTextFileSync(`${folder.path}/source/no-cow`, "");
    mustRun("chattr", "+C", `${folder.path}/source/no-cow`);
    Deno.writeTextFileSync(`${folder.path}/source/no-cow`, "x");
    Deno.writeTextFileSync(`${folder.path}/source/other`, "xx");
    assertEquals(probeReflink(trees.platform, trees), { works: true });
  },
);

/** A tree and a folder of JVS, each in a separate folder. */
class Trees implements Disposable {
  readonly platform;
  readonly source;
  readonly control;

  constructor(sourceParent: string, controlParent: string, ffi: boolean) {
    this.platform = openPlatform({ ffi });
    const [source, control] = [`${sourceParent}/source`, `${controlParent}/control`];
    for (const path of [source, control]) Deno.mkdirSync(path, { recursive: true });
    this.source = this.platform.openFolder(source);
    this.control = this.platform.openFolder(control);
  }

  select(forced?: string) {
    return selectEngine({ platform: this.platform, source: this.source, control: this.control, forced });
  }

  [Symbol.dispose](): void {
    this.source[Symbol.dispose]();
    this.control[Symbol.dispose]();
  }
}

async function rejects(code: ErrorCode, message: string, action: () => Promise<unknown>): Promise<void> {
  const error = await assertRejects(action, JvsError, message);
  assert(isJvsError(error, code), `${error.code} is not ${code}`);
}

function names(path: string): string[] {
  return Array.from(Deno.readDirSync(path), (entry) => entry.name);
}
