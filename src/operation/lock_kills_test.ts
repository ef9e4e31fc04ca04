import { assert, assertEquals } from "@std/assert";
import { killedAt } from "../../tests/support/kill_point.ts";
import { leaseOn, lockRecords, pastLease } from "../../tests/support/leases.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { lockAcquire } from "./lock_acquire.ts";
import { lockRelease } from "./lock_release.ts";
import { lockStatus } from "./lock_status.ts";
import { refCreate } from "./ref_create.ts";
import { snapshot } from "./snapshot.ts";

const MINE = { session: "mine" };
const OTHER = { session: "other" };

Deno.test("lockRelease() right after an acquisition that was killed leaves a record of both, or of none", async () => {
  for (let n = 1, killed = true; killed; n++) {
    using repository = await TestRepository.saved();
    killed = await killedAt(n, () => repository.call(lockAcquire, {}, MINE));
    const isHeld = (await repository.call(lockStatus, {}, MINE)).is_mine;
    if (isHeld) await repository.call(lockRelease, {}, MINE);
    await repository.call(snapshot); // recovers what is open
    const expected = isHeld ? [["lock acquire", 1, "mine"], ["lock release", 1, "mine"]] : [];
    assertEquals(await lockRecords(repository), expected, `killed at ${n}`);
  }
});

Deno.test("lockRelease() that was killed before the lease went is no release once another session took the lease over", async () => {
  for (let n = 1, killed = true; killed; n++) {
    using repository = await TestRepository.saved();
    const { lease } = await repository.call(lockAcquire, {}, MINE);
    killed = await killedAt(n, () => repository.call(lockRelease, {}, MINE));
    const isHeld = (await repository.call(lockStatus, {}, MINE)).is_mine;
    if (isHeld) pastLease(repository);
    await repository.call(lockAcquire, {}, OTHER);
    await repository.call(snapshot, {}, OTHER);
    await repository.call(refCreate, { name: "next" }); // recovers changes of the repository
    const taken = (await repository.audit()).flatMap(({ operation, details }) =>
      operation.startsWith("lock ") ? [[operation, details.taken_over === null, details.session_id]] : []
    );
    const last = isHeld ? [["lock acquire", false, "other"]] : [["lock acquire", true, "other"]];
    const release = taken.find(([operation]) => operation === "lock release");
    assertEquals(release !== undefined, !isHeld, `killed at ${n}: ${JSON.stringify(taken)}`);
    assertEquals(taken.filter(([operation]) => operation !== "lock release").slice(1), last);
    assert(lease.lock_id !== leaseOn(repository).lock_id);
  }
});
