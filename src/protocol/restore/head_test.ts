import { assertEquals, assertStringIncludes } from "@std/assert";
import { restore } from "../../operation/restore.ts";
import { snapshot } from "../../operation/snapshot.ts";
import { TestRepository } from "../../../tests/support/repository.ts";
import { shortId } from "../../model/ids.ts";

/** Three snapshots in a line, and one on a line that goes off from the first. */
async function twoLines() {
  const repository = await TestRepository.saved();
  const save = async (text: string) => {
    repository.write("main/a.txt", text);
    const { snapshot: made } = await repository.call(snapshot, { note: text, branch: text === "side" });
    return made.snapshot_id;
  };
  const [second, third] = [await save("second"), await save("third")];
  await repository.call(restore, { snapshot: repository.first });
  return Object.assign(repository, { second, third, side: await save("side") });
}

Deno.test("restore() says in one sentence which way it went", async () => {
  using repository = await twoLines();
  const { first, second, third, side } = repository;
  for (
    const [to, way] of [
      [third, ", on another line: "],
      [first, ", 2 snapshots back: "],
      [second, ", 1 snapshot forward: "],
      [second, ": nothing differed"],
      [first, ", 1 snapshot back: "],
      [third, ", 2 snapshots forward: "],
      [side, ", on another line: "],
    ] as const
  ) {
    const begin = `restore ${shortId(to)} in worktree main${way}`;
    const planned = await repository.call(restore, { snapshot: to, preview: true });
    assertEquals(planned.sentence.slice(0, begin.length + 6), `Would ${begin}`);
    const done = await repository.call(restore, { snapshot: to });
    assertEquals(done.sentence.slice(0, begin.length + 1), `Restored${begin.slice("restore".length)}`);
  }
});

Deno.test("restore() of some paths goes nowhere, and says so", async () => {
  using repository = await twoLines();
  const { sentence } = await repository.call(restore, { snapshot: repository.second, paths: ["a.txt"] });
  assertEquals(sentence, `Restored paths of ${shortId(repository.second)} in worktree main: 1 file changed.`);
});

Deno.test("restore() works, and says no way, where the line is damaged", async () => {
  using repository = await twoLines();
  const { second, third, path } = repository;
  await repository.call(restore, { snapshot: third });
  Deno.removeSync(`${path}/.jvs/descriptors/${second}.json`);
  const { sentence } = await repository.call(restore, { snapshot: repository.first });
  assertStringIncludes(sentence, `Restored ${shortId(repository.first)} in worktree main: `);
});
