import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { doctor } from "../../operation/doctor.ts";
import { lockAcquire } from "../../operation/lock_acquire.ts";
import { restore } from "../../operation/restore.ts";
import { warnings } from "../../../tests/support/context.ts";
import { killedAt } from "../../../tests/support/kill_point.ts";
import { leaseFile, pastLease } from "../../../tests/support/leases.ts";
import { TestRepository } from "../../../tests/support/repository.ts";

const MINE = { session: "mine" };
const OTHER = { session: "other" };

Deno.test("checkLeases() names a damaged lease and one that lies in the future, and no sound one", async () => {
  using repository = await TestRepository.saved();
  const find = async () => {
    const { healthy, findings } = await repository.call(doctor);
    return [healthy, ...findings.map(({ code, path, severity }) => [code, path, severity])];
  };
  await repository.call(lockAcquire, {}, MINE);
  const file = leaseFile(repository);
  assertEquals(await find(), [true]);
  pastLease(repository);
  assertEquals(await find(), [true]);
  pastLease(repository, -60_000);
  assertEquals(await find(), [true, ["E_CLOCK_SKEW_EXCEEDED", file, "warning"]]);
  Deno.writeTextFileSync(file, "{}");
  assertEquals(await find(), [false, ["E_DESCRIPTOR_CORRUPT", file, "error"]]);
  Deno.removeSync(file);
  Deno.symlinkSync("/etc/passwd", file);
  const { findings } = await repository.call(doctor);
  assert(
    findings.some(({ code, path }) => code === "E_PATH_ESCAPE" && path === file),
    JSON.stringify(findings),
  );
});

Deno.test("doctor() removes the lease of a worktree that is gone, on request", async () => {
  using repository = await TestRepository.saved();
  await repository.call(lockAcquire, {}, MINE);
  const file = leaseFile(repository).replace(/[0-9a-f]{12}\.json$/, "000000000000.json");
  Deno.writeTextFileSync(file, "anything");
  const { findings } = await repository.call(doctor);
  assertEquals(findings.map(({ code, path, repair }) => [code, path, repair]), [[
    "LEFTOVER",
    file,
    "clean_tmp",
  ]]);
  await repository.call(doctor, { repair: ["clean_tmp"] });
  assertEquals((await repository.call(doctor)).findings, []);
});

Deno.test("doctor() moves no head where another session holds the worktree, and says whose it is", async () => {
  using repository = await TestRepository.saved();
  const { store } = await repository.open();
  repository.write("main/a.txt", "two\n");
  await repository.save("second");
  const { first } = repository;
  store.worktrees.update("main", { head_snapshot_id: first, latest_snapshot_id: first });
  const { lease } = await repository.call(lockAcquire, {}, MINE);
  const reporter = warnings();
  const { repaired } = await repository.call(doctor, { repair: ["advance_head"] }, { ...OTHER, reporter });
  assertEquals(repaired, []);
  assertStringIncludes(reporter.told.join(), lease.holder_id);
  assertEquals((await repository.call(doctor, { repair: ["advance_head"] }, MINE)).repaired.length, 1);
});

Deno.test("doctor() recovers nothing, and takes no folder, where another session holds the worktree", async () => {
  using repository = await TestRepository.saved();
  repository.write("main/a.txt", "two\n");
  await repository.save("second");
  await repository.call(lockAcquire, {}, MINE);
  assert(await killedAt(20, () => repository.call(restore, { snapshot: repository.first }, MINE)));
  const open = async () => (await repository.open()).store.intents.list().length;
  assertEquals(await open(), 1, "the restore was to be killed in its middle");
  Deno.renameSync(repository.main, `${repository.outside}/aside`);
  Deno.mkdirSync(repository.main);
  for (const [caller, told, left, taken] of [[OTHER, 2, 1, 0], [MINE, 0, 0, 2]] as const) {
    const reporter = warnings();
    const { repaired } = await repository.call(doctor, { repair_runtime: true }, { ...caller, reporter });
    const named = reporter.told.filter((text) => text.includes("has held its lease since"));
    assertEquals([named.length, await open(), repaired.length], [told, left, taken], repaired.join());
  }
});
