import { assert, assertEquals } from "@std/assert";
import { TestRepository } from "../../tests/support/repository.ts";
import { LinuxFile } from "../platform/linux_file.ts";
import { SystemError } from "../platform/system_error.ts";
import { keepDamage, type NotedDamage, storedDamage } from "./damage_store.ts";

const noted: NotedDamage = { time: 7, error: "E_PAYLOAD_HASH_MISMATCH", paths: ["a.txt"] };

Deno.test("keepDamage() keeps what storedDamage() gives, without snapshots that are gone", async () => {
  using repository = await TestRepository.saved();
  const { store } = await repository.open();
  const gone = "1795236123903-66272f6d";
  await keepDamage(store, new Map([[repository.first, noted], [gone, noted]]));
  assertEquals([...await storedDamage(store)], [[repository.first, noted]]);
  await keepDamage(store, new Map());
  assertEquals((await storedDamage(store)).size, 0);
});

Deno.test("keepDamage() keeps no paths where there are too many: then all of the snapshot is read again", async () => {
  using repository = await TestRepository.saved();
  const { store } = await repository.open();
  const { first } = repository;
  const second = await repository.save("second");
  const paths = Array.from({ length: 6000 }, (_, n) => `${n}`.padStart(200, "x"));
  await keepDamage(store, new Map([[first, { ...noted, paths }], [second, noted]]));
  const stored = await storedDamage(store);
  assertEquals([stored.get(first)?.paths, stored.get(second)?.paths], [null, ["a.txt"]]);
  const { host: { id, uid } } = store.platform;
  assert(Deno.statSync(store.layout.damage(id, uid).path).size < 1000, "it is small");
});

Deno.test("keepDamage() leaves what was noted before where it cannot write, as on a full disk", async () => {
  using repository = await TestRepository.saved();
  const { store } = await repository.open();
  await keepDamage(store, new Map([[repository.first, noted]]));
  const write = LinuxFile.prototype.write;
  try {
    LinuxFile.prototype.write = () => {
      throw new SystemError("write", "a file", "ENOSPC");
    };
    await keepDamage(store, new Map([[repository.first, { ...noted, paths: ["b.txt"] }]]));
  } finally {
    LinuxFile.prototype.write = write;
  }
  assertEquals([...await storedDamage(store)], [[repository.first, noted]]);
});
