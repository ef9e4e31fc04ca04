import { assertEquals } from "@std/assert";
import { TestRepository } from "../../tests/support/repository.ts";
import { diff } from "../operation/diff.ts";
import { status } from "../operation/status.ts";

Deno.test("openWorktree() warns of a folder that was replaced, until a change has taken it", async () => {
  using repository = await TestRepository.saved();
  Deno.renameSync(repository.main, `${repository.path}/before`);
  repository.write("main/a.txt", "another\n");
  const warnings: string[] = [];
  const reporter = { begin() {}, advance() {}, warn: (message: string) => void warnings.push(message) };
  await repository.call(status, {}, { reporter });
  assertEquals(warnings.length, 1);
  await repository.save("after");
  warnings.length = 0;
  await repository.call(status, {}, { reporter });
  assertEquals(warnings, []);
});

Deno.test("diff before the first snapshot names what is there, and not the worktree's own folder", async () => {
  using repository = await TestRepository.make();
  repository.write("main/a.txt", "one\n");
  const { differences } = await repository.call(diff);
  assertEquals(differences.map(({ path }) => path), ["a.txt"]);
});
