import { assertEquals } from "@std/assert";
import { copyEngine } from "../../src/engine/copy.ts";
import { reflinkEngine } from "../../src/engine/reflink.ts";
import { hexOf } from "../../src/model/bytes.ts";
import { openPlatform } from "../../src/platform/open_platform.ts";
import type { Platform } from "../../src/platform/platform.ts";
import { hashFiles } from "../../src/tree/hash.ts";
import { scanTree } from "../../src/tree/scan.ts";
import { sharedDisk } from "../support/disk_image.ts";
import { requires } from "../support/requires.ts";
import { mustRun, python } from "../support/run.ts";
import { EngineFixture } from "./engine_fixture.ts";

/** So long that the write is under way when a test sees that it began. */
const SIZE = 48 * 1024 * 1024;
/** Overwrites a file by one call, through the page cache or past it (`direct`). */
const WRITER = `
import mmap, os, sys
path, size, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
content = mmap.mmap(-1, size)
content.write(b"b" * size)
file = os.open(path, os.O_WRONLY | (os.O_DIRECT if how == "direct" else 0))
assert os.pwrite(file, content, 0) == size
`;
const SHA256_OF_NEW = "4f84916d07165fe7b90d373bfc1d55365f83282134d8c18445df01da8f4f1a2f";

/** Lets a program overwrite `tree/a` by one call, and does something after that began: the file's times tell. */
async function whileWritten(
  path: string,
  how: "direct" | "usual",
  work: () => Promise<void>,
): Promise<void> {
  const file = `${path}/tree/a`;
  const mtime = () => Deno.statSync(file).mtime?.getTime();
  mustRun(
    "sh",
    "-ec",
    'head -c "$2" /dev/zero | tr "\\0" a > "$1"; touch -d @1 "$1"; sync "$1"',
    "sh",
    file,
    `${SIZE}`,
  );
  const writer = new Deno.Command(python(), { args: ["-c", WRITER, file, `${SIZE}`, how] }).spawn();
  const ended = writer.status;
  let running = true;
  void ended.then(() => running = false);
  while (running && mtime() === 1000) await new Promise((resolve) => setTimeout(resolve, 0));
  try {
    await work();
  } finally {
    assertEquals((await ended).code, 0);
  }
}

/** Declares a test for each kind of disk, and each kind of write. */
function testWhileWritten(
  name: string,
  on: readonly (readonly ["ext4" | "xfs" | "btrfs", "direct" | "usual"])[],
  work: (fixture: { platform: Platform; path: string }) => Promise<void>,
): void {
  for (const [kind, how] of on) {
    Deno.test({
      name: `${name} (${kind}, ${how})`,
      ...requires("ffi", "python3", kind),
      fn: async () => {
        using temp = await sharedDisk(kind);
        const { path } = temp;
        Deno.mkdirSync(`${path}/tree`);
        // With checksums btrfs takes direct writes through the page cache.
        if (kind === "btrfs") mustRun("chattr", "+C", `${path}/tree`);
        const platform = openPlatform();
        await whileWritten(path, how, () => work({ platform, path }));
      },
    });
  }
}

testWhileWritten(
  "hashFiles() waits for a write that is under way",
  [["ext4", "direct"], ["ext4", "usual"], ["xfs", "direct"], ["btrfs", "direct"]],
  async ({ platform, path }) => {
    using root = platform.openFolder(`${path}/tree`);
    const { exactStat, xattrs } = platform.abilities;
    const { table } = await scanTree(root, { exactStat, xattrs });
    await hashFiles(root, table, [1], { flush: false });
    assertEquals(hexOf(table.contentHash(1) ?? new Uint8Array()), SHA256_OF_NEW);
  },
);

for (
  const [name, make, on] of [
    ["copyEngine", copyEngine, [["ext4", "direct"], ["ext4", "usual"]]],
    ["reflinkEngine", reflinkEngine, [["xfs", "direct"], ["btrfs", "direct"]]],
  ] as const
) {
  testWhileWritten(`${name}() waits for a write that is under way`, on, async ({ platform, path }) => {
    const fixture = new EngineFixture(platform, make(platform), path);
    await fixture.clone("tree", "payload", await fixture.scan("tree"), { as: "payload" });
    assertEquals(mustRun("sha256sum", `${path}/payload/a`).slice(0, 64), SHA256_OF_NEW);
  });
}
