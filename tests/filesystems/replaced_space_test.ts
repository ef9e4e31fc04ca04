import { assert, assertEquals } from "@std/assert";
import { configSet } from "../../src/operation/config_set.ts";
import { gcRun } from "../../src/operation/gc_run.ts";
import { restore } from "../../src/operation/restore.ts";
import { diskImage } from "../support/disk_image.ts";
import { TestRepository } from "../support/repository.ts";
import { requires } from "../support/requires.ts";
import { mustRun } from "../support/run.ts";

const MB = 1024 * 1024;

/** What the disk says is used, after it has settled. */
function used(disk: string): number {
  for (let round = 0; round < 2; round++) {
    mustRun("sync", "-f", disk);
    mustRun("fsfreeze", "-f", disk);
    mustRun("fsfreeze", "-u", disk);
  }
  const [blocks = 0, free = 0, size = 0] = mustRun("stat", "-f", "-c", "%b %f %S", disk).split(" ").map(
    Number,
  );
  return (blocks - free) * size;
}

for (const kind of ["ext4", "xfs", "btrfs"] as const) {
  Deno.test({
    name:
      `gc run says what came free with what restores had replaced, without what snapshots share (${kind})`,
    ...requires("root", "ffi", kind),
    async fn() {
      await using disk = await diskImage(kind);
      using repository = await TestRepository.make(disk.path);
      const write = (name: string, bytes: number) => {
        const full = `${repository.main}/${name}`;
        Deno.writeFileSync(full, new Uint8Array(bytes).map((_, i) => i * 31 + bytes));
      };
      write("model", 8 * MB);
      const first = await repository.save();
      write("model", 8 * MB + 1);
      await repository.save();
      write("not saved", 4 * MB);
      if (kind === "ext4") Deno.linkSync(`${repository.main}/not saved`, `${repository.main}/its other name`);
      await repository.call(restore, { snapshot: first, discard: true });
      await repository.call(configSet, { key: "restore.keep_replaced", value: "0s" });
      const before = used(disk.path);
      const { freed_bytes, replaced_bytes } = await repository.call(gcRun, { yes: true });
      const freed = before - used(disk.path);
      assertEquals(freed_bytes, 0);
      const state = `said ${replaced_bytes}, freed ${freed}`;
      assert(freed >= 4 * MB, state);
      assert(Math.abs(replaced_bytes - freed) < 0.5 * MB, state);
    },
  });
}
