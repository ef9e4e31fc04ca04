import { assert, assertEquals } from "@std/assert";
import { verify } from "../src/operation/verify.ts";
import { dropManifests } from "../src/tree/drop_manifests.ts";
import { requires } from "./support/requires.ts";
import { TestRepository } from "./support/repository.ts";

const FILES = 2000;

/** Writes the files from `start` on. */
function write(repository: TestRepository, start: number, text: string): void {
  for (let i = start; i < FILES; i++) repository.write(`main/data/${String(i).padStart(4, "0")}`, text);
}

Deno.test({
  name: "verify finds nothing wrong after the manifests of other snapshots were dropped, and shares go on",
  ...requires("ffi"),
  async fn() {
    using repository = await TestRepository.make();
    write(repository, 0, "first");
    const first = await repository.save("first");
    write(repository, 300, "second");
    const kept = [await repository.save("second")];
    write(repository, 1900, "third");
    kept.push(await repository.save("third"));
    const { store } = await repository.open();
    {
      using claim = store.snapshots.claimForRemoval(first);
      assert(claim);
      Deno.removeSync(store.layout.ready(first).path);
      using manifests = store.layout.manifests.open();
      const { freed } = await dropManifests(manifests, new Set([first]));
      assert(freed > 64 * 1024, `${freed}`);
      assertEquals(store.layout.manifests.names().filter((name) => name.startsWith(first)), [
        `${first}.pack`,
      ]);
    }
    write(repository, 1950, "fourth");
    kept.push(await repository.save("fourth"));
    for (const snapshot of kept) {
      assertEquals((await repository.call(verify, { snapshot })).severity, "ok", snapshot);
    }
  },
});
