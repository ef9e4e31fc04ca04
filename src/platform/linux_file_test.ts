import { assert, assertEquals } from "@std/assert";
import { sharedDisk } from "../../tests/support/disk_image.ts";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { bytesOf } from "../model/bytes.ts";
import { a, b, DISKS, errnoOf, onDisks, write } from "../../tests/support/platform_cases.ts";
import { openPlatform } from "./open_platform.ts";

const MB = 1024 * 1024;

onDisks(
  "copyPieces() keeps holes, at the beginning, inside and at the end",
  DISKS,
  ({ folder, path }, kind) => {
    using source = folder.openFile(a, "create");
    Deno.truncateSync(`${path}/a`, 40 * MB);
    const put = (at: number, text: string) => {
      using file = Deno.openSync(`${path}/a`, { write: true });
      file.seekSync(at, Deno.SeekMode.Start);
      file.writeSync(bytesOf(text));
    };
    put(4 * MB, "one");
    put(20 * MB + 5, "two");
    using target = folder.openFile(b, "create");
    for (const _piece of target.copyPieces(source));
    mustRun("cmp", `${path}/a`, `${path}/b`);
    target.sync();
    const { size, blocks } = Deno.statSync(`${path}/b`);
    assertEquals(size, 40 * MB);
    assert(blocks !== null && blocks * 512 < MB, `${blocks} blocks on ${kind}`);
  },
);

onDisks("copyPieces() copies nothing but a hole, and nothing at all", DISKS, ({ folder, path }) => {
  using _hole = folder.openFile(a, "create");
  using _empty = folder.openFile(b, "create");
  Deno.truncateSync(`${path}/a`, 5 * MB);
  for (const [name, size] of [["a", 5 * MB], ["b", 0]] as const) {
    using source = folder.openFile(bytesOf(name), "read");
    using target = folder.openFile(bytesOf(name + name), "create");
    for (const _piece of target.copyPieces(source));
    const copy = Deno.statSync(`${path}/${name}${name}`);
    assertEquals([copy.size, copy.blocks], [size, 0]);
  }
});

Deno.test({
  name: "copyPieces() copies from one file system to another",
  ...requires("ffi", "tmpfs", "ext4"),
  fn: async () => {
    using from = await sharedDisk("tmpfs");
    using to = await sharedDisk("ext4");
    const content = crypto.getRandomValues(new Uint8Array(65536));
    {
      using file = Deno.createSync(`${from.path}/a`);
      for (let i = 0; i < 300; i++) file.writeSync(content);
      file.truncateSync(30 * MB);
    }
    using source = openPlatform().openFolder(from.path);
    using target = openPlatform().openFolder(to.path);
    using input = source.openFile(a, "read");
    using output = target.openFile(a, "create");
    const pieces = [...output.copyPieces(input)];
    assert(pieces.length >= 2);
    mustRun("cmp", `${from.path}/a`, `${to.path}/a`);
  },
});

onDisks(
  "cloneFrom() clones files without copy-on-write, and into their folders",
  ["btrfs"],
  ({ folder, path }) => {
    Deno.mkdirSync(`${path}/plain`);
    write(folder, a, "x".repeat(100_000));
    mustRun("sh", "-ec", 'cd "$1"; mkdir flat; chattr +C flat; cp a flat/a', "sh", path);
    using flat = folder.openFolder(bytesOf("flat"));
    using plain = folder.openFolder(bytesOf("plain"));
    for (const [from, to] of [[flat, plain], [folder, flat], [flat, flat]] as const) {
      using source = from.openFile(a, "read");
      using target = to.openFile(b, "create");
      target.cloneFrom(source);
      mustRun("cmp", source.path, target.path);
      to.removeFile(b);
    }
  },
);

onDisks("cloneFrom() shares blocks, or says that it cannot", DISKS, ({ folder, path }, kind) => {
  write(folder, a, "x".repeat(100_000));
  using source = folder.openFile(a, "read");
  using target = folder.openFile(b, "create");
  if (kind === "xfs" || kind === "btrfs") {
    target.cloneFrom(source);
    mustRun("cmp", `${path}/a`, `${path}/b`);
  } else assert(["EOPNOTSUPP", "EINVAL", "EXDEV"].includes(errnoOf(() => target.cloneFrom(source))));
});
