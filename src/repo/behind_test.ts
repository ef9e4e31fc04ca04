import { assertEquals, assertStringIncludes } from "@std/assert";
import { leaveIntent } from "../../tests/support/leftovers.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import type { Reporter } from "../model/progress.ts";
import { diff } from "../operation/diff.ts";
import { doctor } from "../operation/doctor.ts";
import { history } from "../operation/history.ts";
import { restore } from "../operation/restore.ts";
import { show } from "../operation/show.ts";
import { status } from "../operation/status.ts";
import { worktreeFork } from "../operation/worktree_fork.ts";

/** A worktree whose record does not know its two newest snapshots, beside one that is in order. */
async function behind() {
  const repository = await TestRepository.saved();
  await repository.call(worktreeFork, { name: "other" });
  const record = `${repository.path}/.jvs/worktrees/main/config.json`;
  const before = Deno.readTextFileSync(record);
  const saved = [];
  for (const text of ["2\n", "3\n"]) {
    repository.write("main/a.txt", text);
    saved.push(await repository.save());
  }
  Deno.writeTextFileSync(record, before);
  return Object.assign(repository, { newest: saved[1] ?? "" });
}

/** What a command warns of. */
async function warned(command: (more: { reporter: Reporter }) => Promise<unknown>): Promise<string[]> {
  const said: string[] = [];
  await command({ reporter: { begin() {}, advance() {}, warn: (text) => void said.push(text) } });
  return said;
}

Deno.test("warnIfBehind() warns wherever HEAD and LATEST of a record that is older than its line are asked for", async () => {
  using repository = await behind();
  const commands = [
    (more: object) => repository.call(status, {}, more),
    (more: object) => repository.call(history, {}, more),
    (more: object) => repository.call(diff, {}, more),
    (more: object) => repository.call(diff, { from: "HEAD", to: "LATEST" }, more),
    (more: object) => repository.call(show, { snapshot: "LATEST" }, more),
    (more: object) => repository.call(show, { snapshot: "main@" }, { ...more, in: "worktrees/other" }),
    (more: object) => repository.call(restore, { snapshot: "LATEST", preview: true }, more),
    (more: object) => repository.call(worktreeFork, { snapshot: "LATEST", name: crypto.randomUUID() }, more),
  ];
  for (const command of commands) {
    const said = await warned(command);
    assertEquals(said.length, 1, String(command));
    assertStringIncludes(
      said[0] ?? "",
      `2 snapshots that were saved in it after that, the newest ${repository.newest}.`,
    );
    assertStringIncludes(said[0] ?? "", "`jvs doctor --repair advance_head`");
  }
  const other = (more: object) => repository.call(status, {}, { ...more, in: "worktrees/other" });
  assertEquals(await warned(other), []);
  await repository.call(doctor, { repair: ["advance_head"] });
  for (const command of commands) assertEquals(await warned(command), []);
});

Deno.test("warnIfBehind() asks the snapshots where the audit trail does not tell", async () => {
  using repository = await behind();
  Deno.removeSync(`${repository.path}/.jvs/audit`, { recursive: true });
  assertEquals((await warned((more) => repository.call(status, {}, more))).length, 1);
  const other = (more: object) => repository.call(status, {}, { ...more, in: "worktrees/other" });
  assertEquals(await warned(other), []);
});

Deno.test("warnIfBehind() says nothing of a worktree whose record is about to be changed", async () => {
  using repository = await behind();
  const { worktree_id } = (await repository.open()).store.worktrees.get("main");
  leaveIntent(`${repository.path}/.jvs`, "snapshot", { worktree_id, target: "main" });
  assertEquals(await warned((more) => repository.call(status, {}, more)), []);
});
