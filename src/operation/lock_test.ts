import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { type ErrorCode, JvsError } from "../model/errors.ts";
import { leaseFile, leaseOn, lockRecords, pastLease, raiseToken } from "../../tests/support/leases.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { mustRun } from "../../tests/support/run.ts";
import { doctor } from "./doctor.ts";
import { info } from "./info.ts";
import { lockAcquire } from "./lock_acquire.ts";
import { lockRelease } from "./lock_release.ts";
import { lockRenew } from "./lock_renew.ts";
import { lockStatus } from "./lock_status.ts";
import { lockSteal } from "./lock_steal.ts";
import { restore } from "./restore.ts";
import { snapshot } from "./snapshot.ts";
import { status } from "./status.ts";
import { worktreeFork } from "./worktree_fork.ts";
import { worktreeList } from "./worktree_list.ts";
import { worktreeRemove } from "./worktree_remove.ts";

const MINE = { session: "mine" };
const OTHER = { session: "other" };

async function refused(code: ErrorCode, work: () => Promise<unknown>): Promise<JvsError> {
  const error = await assertRejects(work, JvsError);
  assertEquals(error.code, code, error.message);
  return error;
}

Deno.test("lockAcquire() keeps all others away, and its session works by it", async () => {
  using repository = await TestRepository.saved();
  const { lease, state, is_mine } = await repository.call(lockAcquire, {}, MINE);
  assertEquals([state, is_mine, lease.session_id, lease.fencing_token, lease.acquire_seq], [
    "held",
    true,
    "mine",
    1,
    1,
  ]);
  for (const session of ["other", undefined, ""]) {
    const caller = session === undefined ? {} : { session };
    const error = await refused("E_LOCK_CONFLICT", () => repository.call(snapshot, {}, caller));
    assertStringIncludes(error.message, lease.holder_id);
    assertStringIncludes(error.message, lease.lease_expires_at);
    assert(!JSON.stringify(error).includes("mine"), "the session must stay the holder's");
    await refused(
      "E_LOCK_CONFLICT",
      () => repository.call(restore, { snapshot: "HEAD", discard: true }, caller),
    );
    if (session !== "") await refused("E_LOCK_CONFLICT", () => repository.call(lockAcquire, {}, caller));
  }
  repository.write("main/a.txt", "two\n");
  const { snapshot: made } = await repository.call(snapshot, {}, MINE);
  assertEquals(made.fencing_token, 1);
  const record = (await repository.audit()).at(-1);
  assertEquals([record?.operation, record?.fencing_token, record?.session_id], ["snapshot", 1, "mine"]);
  // Another worktree is free, also one that begins with what this one is now.
  await repository.call(worktreeFork, { name: "free" }, OTHER);
  await repository.save("", "worktrees/free");
});

Deno.test("lockAcquire() by the session that holds it renews it; an expired or released one is acquired anew", async () => {
  using repository = await TestRepository.saved();
  const first = (await repository.call(lockAcquire, { lease_ms: 5000 }, MINE)).lease;
  pastLease(repository, 2000);
  const again = (await repository.call(lockAcquire, {}, MINE)).lease;
  assertEquals([again.lock_id, again.fencing_token, again.acquire_seq], [first.lock_id, 1, 2]);
  assertEquals(again.lease_duration_ms, 5000);
  assert(Date.parse(again.lease_expires_at) > Date.now() + 3000);
  assertEquals((await repository.call(lockAcquire, { lease_ms: 9000 }, MINE)).lease.lease_duration_ms, 9000);

  pastLease(repository, 9500); // nobody else may take it yet
  await refused("E_LOCK_CONFLICT", () => repository.call(lockAcquire, {}, OTHER));
  await refused("E_LOCK_EXPIRED", () => repository.call(snapshot, {}, MINE));
  await refused("E_LOCK_EXPIRED", () => repository.call(lockRenew, {}, MINE));
  const anew = (await repository.call(lockAcquire, {}, MINE)).lease;
  assertEquals([anew.fencing_token, anew.acquire_seq], [2, 1]);
  assertEquals(await lockRecords(repository), [["lock acquire", 1, "mine"], ["lock acquire", 2, "mine"]]);
});

Deno.test("lockAcquire() takes over what is over, with a higher token, and says so in the audit trail", async () => {
  using repository = await TestRepository.saved();
  const first = (await repository.call(lockAcquire, {}, MINE)).lease;
  pastLease(repository, 30_000); // three seconds of skew and grace are left
  const error = await refused("E_LOCK_CONFLICT", () => repository.call(lockSteal, {}, OTHER));
  assertMatch(error.hint, /from \d{4}-.*Z on/);
  pastLease(repository);
  repository.write("main/a.txt", "without a lease\n");
  assertEquals((await repository.call(snapshot, {}, OTHER)).snapshot.fencing_token, null);
  const taken = (await repository.call(lockAcquire, {}, OTHER)).lease;
  assertEquals([taken.fencing_token, taken.session_id], [2, "other"]);
  await refused("E_LOCK_CONFLICT", () => repository.call(snapshot, {}, MINE));
  await refused("E_LOCK_CONFLICT", () => repository.call(lockRenew, {}, MINE));
  await refused("E_LOCK_CONFLICT", () => repository.call(lockRelease, {}, MINE));
  const details = (await repository.audit()).at(-1)?.details;
  assertEquals((details?.taken_over as Record<string, unknown>).lock_id, first.lock_id);
});

Deno.test("lockAcquire() takes no lease over that its holder renewed at the last moment", async () => {
  for (const take of ["acquire", "steal"]) {
    using repository = await TestRepository.saved();
    await repository.call(lockAcquire, {}, MINE);
    pastLease(repository);
    const reporter = {
      // A holder whose clock is behind renews it, in time as far as that clock says.
      begin: (phase: string) => phase === "committing" ? pastLease(repository, 0) : undefined,
      advance() {},
      warn() {},
    };
    const caller = { ...OTHER, reporter };
    const call = () =>
      take === "steal" ? repository.call(lockSteal, {}, caller) : repository.call(lockAcquire, {}, caller);
    await refused("E_LOCK_CONFLICT", call);
    const { lease, fencing_token } = await repository.call(lockStatus);
    assertEquals([lease?.session_id, lease?.fencing_token, fencing_token], ["mine", 1, 1]);
    assertEquals(await lockRecords(repository), [["lock acquire", 1, "mine"]]);
    await repository.call(snapshot, {}, MINE);
  }
});

Deno.test("lockSteal() never takes what holds; --force takes what lies in the future or is damaged", async () => {
  using repository = await TestRepository.saved();
  const file = (await repository.call(lockAcquire, {}, MINE), leaseFile(repository));
  for (const force of [false, true]) {
    await refused("E_LOCK_CONFLICT", () => repository.call(lockSteal, { force }, OTHER));
    pastLease(repository, 30_500);
    await refused("E_LOCK_CONFLICT", () => repository.call(lockSteal, { force }, OTHER));
    pastLease(repository, 0);
  }
  pastLease(repository, -60_000);
  for (const caller of [MINE, OTHER]) {
    await refused("E_CLOCK_SKEW_EXCEEDED", () => repository.call(snapshot, {}, caller));
    await refused("E_CLOCK_SKEW_EXCEEDED", () => repository.call(lockAcquire, {}, caller));
    await refused("E_CLOCK_SKEW_EXCEEDED", () => repository.call(lockSteal, {}, caller));
  }
  await refused("E_CLOCK_SKEW_EXCEEDED", () => repository.call(lockRenew, {}, MINE));
  assertEquals((await repository.call(lockStatus, {}, MINE)).state, "future");
  assertEquals((await repository.call(lockSteal, { force: true }, OTHER)).lease.fencing_token, 2);

  const damage: [what: string, make: () => void, code: ErrorCode][] = [
    ["empty", () => Deno.writeTextFileSync(file, ""), "E_DESCRIPTOR_CORRUPT"],
    ["damaged", () => Deno.writeTextFileSync(file, "{}"), "E_DESCRIPTOR_CORRUPT"],
    ["huge", () => Deno.truncateSync(file, 1e9), "E_DESCRIPTOR_CORRUPT"],
    ["FIFO", () => mustRun("mkfifo", file), "E_PERMISSION"],
    ["link", () => Deno.symlinkSync("/etc/passwd", file), "E_PATH_ESCAPE"],
  ];
  let token = 2;
  for (const [what, make, code] of damage) {
    if (code !== "E_DESCRIPTOR_CORRUPT" && what !== "huge") Deno.removeSync(file);
    make();
    const calls = [
      () => repository.call(snapshot, {}, OTHER),
      () => repository.call(lockAcquire, {}, OTHER),
      () => repository.call(lockSteal, {}, OTHER),
      () => repository.call(lockRelease, {}, OTHER),
      () => repository.call(lockStatus),
    ];
    for (const call of calls) {
      const { hint, message } = await refused(code, call);
      assertStringIncludes(message, file, what);
      assertStringIncludes(hint, "jvs lock steal --force", what);
    }
    const { findings } = await repository.call(doctor);
    assertEquals(findings.map(({ path }) => path), [file], what);
    assertEquals((await repository.call(status)).lease, null, what);
    assertEquals(
      (await repository.call(lockSteal, { force: true }, OTHER)).lease.fencing_token,
      ++token,
      what,
    );
  }
});

Deno.test("lockRenew() and lockRelease() are for the holder", async () => {
  using repository = await TestRepository.saved();
  await refused("E_LOCK_NOT_HELD", () => repository.call(lockRenew, {}, MINE));
  await refused("E_LOCK_NOT_HELD", () => repository.call(lockRelease, {}, MINE));
  await repository.call(lockAcquire, {}, MINE);
  for (const caller of [OTHER, {}]) {
    await refused("E_LOCK_CONFLICT", () => repository.call(lockRenew, {}, caller));
    await refused("E_LOCK_CONFLICT", () => repository.call(lockRelease, {}, caller));
  }
  pastLease(repository, 20_000);
  const { lease } = await repository.call(lockRenew, {}, MINE);
  assertEquals(lease, leaseOn(repository));
  assert(Date.parse(lease.lease_expires_at) > Date.now() + 20_000);
  pastLease(repository); // one that ran out can still be given back
  assertEquals((await repository.call(lockRelease, {}, MINE)).state, "over");
  await refused("E_LOCK_NOT_HELD", () => repository.call(lockRelease, {}, MINE));
  assertEquals((await repository.call(lockStatus)).lease, null);
  assertEquals(await lockRecords(repository), [["lock acquire", 1, "mine"], ["lock release", 1, "mine"]]);
});

Deno.test("lockStatus(), status(), info() and worktreeList() say who holds a worktree", async () => {
  using repository = await TestRepository.saved();
  assertEquals((await repository.call(lockStatus)).fencing_token, 0);
  const { lease } = await repository.call(lockAcquire, {}, MINE);
  const { holder_id, created_at, lease_expires_at, fencing_token } = lease;
  const holder = { holder_id, created_at, lease_expires_at, fencing_token };
  for (const [caller, is_mine] of [[MINE, true], [OTHER, false], [{}, false]] as const) {
    const told = await repository.call(lockStatus, {}, caller);
    assertEquals([told.lease, told.state, told.is_mine], [lease, "held", is_mine]);
    assertEquals((await repository.call(status, {}, caller)).lease, { ...holder, is_mine });
    assertEquals((await repository.call(info, {}, caller)).lease, { ...holder, is_mine });
    const { worktrees } = await repository.call(worktreeList, {}, caller);
    assertEquals(worktrees.map((each) => each.lease), [{ ...holder, is_mine }]);
  }
  pastLease(repository);
  assertEquals((await repository.call(status)).lease, null);
  assertEquals((await repository.call(lockStatus)).state, "over");
});

Deno.test("lockAcquire() refuses a session that is none", async () => {
  using repository = await TestRepository.saved();
  await refused("E_USAGE", () => repository.call(lockAcquire, {}, { session: "" }));
  await refused("E_USAGE", () => repository.call(lockAcquire, {}, { session: "x".repeat(1025) }));
  for (const lease_ms of [0, 999, 86_400_001, 1.5]) {
    await refused("E_USAGE", () => repository.call(lockAcquire, { lease_ms }));
  }
  const { is_new_session, lease } = await repository.call(lockAcquire);
  assertMatch(lease.session_id, /^[0-9a-f-]{36}$/);
  const again = await repository.call(lockAcquire, {}, { session: lease.session_id });
  assertEquals([is_new_session, again.is_new_session], [true, false]);
});

Deno.test("a lease whose token is not the newest of its worktree is worth nothing, until it is acquired again", async () => {
  using repository = await TestRepository.saved();
  await repository.call(lockAcquire, {}, MINE);
  raiseToken(repository);
  await refused("E_FENCING_MISMATCH", () => repository.call(snapshot, {}, MINE));
  assertEquals((await repository.call(lockAcquire, {}, MINE)).lease.fencing_token, 3);
  await repository.call(snapshot, {}, MINE);
});

Deno.test("worktreeRemove() takes the lease along", async () => {
  using repository = await TestRepository.saved();
  await repository.call(worktreeFork, { name: "made" });
  await repository.call(lockAcquire, { worktree: "made" }, MINE);
  const file = leaseFile(repository, "made");
  await refused("E_LOCK_CONFLICT", () => repository.call(worktreeRemove, { name: "made" }));
  await repository.call(worktreeRemove, { name: "made" }, MINE);
  assertEquals([...Deno.readDirSync(file.slice(0, file.lastIndexOf("/")))], []);
});

Deno.test("lockSteal() with force replaces no folder, and raises no token for it", async () => {
  using repository = await TestRepository.saved();
  await repository.call(lockAcquire, {}, MINE);
  const file = leaseFile(repository);
  Deno.removeSync(file);
  Deno.mkdirSync(file);
  const error = await refused("E_PERMISSION", () => repository.call(lockSteal, { force: true }, OTHER));
  assertStringIncludes(error.message, "a folder");
  const { findings } = await repository.call(doctor);
  assert(
    findings.some(({ message }) => message.includes("move that folder away, then")),
    JSON.stringify(findings),
  );
  Deno.removeSync(file);
  const { lease } = await repository.call(lockSteal, { force: true }, OTHER);
  assertEquals(lease.fencing_token, 2);
});

Deno.test("lockAcquire() says of a fencing token that no leases can have counted that it was written, and so does doctor", async () => {
  using repository = await TestRepository.saved();
  const file = `${repository.path}/.jvs/worktrees/main/config.json`;
  const record = JSON.parse(Deno.readTextFileSync(file));
  for (const fencing_token of [2 ** 48, Number.MAX_SAFE_INTEGER]) {
    Deno.writeTextFileSync(file, JSON.stringify({ ...record, fencing_token }));
    for (
      const call of [() => repository.call(lockAcquire, {}, MINE), () => repository.call(lockSteal, {}, MINE)]
    ) {
      assertStringIncludes((await refused("E_DESCRIPTOR_CORRUPT", call)).message, `${fencing_token}`);
    }
    const { findings } = await repository.call(doctor);
    assertEquals(findings.map(({ code, path }) => [code, path]), [["E_DESCRIPTOR_CORRUPT", file]]);
  }
});

Deno.test("lockAcquire() refuses a session that is no text, of which two look the same", async () => {
  using repository = await TestRepository.saved();
  await refused("E_USAGE", () => repository.call(lockAcquire, {}, { session: "a\ufffd" }));
});
