import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { namesIn } from "../../tests/support/files.ts";
import { fullAudit } from "../../tests/support/full_audit.ts";
import { interceptWhen } from "../../tests/support/kill_point.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { textOf } from "../model/bytes.ts";
import { type ErrorCode, JvsError } from "../model/errors.ts";
import { LinuxFolder } from "../platform/linux_folder.ts";
import { SystemError } from "../platform/system_error.ts";
import { Snapshots } from "../repo/snapshots.ts";
import { configSet } from "./config_set.ts";
import { doctor } from "./doctor.ts";
import { gcPin } from "./gc_pin.ts";
import { gcPins } from "./gc_pins.ts";
import { gcPlan } from "./gc_plan.ts";
import { gcRun } from "./gc_run.ts";
import { gcUnpin } from "./gc_unpin.ts";
import { history } from "./history.ts";
import { refCreate } from "./ref_create.ts";
import { refDelete } from "./ref_delete.ts";
import { restore } from "./restore.ts";
import { snapshot } from "./snapshot.ts";
import { verify } from "./verify.ts";
import { worktreeFork } from "./worktree_fork.ts";
import { worktreeRemove } from "./worktree_remove.ts";

/** A line of three in main, and a line of two that was removed with its pin; ids in their order. */
async function twoLines(): Promise<TestRepository & { readonly ids: string[] }> {
  const repository = await TestRepository.saved();
  const ids = [repository.first];
  for (const text of ["2\n", "3\n"]) {
    repository.write("main/a.txt", text);
    ids.push(await repository.save(text));
  }
  await repository.call(worktreeFork, { name: "old" });
  for (const text of ["4\n", "5\n"]) {
    repository.write("worktrees/old/a.txt", text);
    ids.push(await repository.save(text, "worktrees/old"));
  }
  await repository.call(worktreeRemove, { name: "old" });
  await repository.call(gcUnpin, { pin: ids[4] ?? "" });
  return Object.assign(repository, { ids });
}

async function fails(code: ErrorCode, call: Promise<unknown>): Promise<JvsError> {
  const error = await assertRejects(() => call, JvsError);
  assertEquals(error.code, code, error.message);
  return error;
}

Deno.test("gc plan says why each snapshot stays or goes, and writes nothing but itself", async () => {
  using repository = await twoLines();
  const before = await repository.audit();
  const plan = await repository.call(gcPlan);
  const [, , third = "", fourth = "", fifth = ""] = repository.ids;
  assertEquals(plan.candidates, [fourth, fifth]);
  assertEquals([plan.candidate_count, plan.protected_by_lineage, plan.protected_by_ref], [2, 3, 0]);
  assertEquals(plan.snapshots.map(({ action }) => action), ["keep", "keep", "keep", "delete", "delete"]);
  assertEquals(plan.snapshots[2]?.reasons, ["head of worktree main", "newest of worktree main"]);
  assertEquals(plan.snapshots[0]?.reasons, ["before the head of worktree main"]);
  assertEquals(await repository.audit(), before);
  assertEquals(namesIn(`${repository.path}/.jvs/gc/plans`), [`${plan.plan_id}.json`]);
  assert(plan.deletable_bytes_estimate > 0, "files of the old line take space");
  assertEquals(third, repository.ids[2]);
});

Deno.test("gc plan gives the same plan for the same state", async () => {
  using repository = await twoLines();
  const { created_at: _first, ...first } = await repository.call(gcPlan);
  const { created_at: _second, ...second } = await repository.call(gcPlan);
  assertEquals(first, second);
});

Deno.test("gc run does what the plan says, in one audit record, and what stays is whole", async () => {
  using repository = await twoLines();
  const plan = await repository.call(gcPlan);
  const before = (await repository.audit()).length;
  const result = await repository.call(gcRun, { plan_id: plan.plan_id });
  assertEquals([result.pruned, result.deleted, result.in_use], [[], repository.ids.slice(3), []]);
  assertEquals(result.freed_bytes, plan.deletable_bytes_estimate);
  const record = (await repository.audit()).at(-1);
  assertEquals([(await repository.audit()).length, record?.operation, record?.target], [
    before + 1,
    "gc run",
    plan.plan_id,
  ]);
  const kept = repository.ids.slice(0, 3);
  const control = `${repository.path}/.jvs`;
  assertEquals(namesIn(`${control}/snapshots`), kept.flatMap((id) => [id, `${id}.READY`]));
  assertEquals(namesIn(`${control}/descriptors`), kept.map((id) => `${id}.json`));
  assertEquals([namesIn(`${control}/gc/tombstones`), namesIn(`${control}/gc/plans`)], [[], []]);
  await fullAudit(repository.path);
});

Deno.test("gc run by the policy thin prunes what is before the head, and the history still leads through it", async () => {
  using repository = await twoLines();
  await repository.call(configSet, { key: "retention.keep_last_n", value: "1" });
  const { deleted, pruned } = await repository.call(gcRun, { yes: true, policy: "thin" });
  const [first = "", second = "", , fourth = "", fifth = ""] = repository.ids;
  // The newest of the removed worktree counts by number too.
  assertEquals([pruned, deleted], [[first, second, fourth], []]);
  const { snapshots } = await repository.call(history);
  assertEquals(snapshots.map((each) => each.pruned), [false, true, true]);
  const error = await fails("E_NOT_FOUND", repository.call(restore, { snapshot: first }));
  assertStringIncludes(error.message, "pruned");
  await repository.call(restore, { snapshot: fifth });
  assertEquals(repository.read("main/a.txt"), "5\n");
  await fullAudit(repository.path);
});

Deno.test("gc run deletes a pruned snapshot when nothing descends from it any more", async () => {
  using repository = await twoLines();
  const [, , , fourth = "", fifth = ""] = repository.ids;
  await repository.call(refCreate, { name: "best", snapshot: fifth });
  assertEquals((await repository.call(gcRun, { yes: true })).pruned, [fourth]);
  await repository.call(refDelete, { name: "best" });
  assertEquals((await repository.call(gcRun, { yes: true })).deleted, [fourth, fifth]);
  await fullAudit(repository.path);
});

Deno.test("gc run refuses a plan that does not hold any more, and changes nothing", async () => {
  using repository = await twoLines();
  const { plan_id } = await repository.call(gcPlan);
  const [, , , , fifth = ""] = repository.ids;
  await repository.call(restore, { snapshot: fifth });
  const error = await fails("E_GC_PLAN_MISMATCH", repository.call(gcRun, { plan_id }));
  assertStringIncludes(error.message, "head of worktree main");
  await repository.call(restore, { snapshot: "LATEST" });
  assertEquals((await repository.call(gcRun, { plan_id })).deleted, repository.ids.slice(3));
});

Deno.test("gc run refuses a plan that was edited, is of another repository, damaged or unknown", async () => {
  using repository = await twoLines();
  using other = await TestRepository.saved();
  const { plan_id } = await repository.call(gcPlan);
  const file = `${repository.path}/.jvs/gc/plans/${plan_id}.json`;
  const text = Deno.readTextFileSync(file);
  Deno.copyFileSync(file, `${other.path}/.jvs/gc/plans/${plan_id}.json`);
  await fails("E_GC_PLAN_MISMATCH", other.call(gcRun, { plan_id }));
  for (const edited of [text.replace('"keep"', '"delete"'), text.slice(0, 40), "[]", ""]) {
    Deno.writeTextFileSync(file, edited);
    await fails("E_GC_PLAN_MISMATCH", repository.call(gcRun, { plan_id }));
  }
  for (const unknown of ["0123456789abcdef", "../../config", "", "ABC"]) {
    await fails("E_GC_PLAN_MISMATCH", repository.call(gcRun, { plan_id: unknown }));
  }
  await fails("E_USAGE", repository.call(gcRun));
  await fails("E_USAGE", repository.call(gcRun, { yes: true, plan_id }));
});

Deno.test("gc plan takes policies from retention.json, and refuses one that is wrong or keeps nothing", async () => {
  using repository = await twoLines();
  const file = `${repository.path}/.jvs/gc/retention.json`;
  Deno.writeTextFileSync(
    file,
    '{ // nightly\n  "nightly": { "keep_days": 3 }, "none": { "prune_ancestors": true },\n}',
  );
  assertEquals((await repository.call(gcPlan, { policy: "nightly" })).candidates, []);
  await fails("E_USAGE", repository.call(gcPlan, { policy: "none" }));
  const unknown = await fails("E_NOT_FOUND", repository.call(gcPlan, { policy: "weekly" }));
  assertStringIncludes(unknown.hint, "default, thin, nightly, none");
  for (const wrong of ['{ "x": { "keep_days": -1 } }', '{ "x": { "keep": 1 } }', '{ "default": {} }', "{"]) {
    Deno.writeTextFileSync(file, wrong);
    await fails("E_USAGE", repository.call(gcPlan, { policy: "x" }));
  }
});

Deno.test("gc plan gives up what only number or age keeps, the oldest first, above the limit of size", async () => {
  using repository = await twoLines();
  const [, , , fourth = "", fifth = ""] = repository.ids;
  await repository.call(configSet, { key: "retention.keep_days", value: "5" });
  const { candidates, total_bytes } = await repository.call(gcPlan);
  assertEquals(candidates, []);
  await repository.call(configSet, { key: "retention.max_repo_bytes", value: String(total_bytes - 1) });
  assertEquals((await repository.call(gcPlan)).candidates, [fourth]);
  await repository.call(configSet, { key: "retention.max_repo_bytes", value: "1" });
  const { plan_id } = await repository.call(gcPlan);
  assertEquals((await repository.call(gcRun, { plan_id })).deleted, [fourth, fifth]);
  await fullAudit(repository.path);
});

Deno.test("gc pin keeps a snapshot forever or for a time, and gc unpin ends that", async () => {
  using repository = await twoLines();
  const [, , , fourth = "", fifth = ""] = repository.ids;
  const { pin } = await repository.call(gcPin, { snapshot: fifth, reason: "in the paper" });
  assertEquals((await repository.call(gcPlan)).snapshots.slice(3).map(({ action }) => action), [
    "prune",
    "keep",
  ]);
  await repository.call(gcPin, { snapshot: fourth, expires: "90d" });
  assertEquals((await repository.call(gcPlan)).protected_by_pin, 2);
  const { pins } = await repository.call(gcPins);
  assertEquals(pins.map(({ expired, reason }) => [expired, reason]), [[false, "in the paper"], [false, ""]]);
  assertEquals((await repository.call(gcUnpin, { pin: pin.pin_id.slice(0, 8) })).pins.length, 1);
  await repository.call(gcUnpin, { pin: fourth });
  await fails("E_NOT_FOUND", repository.call(gcUnpin, { pin: fourth }));
  await fails("E_USAGE", repository.call(gcPin, { snapshot: fifth, expires: "2001-01-01" }));
  await fails("E_NOT_FOUND", repository.call(gcPin, { snapshot: "nonsense" }));
  assertEquals((await repository.call(gcRun, { yes: true })).deleted, [fourth, fifth]);
  await fails("E_NOT_FOUND", repository.call(gcPin, { snapshot: fifth }));
});

Deno.test("gc plan counts a pin that has run out for nothing, and gc run removes it", async () => {
  using repository = await twoLines();
  const { store } = await repository.open();
  store.pins.add({
    pin_id: crypto.randomUUID(),
    snapshot_id: repository.ids[4] ?? "",
    reason: "",
    created_at: "2020-01-01T00:00:00Z",
    expires_at: "2020-01-02T00:00:00Z",
    keeps_line: true,
  });
  assertEquals((await repository.call(gcPins)).pins[0]?.expired, true);
  assertEquals((await repository.call(gcRun, { yes: true })).deleted.length, 2);
  assertEquals((await repository.call(gcPins)).pins, []);
});

Deno.test("gc plan refuses to plan where a record that keeps snapshots cannot be read", async () => {
  using repository = await twoLines();
  await repository.call(refCreate, { name: "best" });
  Deno.writeTextFileSync(`${repository.path}/.jvs/refs/best.json`, "{");
  await fails("E_DESCRIPTOR_CORRUPT", repository.call(gcPlan));
});

Deno.test("gc run goes on after files could not be deleted, and doctor names what is left", async () => {
  using repository = await twoLines();
  const { plan_id } = await repository.call(gcPlan);
  const isOfPayload = ([name]: readonly unknown[]) => name instanceof Uint8Array && textOf(name) === "a.txt";
  const unblock = interceptWhen(LinuxFolder.prototype, "removeFile", isOfPayload, () => {
    throw new SystemError("remove", "a.txt", "EIO");
  });
  try {
    const error = await assertRejects(() => repository.call(gcRun, { plan_id }), JvsError);
    assertStringIncludes(error.hint, `--plan-id ${plan_id}`);
    const { findings } = await repository.call(doctor, { strict: true });
    assertEquals(findings.map(({ code, severity }) => [code, severity]), [["LEFTOVER", "warning"]]);
  } finally {
    unblock();
  }
  await repository.call(gcRun, { plan_id });
  assertEquals(namesIn(`${repository.path}/.jvs/gc/tombstones`), []);
  await fullAudit(repository.path);
});

Deno.test("gc run leaves what is in use, keeps the place of what that descends from, and takes it when it is run again", async () => {
  using repository = await twoLines();
  const [, , , fourth = "", fifth = ""] = repository.ids;
  const { plan_id } = await repository.call(gcPlan);
  const { store } = await repository.open();
  {
    using _used = await store.snapshots.use(fifth);
    const { deleted, in_use, pruned } = await repository.call(gcRun, { plan_id });
    assertEquals([deleted, pruned, in_use], [[], [fourth], [fifth]]);
    await fullAudit(repository.path);
  }
  assertEquals((await repository.call(gcRun, { plan_id })).deleted, [fourth, fifth]);
  await fullAudit(repository.path);
});

Deno.test("gc run leaves what came to be kept after the plan was looked at, at the last moment", async () => {
  using repository = await twoLines();
  const [, , , fourth = "", fifth = ""] = repository.ids;
  const { plan_id } = await repository.call(gcPlan);
  const { store } = await repository.open();
  const claim = Snapshots.prototype.claimForRemoval;
  Snapshots.prototype.claimForRemoval = function (id) {
    // As if a fork ended between the look at the plan and the lock: its head keeps the snapshot, and its lock is released.
    store.worktrees.update("main", { head_snapshot_id: fifth });
    return claim.call(this, id);
  };
  try {
    const { deleted, in_use, pruned } = await repository.call(gcRun, { plan_id });
    assertEquals([deleted, pruned, in_use], [[], [], [fourth, fifth]]);
  } finally {
    Snapshots.prototype.claimForRemoval = claim;
    store.worktrees.update("main", { head_snapshot_id: repository.ids[2] ?? null });
  }
  await fullAudit(repository.path);
});

Deno.test("gc plan keeps the whole line that snapshot --branch left, and of a ref that somebody made only what it names", async () => {
  using repository = await TestRepository.saved();
  const { first } = repository;
  repository.write("main/a.txt", "2\n");
  const second = await repository.save();
  repository.write("main/a.txt", "3\n");
  const third = await repository.save();
  await repository.call(restore, { snapshot: first });
  repository.write("main/a.txt", "other\n");
  await repository.call(snapshot, { branch: true });
  const actions = async () => {
    const { snapshots } = await repository.call(gcPlan);
    return snapshots.filter((each) => [second, third].includes(each.snapshot_id)).map(({ action }) => action);
  };
  assertEquals(await actions(), ["keep", "keep"]);
  await repository.call(refCreate, { name: "mine", snapshot: third });
  await repository.call(refDelete, { name: `main-${third.slice(14)}` });
  assertEquals(await actions(), ["prune", "keep"]);
});

Deno.test("doctor knows what gc run deleted also where a power cut left its record in HEAD alone", async () => {
  using repository = await twoLines();
  await repository.call(gcRun, { yes: true });
  const log = `${repository.path}/.jvs/audit/audit.jsonl`;
  const lines = Deno.readTextFileSync(log).trimEnd().split("\n");
  assertStringIncludes(lines.at(-1) ?? "", '"operation":"gc run"');
  Deno.writeTextFileSync(log, `${lines.slice(0, -1).join("\n")}\n`);
  const { findings, healthy } = await repository.call(doctor, { strict: true });
  assertEquals([healthy, findings.map(({ code }) => code)], [true, ["AUDIT_PENDING"]]);
});

Deno.test("gc plan makes no plan where the record of a worktree is missing, or the place for it", async () => {
  using repository = await twoLines();
  await repository.call(worktreeFork, { name: "try" });
  const records = `${repository.path}/.jvs/worktrees`;
  for (
    const gone of [
      `${records}/main/config.json`,
      `${records}/main`,
      `${records}/try/config.json`,
      `${records}/try`,
      records,
    ]
  ) {
    Deno.renameSync(gone, `${repository.path}/away`);
    const error = await fails("E_DESCRIPTOR_CORRUPT", repository.call(gcPlan, {}, { in: "" }));
    assertStringIncludes(error.message, "is missing");
    Deno.renameSync(`${repository.path}/away`, gone);
  }
  assertEquals((await repository.call(gcPlan)).candidate_count, 2);
});

Deno.test("gc plan keeps all that is older than a head, ref or pin whose snapshot is missing", async () => {
  using repository = await twoLines();
  const [, , third = ""] = repository.ids;
  Deno.renameSync(`${repository.path}/.jvs/snapshots/${third}.READY`, `${repository.path}/away`);
  const { snapshots } = await repository.call(gcPlan);
  assertEquals(snapshots.map(({ action }) => action), ["keep", "keep", "delete", "delete"]);
});

Deno.test("gc plan keeps what follows a head that was not moved to it", async () => {
  using repository = await twoLines();
  const [first = "", second = "", third = ""] = repository.ids;
  const { store } = await repository.open();
  for (const at of [second, first, null]) {
    store.worktrees.update("main", { head_snapshot_id: at, latest_snapshot_id: at });
    const { snapshots } = await repository.call(gcPlan);
    assertEquals(snapshots.slice(0, 3).map(({ action }) => action), ["keep", "keep", "keep"], `head ${at}`);
  }
  store.worktrees.update("main", { head_snapshot_id: second, latest_snapshot_id: third });
  assertEquals((await repository.call(gcPlan)).candidate_count, 2);
});

Deno.test("gc run refuses a plan whose policy or settings were changed since it was looked at", async () => {
  using repository = await twoLines();
  const { plan_id } = await repository.call(gcPlan);
  await repository.call(configSet, { key: "retention.keep_days", value: "100" });
  const error = await fails("E_GC_PLAN_MISMATCH", repository.call(gcRun, { plan_id }));
  assertStringIncludes(error.message, "settings");
  assertEquals((await repository.call(gcRun, { yes: true })).deleted, []);
});

Deno.test("gc run never takes the record of what a snapshot that stays descends from, also for the sake of a size", async () => {
  using repository = await twoLines();
  const [, , , , fifth = ""] = repository.ids;
  await repository.call(configSet, { key: "retention.keep_days", value: "30" });
  await repository.call(configSet, { key: "retention.max_repo_bytes", value: "1" });
  const { plan_id } = await repository.call(gcPlan);
  await repository.call(restore, { snapshot: fifth });
  repository.write("main/a.txt", "unsaved\n");
  await repository.call(restore, { snapshot: "LATEST" }); // its autosave descends from a candidate
  const { deleted, pruned } = await repository.call(gcRun, { plan_id });
  assertEquals([deleted, pruned], [[], repository.ids.slice(3)]);
  await fullAudit(repository.path);
});

Deno.test("gc run ends what a copy without its runtime folder was made in the middle of, and tells it", async () => {
  using repository = await twoLines();
  const [, , , fourth = "", fifth = ""] = repository.ids;
  // Killed when the newest had lost its marker, and the other had not.
  const isMarker = ([name]: readonly unknown[]) =>
    name instanceof Uint8Array && textOf(name) === `${fourth}.READY`;
  let isKilled = false;
  const unblock = interceptWhen(
    LinuxFolder.prototype,
    "removeFile",
    (args) => isKilled ||= isMarker(args),
    () => {
      throw new SystemError("remove", "a marker", "EIO");
    },
  );
  await assertRejects(() => repository.call(gcRun, { yes: true }), JvsError);
  unblock();
  Deno.removeSync(`${repository.path}/.jvs/runtime`, { recursive: true });
  await repository.call(doctor, { repair_runtime: true });
  await repository.call(gcRun, { yes: true });
  assertEquals((await repository.call(history, { all: true })).snapshots.length, 3);
  const told = (await repository.audit()).filter(({ operation }) => operation === "gc run");
  assertEquals(told.flatMap(({ details }) => details["deleted"]).toSorted(), [fourth, fifth]);
  await fullAudit(repository.path);
});

Deno.test("gc plan by a policy that prunes keeps the line of a removed worktree as long as was promised", async () => {
  using repository = await TestRepository.saved();
  const { first } = repository;
  await repository.call(worktreeFork, { name: "old" });
  repository.write("worktrees/old/a.txt", "2\n");
  const second = await repository.save("", "worktrees/old");
  repository.write("worktrees/old/a.txt", "3\n");
  await repository.save("", "worktrees/old");
  await repository.call(restore, { snapshot: first }, { in: "worktrees/old" });
  await repository.call(worktreeRemove, { name: "old" });
  await repository.call(configSet, { key: "retention.keep_last_n", value: "1" });
  const { snapshots } = await repository.call(gcPlan, { policy: "thin" });
  assertEquals(snapshots.map(({ action }) => action), ["keep", "keep", "keep"]);
  assertEquals(snapshots[1]?.snapshot_id, second);
  // The one that it stood on, and the newest of its line.
  assertEquals((await repository.call(gcPins)).pins.map(({ snapshot_id }) => snapshot_id).sort()[0], first);
});

Deno.test("gc plan keeps what a pin keeps whose end is no time", async () => {
  using repository = await twoLines();
  const { pin } = await repository.call(gcPin, { snapshot: repository.ids[4] ?? "" });
  const { store } = await repository.open();
  store.pins.add({ ...pin, expires_at: "2026-02-30T24:61:00Z" });
  assertEquals((await repository.call(gcRun, { yes: true })).deleted, []);
  assertEquals((await repository.call(gcPins)).pins.length, 1);
});

Deno.test("gc run collects what is new, whatever earlier collections could not delete", async () => {
  using repository = await twoLines();
  const [, , , fourth = "", fifth = ""] = repository.ids;
  await repository.call(gcPin, { snapshot: fifth });
  const counts = ([name]: readonly unknown[]) => name instanceof Uint8Array && textOf(name) === "a.txt";
  const unblock = interceptWhen(LinuxFolder.prototype, "removeFile", counts, () => {
    throw new SystemError("remove", "a.txt", "EIO");
  });
  try {
    await fails("E_IO", repository.call(gcRun, { yes: true }));
    await repository.call(gcUnpin, { pin: fifth });
    await fails("E_IO", repository.call(gcRun, { yes: true }));
  } finally {
    unblock();
  }
  const { store } = await repository.open();
  assertEquals(store.snapshots.list().length, 3, "both are out of the history");
  await repository.call(gcRun, { yes: true });
  assertEquals([store.tombstones.own(), store.snapshots.isKnown(fourth)], [[], false]);
  await fullAudit(repository.path);
});

Deno.test("verify says that a snapshot is not there which is collected at that moment, and raises no alarm", async () => {
  using repository = await twoLines();
  const [, , , , fifth = ""] = repository.ids;
  const { use } = Snapshots.prototype;
  Snapshots.prototype.use = function (id, options) {
    for (const name of [`${fifth}.READY`, fifth]) {
      Deno.renameSync(`${repository.path}/.jvs/snapshots/${name}`, `${repository.path}/${name}`);
    }
    return use.call(this, id, options);
  };
  try {
    await fails("E_NOT_FOUND", repository.call(verify, { snapshot: fifth }));
  } finally {
    Snapshots.prototype.use = use;
  }
});
