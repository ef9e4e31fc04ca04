import { assertEquals } from "@std/assert";
import { TestRepository } from "../../tests/support/repository.ts";
import { lockAcquire } from "../operation/lock_acquire.ts";
import { lockRelease } from "../operation/lock_release.ts";
import { highestToken } from "./highest_token.ts";

Deno.test("highestToken() is above each token that a lease had, also where the record is of an older copy", async () => {
  using repository = await TestRepository.saved();
  const acquire = async (session: string) =>
    (await repository.call(lockAcquire, {}, { session })).lease.fencing_token;
  const release = async (session: string) => void await repository.call(lockRelease, {}, { session });
  const record = `${repository.path}/.jvs/worktrees/main/config.json`;
  const old = Deno.readTextFileSync(record);
  assertEquals(await acquire("one"), 1);
  await release("one");
  assertEquals(await acquire("two"), 2);
  await release("two");
  Deno.writeTextFileSync(record, old);
  assertEquals(await acquire("three"), 3, "the audit trail tells");
  Deno.writeTextFileSync(record, old);
  Deno.renameSync(`${repository.path}/.jvs/audit`, `${repository.path}/.jvs/away`);
  const { store } = await repository.open();
  const worktree = store.worktrees.get("main");
  assertEquals([worktree.fencing_token, highestToken(store.layout, worktree, undefined)], [0, 0]);
  assertEquals(highestToken(store.layout, worktree, { fencing_token: 3 }), 3, "the lease tells");
});
