import { assert, assertEquals } from "@std/assert";
import { TestRepository } from "../../../tests/support/repository.ts";
import { requires } from "../../../tests/support/requires.ts";
import { configSet } from "../../operation/config_set.ts";
import { restore } from "../../operation/restore.ts";
import { status } from "../../operation/status.ts";
import { verify } from "../../operation/verify.ts";

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
    Deno.writeTextFileSync(damaged, "longer than it was saved\n");
    Deno.removeSync(`${repository.main}/data`, { recursive: true });
    assertEquals((await repository.call(restore, { snapshot: first, discard: true })).verified, false);

    const { differences } = await repository.call(status);
    assertEquals(differences.map(({ kind, path }) => [kind, path]), [["modified", "data/a.txt"]]);
    assert(differences[0]?.aspects.includes("content"));
    const second = await repository.save();
    assertEquals((await repository.call(verify, { snapshot: second })).tamper_detected, false);
  },
});
