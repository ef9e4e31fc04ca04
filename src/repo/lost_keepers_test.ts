import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { fullAudit } from "../../tests/support/full_audit.ts";
import { killedAt } from "../../tests/support/kill_point.ts";
import { namesIn } from "../../tests/support/files.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { JvsError } from "../model/errors.ts";
import type { Pin } from "../model/records.ts";
import { doctor } from "../operation/doctor.ts";
import { gcPin } from "../operation/gc_pin.ts";
import { gcPlan } from "../operation/gc_plan.ts";
import { gcRun } from "../operation/gc_run.ts";
import { gcUnpin } from "../operation/gc_unpin.ts";
import { refCreate } from "../operation/ref_create.ts";
import { refDelete } from "../operation/ref_delete.ts";
import { restore } from "../operation/restore.ts";
import { snapshot } from "../operation/snapshot.ts";
import { worktreeFork } from "../operation/worktree_fork.ts";
import { worktreeRemove } from "../operation/worktree_remove.ts";
import { lostKeepers } from "./lost_keepers.ts";

/** A repository where gc takes a snapshot, whatever is pinned: so it asks what is lost. */
async function withGarbage(): Promise<TestRepository & { readonly first: string }> {
  const repository = await TestRepository.saved();
  await repository.call(worktreeFork, { name: "gone" });
  repository.write("worktrees/gone/a.txt", "garbage\n");
  const garbage = await repository.save("", "worktrees/gone");
  await repository.call(worktreeRemove, { name: "gone" });
  await repository.call(gcUnpin, { pin: garbage });
  return repository;
}

const folderOf = ({ path }: TestRepository, kind: "refs" | "gc/pins") => `${path}/.jvs/${kind}`;

/** Deletes all files of refs or pins, and gives their names. */
function lose(repository: TestRepository, kind: "refs" | "gc/pins"): string[] {
  const folder = folderOf(repository, kind);
  const files = namesIn(folder);
  for (const file of files) Deno.removeSync(`${folder}/${file}`);
  return files.map((file) => file.replace(".json", "")).sort();
}

async function lost(repository: TestRepository) {
  const { pins, refs } = lostKeepers((await repository.open()).store);
  return {
    refs: refs.map(({ ref_name }) => ref_name).sort(),
    pins: pins.map(({ pin_id }) => pin_id).sort(),
    all: [...refs, ...pins],
  };
}

/** Doctor names each of these, and nothing is collected; a written plan is not carried out either. */
async function isReported(repository: TestRepository, names: readonly string[], planId: string) {
  const { findings, healthy } = await repository.call(doctor);
  assertEquals([healthy, findings.length], [false, names.length]);
  for (const name of names) {
    const said = findings.find(({ message }) => message.includes(name));
    assertEquals([said?.severity, said?.code, said?.repair], ["critical", "E_DESCRIPTOR_CORRUPT", null]);
  }
  for (
    const collect of [
      () => repository.call(gcPlan),
      () => repository.call(gcRun, { yes: true }),
      () => repository.call(gcRun, { plan_id: planId }),
    ]
  ) {
    const error = await assertRejects(collect, JvsError);
    assertEquals(error.code, "E_DESCRIPTOR_CORRUPT");
    assertMatch(
      error.message,
      /^Cannot tell what may be collected: what kept snapshots is missing: (ref|pin) /,
    );
    assertStringIncludes(error.hint, "jvs doctor");
  }
}

async function isHealthy(repository: TestRepository): Promise<void> {
  assertEquals((await repository.call(doctor)).findings, []);
  assertEquals((await repository.call(gcRun, { yes: true })).deleted.length > 0, true);
  await fullAudit(repository.path);
}

Deno.test("lostKeepers() finds a ref whose file is gone, until it is made again or deleted", async () => {
  for (const mend of ["ref create", "ref delete"]) {
    using repository = await withGarbage();
    const { plan_id } = await repository.call(gcPlan);
    const { ref } = await repository.call(refCreate, { name: "best", note: "0.93", line: true });
    lose(repository, "refs");
    const { all } = await lost(repository);
    assertEquals(all.map((each) => ({ ...each, created_at: ref.created_at })), [ref]);
    await isReported(repository, ['"best"'], plan_id);
    if (mend === "ref create") await repository.call(refCreate, { name: "best", snapshot: repository.first });
    else assertEquals((await repository.call(refDelete, { name: "best" })).ref.snapshot_id, repository.first);
    assertEquals((await repository.audit()).at(-1)?.operation, mend);
    await isHealthy(repository);
  }
});

Deno.test("lostKeepers() finds a pin whose file is gone, until it is unpinned by its id or its snapshot", async () => {
  for (const by of ["id", "snapshot"]) {
    using repository = await withGarbage();
    const { plan_id } = await repository.call(gcPlan);
    const { pin } = await repository.call(gcPin, { reason: "paper", expires: "90d" });
    assertEquals(lose(repository, "gc/pins"), [pin.pin_id]);
    await isReported(repository, [pin.pin_id], plan_id);
    await repository.call(gcPin, { line: true });
    await isReported(repository, [pin.pin_id], plan_id);
    const { pins } = await repository.call(gcUnpin, {
      pin: by === "id" ? pin.pin_id.slice(0, 8) : repository.first,
    });
    assertEquals(pins.map(({ reason }) => reason).sort(), by === "id" ? ["paper"] : ["", "paper"]);
    await isHealthy(repository);
  }
});

Deno.test("lostKeepers() finds all pins of a removed worktree, with what they kept", async () => {
  using repository = await withGarbage();
  const { plan_id } = await repository.call(gcPlan);
  await repository.call(worktreeFork, { name: "w" });
  const where = { in: "worktrees/w" };
  for (const text of ["1\n", "2\n"]) {
    repository.write("worktrees/w/a.txt", text);
    await repository.save(text, "worktrees/w");
  }
  await repository.call(restore, { snapshot: "HEAD~1" }, where);
  repository.write("worktrees/w/a.txt", "not saved\n");
  await repository.call(worktreeRemove, { name: "w", force: true });
  const { store } = await repository.open();
  const before = store.pins.list();
  const ids = lose(repository, "gc/pins");
  assertEquals(ids.length, 3);
  const found = await lost(repository);
  assertEquals(found.pins, ids);
  const said = (pins: readonly Pin[]) =>
    pins.map(({ created_at: _, ...pin }) => pin).sort((a, b) => a.pin_id < b.pin_id ? -1 : 1);
  assertEquals(said(lostKeepers(store).pins), said(before));
  await isReported(repository, ids, plan_id);
  for (const id of ids) await repository.call(gcUnpin, { pin: id });
  await isHealthy(repository);
});

Deno.test("lostKeepers() finds the line's pin of a worktree that an earlier version removed, and none that has run out", async () => {
  using repository = await withGarbage();
  repository.write("main/a.txt", "2\n");
  const last = await repository.save();
  await removedBefore(repository, last, -1);
  const event_id = await removedBefore(repository, last, 1);
  assertEquals((await lost(repository)).pins, [event_id]);
});

/** Adds the record of a removal as earlier versions wrote it; the pin of the line, whose id this gives, is lost. */
async function removedBefore(repository: TestRepository, latest: string, days: number): Promise<string> {
  const { store } = await repository.open();
  const event_id = crypto.randomUUID();
  await store.audit.append({
    event_id,
    operation: "worktree remove",
    actor: "ann@host",
    target: "old",
    fencing_token: null,
    session_id: null,
    reason: null,
    details: {
      worktree: "old",
      worktree_id: crypto.randomUUID(),
      head_snapshot_id: latest,
      latest_snapshot_id: latest,
      kept_until: new Date(Date.now() + days * 86_400_000).toISOString(),
      autosave_snapshot_id: null,
      discarded: false,
    },
  });
  return event_id;
}

Deno.test("lostKeepers() finds what JVS pinned by itself for an older record", async () => {
  using repository = await withGarbage();
  const { plan_id } = await repository.call(gcPlan);
  const record = `${repository.path}/.jvs/worktrees/main/config.json`;
  repository.write("main/a.txt", "2\n");
  await repository.save();
  await repository.call(restore, { snapshot: repository.first });
  const before = Deno.readTextFileSync(record);
  repository.write("main/a.txt", "3\n");
  await repository.call(snapshot, { branch: true });
  Deno.writeTextFileSync(record, before);
  await repository.call(restore, { snapshot: "HEAD" });
  repository.write("main/a.txt", "4\n");
  await repository.save();
  const ids = lose(repository, "gc/pins");
  assertEquals(ids.length, 1);
  await isReported(repository, ids, plan_id);
});

Deno.test("lostKeepers() finds the ref of a line that was left, by whatever name it was made, also after kills", async () => {
  for (let n = 1, isOver = false; !isOver; n += 8) {
    using repository = await withGarbage();
    repository.write("main/a.txt", "2\n");
    const left = await repository.save();
    await repository.call(restore, { snapshot: repository.first });
    repository.write("main/a.txt", "3\n");
    isOver = !await killedAt(n, () => repository.call(snapshot, { branch: true }));
    await repository.call(doctor, { repair_runtime: true });
    assertEquals((await lost(repository)).all, []);
    const names = lose(repository, "refs");
    const { all, refs } = await lost(repository);
    assertEquals([refs, all.map(({ snapshot_id }) => snapshot_id)], [names, names.map(() => left)]);
    for (const name of names) await repository.call(refDelete, { name });
    await fullAudit(repository.path);
  }
});

Deno.test("lostKeepers() believes no record from before a repair of the trail, and gc no broken trail", async () => {
  using repository = await withGarbage();
  await repository.call(refCreate, { name: "best" });
  await repository.call(gcPin);
  const log = `${repository.path}/.jvs/audit/audit.jsonl`;
  const whole = Deno.readTextFileSync(log);
  for (const kind of ["refs", "gc/pins"] as const) lose(repository, kind);
  Deno.writeTextFileSync(log, `${whole}{\n`);
  const { findings } = await repository.call(doctor);
  assertEquals(findings.map(({ code }) => code), ["E_AUDIT_CHAIN_BROKEN"]);
  const refused = await assertRejects(() => repository.call(gcPlan), JvsError);
  assertEquals(refused.code, "E_AUDIT_CHAIN_BROKEN");
  await repository.call(doctor, { repair: ["audit_repair"] });
  await isHealthy(repository);
});

Deno.test("lostKeepers() does not miss what a deletion removed that was killed", async () => {
  using repository = await withGarbage();
  await repository.call(refCreate, { name: "best" });
  const refs = `${repository.path}/.jvs/refs`;
  for (let n = 1; namesIn(refs).length > 0; n++) {
    await killedAt(n, () => repository.call(refDelete, { name: "best" }));
  }
  const intents = `${repository.path}/.jvs/runtime/shared/intents`;
  assertEquals(namesIn(intents).filter((name) => name.endsWith(".json")).length, 1);
  assertEquals((await lost(repository)).all, []);
  await repository.call(doctor, { repair_runtime: true, repair: ["clean_tmp"] });
  await isHealthy(repository);
});
