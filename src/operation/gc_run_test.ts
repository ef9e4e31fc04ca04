import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { warnings } from "../../tests/support/context.ts";
import { namesIn } from "../../tests/support/files.ts";
import { fullAudit } from "../../tests/support/full_audit.ts";
import { jvsJson, runJvs } from "../../tests/support/jvs.ts";
import { interceptWhen } from "../../tests/support/kill_point.ts";
import { fails, twoLines } from "../../tests/support/two_lines.ts";
import { textOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { silentReporter } from "../model/progress.ts";
import { LinuxFolder } from "../platform/linux_folder.ts";
import { SystemError } from "../platform/system_error.ts";
import { recordHash } from "../repo/record_hash.ts";
import { configSet } from "./config_set.ts";
import { diff } from "./diff.ts";
import { gcPlan } from "./gc_plan.ts";
import { gcRun } from "./gc_run.ts";
import { refCreate } from "./ref_create.ts";
import { restore } from "./restore.ts";
import { show } from "./show.ts";
import { verify } from "./verify.ts";

type Repository = Awaited<ReturnType<typeof twoLines>>;

/** Collects by a plan that was not written, and fails when the first file of a payload is to be deleted. */
async function stoppedRun(repository: Repository): Promise<JvsError> {
  const isOfPayload = ([name]: readonly unknown[]) => name instanceof Uint8Array && textOf(name) === "a.txt";
  const unblock = interceptWhen(LinuxFolder.prototype, "removeFile", isOfPayload, () => {
    throw new SystemError("remove", "a.txt", "EIO");
  });
  try {
    return await fails("E_IO", repository.call(gcRun, { yes: true }));
  } finally {
    unblock();
  }
}

/** What a call says of bytes that came free, while it runs. */
function bytesTold() {
  const told = { bytes: 0 };
  const phases: string[] = [];
  const reporter = {
    ...silentReporter,
    begin: (name: string) => void phases.push(name),
    end: () => void phases.pop(),
    advance: (_: number, bytes: number) => void (told.bytes += phases.at(-1) === "freeing" ? bytes : 0),
  };
  return { told, reporter };
}

Deno.test("gc run --yes that was stopped names no plan that was never written, and the next run says what it finished", async () => {
  using repository = await twoLines();
  const [, , , fourth = "", fifth = ""] = repository.ids;
  const { deletable_bytes_estimate: bytes, plan_id } = await repository.call(gcPlan);
  assertStringIncludes(
    (await stoppedRunWithoutPlan(repository, plan_id)).hint,
    "again, with --yes: it goes on",
  );
  const { told, reporter } = bytesTold();
  const result = await repository.call(gcRun, { yes: true }, { reporter });
  assertEquals([result.pruned, result.deleted, result.finished], [[], [], [fourth, fifth]]);
  assertEquals([result.freed_bytes, told.bytes], [bytes, bytes]);
  await fullAudit(repository.path);
});

async function stoppedRunWithoutPlan(repository: Repository, planId: string): Promise<JvsError> {
  Deno.removeSync(`${repository.path}/.jvs/gc/plans/${planId}.json`);
  return await stoppedRun(repository);
}

Deno.test("gc run that was stopped names the plan if it was written, and ends by it", async () => {
  using repository = await twoLines();
  const { plan_id } = await repository.call(gcPlan);
  assertStringIncludes((await stoppedRun(repository)).hint, `--plan-id ${plan_id} or --yes`);
  assertEquals((await repository.call(gcRun, { plan_id })).finished, repository.ids.slice(3));
});

Deno.test("gc run ends what a version left that did not note sizes", async () => {
  using repository = await twoLines();
  await stoppedRun(repository);
  const folder = `${repository.path}/.jvs/gc/tombstones`;
  const [name = ""] = namesIn(folder);
  const { bytes, ...before } = JSON.parse(Deno.readTextFileSync(`${folder}/${name}`));
  assertEquals(Object.keys(bytes), repository.ids.slice(3));
  Deno.writeTextFileSync(`${folder}/${name}`, JSON.stringify(before));
  const { finished, freed_bytes } = await repository.call(gcRun, { yes: true });
  assertEquals([finished, freed_bytes], [repository.ids.slice(3), 0]);
});

Deno.test("gc run tells the progress in the bytes that it says came free", async () => {
  using repository = await twoLines();
  const { told, reporter } = bytesTold();
  const { freed_bytes, plan } = await repository.call(gcRun, { yes: true }, { reporter });
  assert(freed_bytes > 0);
  assertEquals([told.bytes, plan.deletable_bytes_estimate], [freed_bytes, freed_bytes]);
});

Deno.test("gc run deletes what a restore replaced when it was kept for long enough, and not before", async () => {
  using repository = await twoLines();
  const text = "not saved\n".repeat(10_000);
  repository.write("main/new.txt", text);
  await repository.call(restore, { snapshot: repository.ids[0] ?? "" });
  const replaced = `${repository.path}/.jvs/runtime/shared/replaced`;
  assertEquals(namesIn(replaced).length, 1);
  assertEquals((await repository.call(gcRun, { yes: true })).replaced_bytes, 0);
  assertEquals(namesIn(replaced).length, 1);
  await repository.call(configSet, { key: "restore.keep_replaced", value: "0s" });
  const { freed_bytes, replaced_bytes } = await repository.call(gcRun, { yes: true });
  assertEquals([namesIn(replaced), freed_bytes], [[], 0]);
  assert(replaced_bytes >= text.length && replaced_bytes < 2 * text.length, String(replaced_bytes));
});

Deno.test("gc run tells a person of what restores had replaced, also where no snapshot goes", async () => {
  using repository = await twoLines();
  await repository.call(gcRun, { yes: true });
  repository.write("main/a.txt", "not saved\n".repeat(10_000));
  await repository.call(restore, { snapshot: repository.ids[2] ?? "" });
  await repository.call(configSet, { key: "restore.keep_replaced", value: "0s" });
  const collected = async () => (await runJvs(["gc", "run", "--yes"], { cwd: repository.main })).stdout;
  assertMatch(
    await collected(),
    /^Freed (1\d\d KB)\n {2}replaced {2}\1 that restores had replaced, kept long enough by restore.keep_replaced\n$/,
  );
  assertEquals(await collected(), "Nothing was left to collect\n");
});

Deno.test("gc run --yes shows a person the list of the plan before it collects, and a program one line", async () => {
  using repository = await twoLines();
  const at = { cwd: repository.main };
  const { plan_id } = await jvsJson<{ plan_id: string }>(["gc", "plan"], at);
  const all = await runJvs(["gc", "plan", "--all"], at);
  assertStringIncludes(all.stdout, "before the head of worktree main");
  assertEquals(all.stdout.match(/ keep /g)?.length, 3);
  assertMatch(all.stdout, /delete +[\d.]+ KB +"5"\n/);
  assertStringIncludes(all.stdout, "stays  3 snapshots: 3 on lines of worktrees\n");
  const { stdout, stderr } = await runJvs(["gc", "run", "--yes"], at);
  assertEquals([...stdout.matchAll(/delete +[\d.]+ KB +"[45]"\n/g)].length, 2, stdout);
  assertStringIncludes(stdout, `GC Plan ${plan_id}`);
  assert(stdout.indexOf("GC Plan") < stdout.indexOf("Freed"), stdout);
  assert(!stdout.includes("Nothing was changed"), stdout);
  assertEquals(stderr, "");
});

Deno.test("gc run tells a program in one warning what it is about to do", async () => {
  using repository = await twoLines();
  const reporter = warnings();
  const { plan } = await repository.call(gcRun, { yes: true }, { reporter });
  assertEquals(reporter.told.length, 1);
  assertStringIncludes(reporter.told[0] ?? "", `By plan ${plan.plan_id}, 2 snapshots lose their content`);
});

Deno.test("gc plan says that a snapshot is counted for each of its reasons", async () => {
  using repository = await twoLines();
  await repository.call(refCreate, { name: "best", snapshot: repository.ids[0] ?? "" });
  const { stdout } = await runJvs(["gc", "plan"], { cwd: repository.main });
  assertStringIncludes(
    stdout,
    "3 snapshots: 3 on lines of worktrees, 1 by refs (some for several reasons)\n",
  );
});

Deno.test("a pruned snapshot can be shown and compared, and what needs its content says that it is gone", async () => {
  using repository = await twoLines();
  const [first = "", second = "", third = ""] = repository.ids;
  await repository.call(configSet, { key: "retention.keep_last_n", value: "1" });
  const { pruned } = await repository.call(gcRun, { yes: true, policy: "thin" });
  assert(pruned.includes(first) && pruned.includes(second));
  const shown = await repository.call(show, { snapshot: first, files: true });
  assertEquals(shown.files?.map(({ path }) => path), [".", "a.txt", "data", "data/b.txt"]);
  const { differences } = await repository.call(diff, { from: second, to: third });
  assertEquals(differences.map(({ path }) => path), ["a.txt"]);
  const { severity, snapshots: [verified] } = await repository.call(verify, { snapshot: first });
  assertEquals([severity, verified?.payload_hash_valid], ["ok", null]);
  assertStringIncludes(verified?.message ?? "", "Its content was pruned");
  const reporter = warnings();
  await repository.call(refCreate, { name: "old", snapshot: first }, { reporter });
  assertEquals(reporter.told.length, 1);
  assertStringIncludes(reporter.told[0] ?? "", "was pruned");
  await repository.call(refCreate, { name: "new", snapshot: third }, { reporter });
  assertEquals(reporter.told.length, 1);
  await assertRejects(() => repository.call(restore, { snapshot: first }), JvsError, "pruned");
});

Deno.test("gc run refuses a plan of another version, also one with a field that this version does not know", async () => {
  using repository = await twoLines();
  const { plan_id, created_at, ...said } = await repository.call(gcPlan);
  const { plan_version: _version, ...ofBefore } = said;
  const [first, ...others] = said.snapshots;
  const strange = [
    { ...said, new_rule_of_a_newer_version: { spare: "candidates" } },
    { ...said, policy: { ...said.policy, keep_weekly: 4 } },
    { ...said, snapshots: [{ ...first, only_if: "idle" }, ...others] },
    { ...said, plan_version: 2 },
    ofBefore,
  ];
  for (const plan of strange) {
    const id = (await recordHash(plan)).slice(0, 16);
    const text = JSON.stringify({ plan_id: id, created_at, ...plan });
    Deno.writeTextFileSync(`${repository.path}/.jvs/gc/plans/${id}.json`, text);
    const { message } = await fails("E_GC_PLAN_MISMATCH", repository.call(gcRun, { plan_id: id }));
    assertStringIncludes(message, "another version");
  }
  assertEquals((await repository.call(gcRun, { plan_id })).deleted, repository.ids.slice(3));
});
