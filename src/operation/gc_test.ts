import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { namesIn } from "../../tests/support/files.ts";
import { fullAudit } from "../../tests/support/full_audit.ts";
import { interceptWhen } from "../../tests/support/kill_point.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { fails, twoLines } from "../../tests/support/two_lines.ts";
import { textOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { LinuxFolder } from "../platform/linux_folder.ts";
import { SystemError } from "../platform/system_error.ts";
import { Snapshots } from "../repo/snapshots.ts";
import { doctor } from "./doctor.ts";
import { gcPin } from "./gc_pin.ts";
import { gcPlan } from "./gc_plan.ts";
import { gcRun } from "./gc_run.ts";
import { gcUnpin } from "./gc_unpin.ts";
import { history } from "./history.ts";
import { refCreate } from "./ref_create.ts";
import { refDelete } from "./ref_delete.ts";
import { restore } from "./restore.ts";
import { verify } from "./verify.ts";

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
