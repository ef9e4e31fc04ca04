import { assertEquals, assertNotEquals } from "@std/assert";
import { TestRepository } from "../../../tests/support/repository.ts";
import type { Descriptor } from "../../model/records.ts";
import { show } from "../../operation/show.ts";
import { verify } from "../../operation/verify.ts";

const packOf = (repository: TestRepository, id: string) => `${repository.path}/.jvs/manifests/${id}.pack`;

async function described(repository: TestRepository, note: string): Promise<Descriptor> {
  const id = await repository.save(note);
  return (await repository.call(show, { snapshot: id })).snapshot;
}

async function isWhole(repository: TestRepository, id: string): Promise<boolean> {
  const { tamper_detected } = await repository.call(verify, { snapshot: id });
  return !tamper_detected;
}

Deno.test("describeTree() says of the same tree what was said before, and of another one what it is", async () => {
  using repository = await TestRepository.saved();
  const first = await described(repository, "first");
  const second = await described(repository, "nothing changed");
  assertEquals(second.payload_root_hash, first.payload_root_hash);
  assertEquals(second.manifest_hash, first.manifest_hash);

  repository.write("main/a.txt", "changed\n");
  const third = await described(repository, "changed");
  assertNotEquals(third.payload_root_hash, first.payload_root_hash);
  assertNotEquals(third.manifest_hash, first.manifest_hash);
  for (const { snapshot_id } of [first, second, third]) {
    assertEquals(await isWhole(repository, snapshot_id), true);
  }
});

Deno.test("describeTree() does not hand on a manifest that rotted", async () => {
  using repository = await TestRepository.saved();
  const first = await repository.save("its pack rots");
  const pack = packOf(repository, repository.first); // what did not change is only there
  const bytes = Deno.readFileSync(pack);
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  Deno.writeFileSync(pack, bytes);
  const second = await repository.save("nothing changed");
  assertEquals([await isWhole(repository, first), await isWhole(repository, second)], [false, true]);
});
