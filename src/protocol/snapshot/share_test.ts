import { assertEquals, assertNotEquals } from "@std/assert";
import { requires } from "../../../tests/support/requires.ts";
import { TestRepository } from "../../../tests/support/repository.ts";
import { restore } from "../../operation/restore.ts";
import { status } from "../../operation/status.ts";
import { verify } from "../../operation/verify.ts";

const inodeIn = (repository: TestRepository, id: string, path: string) =>
  Deno.lstatSync(`${repository.path}/.jvs/snapshots/${id}/${path}`).ino;

/** Until a file written now is older than the clock's tick, it is not trusted to be unchanged (SPEC 5, clean). */
async function afterTheTick(repository: TestRepository): Promise<void> {
  const written = Deno.statSync(`${repository.main}/a.txt`).ctime as Date;
  while (Date.now() - written.getTime() < 30) await new Promise((resolve) => setTimeout(resolve, 5));
}

Deno.test({
  name:
    "shareWithNewest() shares unchanged files with the snapshot before, whatever looked at them meanwhile",
  ...requires("ffi"),
  async fn() {
    using repository = await TestRepository.saved();
    await afterTheTick(repository);
    const second = await repository.save("the cache is filled by clean files");
    const third = await repository.save("taken from the cache");
    assertEquals(inodeIn(repository, third, "a.txt"), inodeIn(repository, second, "a.txt"));

    repository.write("main/data/b.txt", "changed\n");
    await repository.call(status);
    const fourth = await repository.save("after a status");
    assertEquals(inodeIn(repository, fourth, "a.txt"), inodeIn(repository, second, "a.txt"));
    assertNotEquals(inodeIn(repository, fourth, "data/b.txt"), inodeIn(repository, third, "data/b.txt"));

    await repository.call(restore, { snapshot: third });
    await repository.call(restore, { snapshot: "HEAD" });
    const fifth = await repository.save("after restores");
    assertEquals(inodeIn(repository, fifth, "a.txt"), inodeIn(repository, second, "a.txt"));
    const { tamper_detected } = await repository.call(verify, { all: true });
    assertEquals(tamper_detected, false);
  },
});
