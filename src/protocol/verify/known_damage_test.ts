import { assertEquals } from "@std/assert";
import { TestRepository } from "../../../tests/support/repository.ts";
import { storedDamage } from "../../repo/damage_store.ts";
import { KnownDamage } from "./known_damage.ts";

const found = (...paths: string[]) => ({ error: "E_PAYLOAD_HASH_MISMATCH", paths, isPartly: false });

Deno.test("KnownDamage keeps the first that is found at once, because a run may be killed", async () => {
  using repository = await TestRepository.saved();
  const { store } = await repository.open();
  const run = await KnownDamage.open(store);
  await run.noteFound(repository.first, found("a.txt"));
  assertEquals((await storedDamage(store)).get(repository.first)?.paths, ["a.txt"]);
});

Deno.test("KnownDamage forgets nothing that another run found meanwhile, and adds to it", async () => {
  using repository = await TestRepository.saved();
  const { store } = await repository.open();
  const { first } = repository;
  const realNow = Date.now;
  let seconds = 0;
  Date.now = () => realNow() + 1000 * seconds++; // each finding has a time of its own
  try {
    const paths = async () => (await storedDamage(store)).get(first)?.paths;
    await (await KnownDamage.open(store)).noteFound(first, found("a.txt"));
    const [one, other, sound] = [
      await KnownDamage.open(store),
      await KnownDamage.open(store),
      await KnownDamage.open(store),
    ];
    await one.noteFound(first, found("a.txt", "b.txt"));
    await other.noteFound(first, found("data/b.txt"));
    await other.keep();
    assertEquals(await paths(), ["data/b.txt", "a.txt", "b.txt"]);
    sound.noteSound(first);
    await sound.keep();
    assertEquals((await paths())?.length, 3);
    const later = await KnownDamage.open(store);
    later.noteSound(first);
    await later.keep();
    assertEquals(await paths(), undefined);
  } finally {
    Date.now = realNow;
  }
});
