import { assertEquals, assertNotEquals } from "@std/assert";
import { TestRepository } from "../../../tests/support/repository.ts";
import { entry, tableOf } from "../../../tests/support/random_tables.ts";
import { SYMLINK } from "../../model/entry.ts";
import type { Descriptor } from "../../model/records.ts";
import { show } from "../../operation/show.ts";
import { verify } from "../../operation/verify.ts";
import { changedBytes } from "./describe_tree.ts";

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

const file = (path: string, size: number, digit: string, group: string | null = null) =>
  entry(path, { size, hash: digit.repeat(64), group });

Deno.test("changedBytes() counts what is new or has other content, each file once", async () => {
  const before = tableOf([
    file("a", 1, "1"),
    file("b", 2, "2"),
    file("gone", 4, "4"),
    file("d/moved", 8, "8"),
  ]);
  const now = tableOf([
    file("a", 1, "1"),
    file("b", 2, "3"),
    file("d/new-name", 8, "8"),
    file("one", 16, "5", "g"),
    file("two", 16, "5", "g"),
    entry("link", { type: SYMLINK, target: "a", size: 32 }),
  ]);
  assertEquals(await changedBytes(before, now), 2 + 8 + 16);
  assertEquals(await changedBytes(undefined, now), 1 + 2 + 8 + 16);
  assertEquals(await changedBytes(now, now), 0);
});

Deno.test("changedBytes() does not count what only has other metadata", async () => {
  const now = tableOf([{ ...file("a", 5, "1"), mode: 0o600, sec: 9 }]);
  assertEquals(await changedBytes(tableOf([file("a", 5, "1")]), now), 0);
});
