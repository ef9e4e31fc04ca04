import { assertEquals, assertStringIncludes } from "@std/assert";
import { BlackBox } from "../support/black_box.ts";
import { type Disk, diskImage } from "../support/disk_image.ts";
import { namesIn } from "../support/files.ts";
import { contentsOf, losingNothing, payloadsOf } from "../support/kept_content.ts";
import { requires } from "../support/requires.ts";

const needs = requires("root", "ext4");

/** Fills a disk until it has only this many bytes left, in a file whose removal frees it. */
function leaveOnly(bytes: number, { path }: Disk): Disposable {
  const filler = `${path}/filler`;
  const file = Deno.openSync(filler, { write: true, create: true });
  const block = new Uint8Array(4096);
  const blocks: number[] = [];
  try {
    for (;;) blocks.push(file.writeSync(block));
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes("os error 28")) throw error;
  }
  file.truncateSync(Math.max(0, blocks.length * block.length - bytes));
  file.syncSync();
  file.close();
  return { [Symbol.dispose]: () => Deno.removeSync(filler) };
}

/** A repository of its own on a small disk, with a snapshot of a file of this size. */
async function smallBox(disk: Disk): Promise<BlackBox & { readonly first: string }> {
  const box = await BlackBox.make({ parent: disk.path });
  box.write("big", "1".repeat(400_000));
  box.write("small", "first\n");
  return Object.assign(box, { first: (await box.save("first")).snapshot_id });
}

Deno.test({
  name: "jvs restore changes nothing when the disk is too full for the autosave, and names --discard",
  ...needs,
  fn: async () => {
    await using disk = await diskImage("ext4", { sizeMb: 16 });
    using box = await smallBox(disk);
    box.write("big", "2".repeat(400_000));
    box.write("small", "precious\n");
    const before = contentsOf(box.main);
    {
      using _full = leaveOnly(200_000, disk);
      const { message, hint } = await box.error("E_NO_SPACE", ["restore", box.first]);
      assertStringIncludes(message, "nothing was changed");
      assertStringIncludes(hint, "--discard");
      assertEquals(contentsOf(box.main), before);
    }
    assertEquals(payloadsOf(box.control).size, 1);
    await losingNothing(box, ["restore", box.first]);
    assertEquals(box.read("small"), "first\n");
  },
});

Deno.test({
  name: "jvs restore changes nothing when the disk is too full for what is to come back",
  ...needs,
  fn: async () => {
    await using disk = await diskImage("ext4", { sizeMb: 16 });
    using box = await smallBox(disk);
    Deno.removeSync(`${box.main}/big`);
    box.write("small", "second\n");
    await box.save("second");
    const before = contentsOf(box.main);
    {
      using _full = leaveOnly(200_000, disk);
      await box.error("E_NO_SPACE", ["restore", box.first]);
      assertEquals(contentsOf(box.main), before);
    }
    assertEquals(namesIn(`${box.control}/runtime/shared/staging`), []);
    await losingNothing(box, ["restore", box.first]);
    assertEquals(box.read("big").length, 400_000);
  },
});

Deno.test({
  name: "jvs snapshot leaves nothing behind when the disk is full, and works again when it is not",
  ...needs,
  fn: async () => {
    await using disk = await diskImage("ext4", { sizeMb: 16 });
    using box = await smallBox(disk);
    box.write("big", "2".repeat(400_000));
    for (const left of [200_000, 8192, 0]) {
      using _full = leaveOnly(left, disk);
      const { hint } = await box.error("E_NO_SPACE", ["snapshot", "second"]);
      assertStringIncludes(hint, "space");
      const status = await box.json<{ head_snapshot_id: string }>(["status"]);
      assertEquals(status.head_snapshot_id, box.first);
      assertEquals((await box.history()).length, 1);
    }
    assertEquals(payloadsOf(box.control).size, 1);
    await losingNothing(box, ["snapshot", "second"]);
    assertEquals((await box.history()).length, 2);
  },
});
