import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ErrorCode, JvsError } from "../../model/errors.ts";
import { lockAcquire } from "../../operation/lock_acquire.ts";
import { lockRelease } from "../../operation/lock_release.ts";
import { snapshot } from "../../operation/snapshot.ts";
import { snapshotSaving } from "../snapshot/save_snapshot.ts";
import { namesIn } from "../../../tests/support/files.ts";
import { leaseOn, pastLease, raiseToken } from "../../../tests/support/leases.ts";
import { TestRepository } from "../../../tests/support/repository.ts";
import { until } from "../../../tests/support/until.ts";
import { changeWorktree } from "./change.ts";
import type { WorktreeChange } from "./kind.ts";

const MINE = { session: "mine" };

/** Runs something in the middle of a change of main that goes by a lease. */
async function during(
  repository: TestRepository,
  body: (check: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const context = await repository.open(MINE);
  const begun = { kind: snapshotSaving, target: "main", details: {} };
  await changeWorktree(
    context,
    context.store.worktrees.get("main"),
    begun,
    async (change: WorktreeChange) => {
      await body(async () => await change.guard?.check());
      change.intent.complete();
    },
  );
}

Deno.test("LeaseGuard renews its lease as long as the change runs, and no longer", async () => {
  using repository = await TestRepository.saved();
  const { lease } = await repository.call(lockAcquire, { lease_ms: 1000 }, MINE);
  await during(repository, async (check) => {
    const end = Date.parse(lease.lease_expires_at);
    await until(() => Date.now() > end + 500);
    await check();
    assert(Date.parse(leaseOn(repository).lease_expires_at) > end + 500);
  });
  const { lease_expires_at } = leaseOn(repository);
  await until(() => Date.now() > Date.parse(lease_expires_at));
  assertEquals(leaseOn(repository).lease_expires_at, lease_expires_at);
});

Deno.test("LeaseGuard.check() renews a lease of which less than half is left", async () => {
  using repository = await TestRepository.saved();
  await repository.call(lockAcquire, {}, MINE);
  await during(repository, async (check) => {
    pastLease(repository, 14_000);
    const before = leaseOn(repository);
    await check();
    assertEquals(leaseOn(repository), before);
    pastLease(repository, 16_000);
    await check();
    assert(Date.parse(leaseOn(repository).last_renewed_at) > Date.now() - 5000);
  });
});

/** Lets each renewal of main's lease fail until `using` ends: a folder lies where its short lock must be. */
function unrenewable(repository: TestRepository): Disposable {
  const { worktree_id } = leaseOn(repository);
  const lock = `${repository.path}/.jvs/runtime/shared/locks/short-lease-${worktree_id}.lock`;
  Deno.removeSync(lock);
  Deno.mkdirSync(lock);
  return { [Symbol.dispose]: () => Deno.removeSync(lock) };
}

Deno.test("LeaseGuard.check() stops what cannot renew a lease that ends soon, and not one that holds for long", async () => {
  using repository = await TestRepository.saved();
  await repository.call(lockAcquire, {}, MINE);
  using _broken = unrenewable(repository);
  await during(repository, async (check) => {
    await check();
    pastLease(repository, 16_000);
    const before = leaseOn(repository);
    assertEquals((await assertRejects(check, JvsError)).code, "E_PERMISSION");
    assertEquals(leaseOn(repository), before);
  });
});

Deno.test("LeaseGuard stops a snapshot whose lease cannot be renewed before it publishes anything", async () => {
  using repository = await TestRepository.saved();
  await repository.call(lockAcquire, {}, MINE);
  repository.write("main/a.txt", "two\n");
  const snapshots = `${repository.path}/.jvs/snapshots`;
  const before = namesIn(snapshots);
  {
    using _broken = unrenewable(repository);
    pastLease(repository, 16_000);
    const error = await assertRejects(() => repository.call(snapshot, {}, MINE), JvsError);
    assertEquals(error.code, "E_PERMISSION", error.message);
    assertEquals(namesIn(snapshots), before);
    assertEquals((await repository.open()).store.intents.list(), []);
  }
  await repository.call(snapshot, {}, MINE);
  assertEquals((await repository.audit()).filter(({ operation }) => operation === "snapshot").length, 2);
});

Deno.test("LeaseGuard.check() stops what lost its lease or was overtaken", async () => {
  const losses: [why: string, lose: (repository: TestRepository) => unknown, code: ErrorCode][] = [
    ["it ran out", (repository) => pastLease(repository, 30_001), "E_LOCK_EXPIRED"],
    ["it was released", (repository) => repository.call(lockRelease, {}, MINE), "E_LOCK_EXPIRED"],
    ["its time is wrong", (repository) => pastLease(repository, -60_000), "E_CLOCK_SKEW_EXCEEDED"],
    ["it was overtaken", (repository) => raiseToken(repository), "E_FENCING_MISMATCH"],
    ["both", (repository) => (pastLease(repository), raiseToken(repository)), "E_FENCING_MISMATCH"],
  ];
  for (const [why, lose, code] of losses) {
    using repository = await TestRepository.saved();
    await repository.call(lockAcquire, {}, MINE);
    await during(repository, async (check) => {
      await check();
      await lose(repository);
      assertEquals((await assertRejects(check, JvsError)).code, code, why);
    });
  }
});
