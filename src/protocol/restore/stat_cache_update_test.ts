import { assert, assertEquals } from "@std/assert";
import { interceptWhen } from "../../../tests/support/kill_point.ts";
import { TestRepository } from "../../../tests/support/repository.ts";
import { requires } from "../../../tests/support/requires.ts";
import { configSet } from "../../operation/config_set.ts";
import { restore } from "../../operation/restore.ts";
import { status } from "../../operation/status.ts";
import { verify } from "../../operation/verify.ts";
import { LinuxFile } from "../../platform/linux_file.ts";

Deno.test({
  name:
    "restore does not take a file for what its snapshot says if it came out of the payload with another size",
  ...requires("ffi"),
  async fn() {
    using repository = await TestRepository.make();
    repository.write("main/data/a.txt", "as it was saved\n");
    const first = await repository.save();
    await repository.call(configSet, { key: "restore.verify_limit", value: "0" });
    const damaged = `${repository.path}/.jvs/snapshots/${first}/data/a.txt`;
    Deno.chmodSync(damaged, 0o644);
    Deno.removeSync(`${repository.main}/data`, { recursive: true });
    // It is written into when it was looked at and is being copied.
    const damage = () => Deno.writeTextFileSync(damaged, "longer than it was saved\n");
    const stop = interceptWhen(LinuxFile.prototype, "copyPieces", () => true, damage);
    try {
      assertEquals((await repository.call(restore, { snapshot: first, discard: true })).verified, false);
    } finally {
      stop();
    }

    const { differences } = await repository.call(status);
    assertEquals(differences.map(({ kind, path }) => [kind, path]), [["modified", "data/a.txt"]]);
    assert(differences[0]?.aspects.includes("content"));
    const second = await repository.save();
    assertEquals((await repository.call(verify, { snapshot: second })).tamper_detected, false);
  },
});
