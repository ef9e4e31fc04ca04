import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { TestRepository } from "../../tests/support/repository.ts";
import { fails, twoLines } from "../../tests/support/two_lines.ts";
import { JvsError } from "../model/errors.ts";
import { audit } from "./audit.ts";
import { auditVerify } from "./audit_verify.ts";
import { configSet } from "./config_set.ts";
import { gcRun } from "./gc_run.ts";
import { refCreate } from "./ref_create.ts";
import { verify } from "./verify.ts";
import { worktreeFork } from "./worktree_fork.ts";
import { worktreeRemove } from "./worktree_remove.ts";
import { worktreeRename } from "./worktree_rename.ts";

type Input = Parameters<typeof audit.run>[1];

async function targets(repository: TestRepository, input: Partial<Input> = {}): Promise<string[]> {
  return (await repository.call(audit, input)).records.map(({ operation, target }) =>
    `${operation} ${target}`
  );
}

/** Init, a snapshot, a fork, a ref by another actor, a snapshot in the fork. */
async function someHistory(): Promise<TestRepository & { readonly first: string; readonly second: string }> {
  const repository = await TestRepository.saved();
  await repository.call(worktreeFork, { name: "try" });
  await repository.call(refCreate, { name: "best" }, { actor: "ann@lab", reason: "it won" });
  repository.write("worktrees/try/a.txt", "two\n");
  const second = await repository.save("", "worktrees/try");
  return Object.assign(repository, { second });
}

Deno.test("audit shows the newest first, in pages that follow each other", async () => {
  using repository = await someHistory();
  const { first, path, second } = repository;
  const all = [
    `snapshot ${second}`,
    "ref create best",
    "worktree fork try",
    `snapshot ${first}`,
    `init ${path}`,
  ];
  assertEquals(await targets(repository), all);
  const pages: string[][] = [];
  for (let page: { before?: string } | undefined = {}; page !== undefined;) {
    const shown: Awaited<ReturnType<typeof audit.run>> = await repository.call(audit, { limit: 2, ...page });
    pages.push(shown.records.map(({ operation, target }) => `${operation} ${target}`));
    page = shown.next === null ? undefined : { before: shown.next };
  }
  assertEquals(pages, [all.slice(0, 2), all.slice(2, 4), all.slice(4)]);
  const error = await assertRejects(() => repository.call(audit, { before: crypto.randomUUID() }), JvsError);
  assertEquals(error.code, "E_NOT_FOUND");
});

Deno.test("audit filters by operation, target, actor, worktree and time", async () => {
  using repository = await someHistory();
  const { first, second } = repository;
  assertEquals(await targets(repository, { operation: "snapshot" }), [
    `snapshot ${second}`,
    `snapshot ${first}`,
  ]);
  assertEquals(await targets(repository, { operation: "worktree" }), ["worktree fork try"]);
  await fails("E_USAGE", targets(repository, { operation: "work" }));
  assertEquals(await targets(repository, { target: first.slice(14, 20) }), [`snapshot ${first}`]);
  assertEquals(await targets(repository, { target: "best" }), ["ref create best"]);
  assertEquals(await targets(repository, { actor: "ann" }), ["ref create best"]);
  assertEquals(await targets(repository, { actor: "an" }), []);
  assertEquals(await targets(repository, { worktree: "try" }), [`snapshot ${second}`, "worktree fork try"]);
  assertEquals((await targets(repository, { since: "1h" })).length, 5);
  assertEquals(await targets(repository, { until: "1h" }), []);
  const { records: [ref] } = await repository.call(audit, { target: "best" });
  assertEquals([ref?.actor, ref?.reason, ref?.details["snapshot_id"]], ["ann@lab", "it won", first]);
});

Deno.test("audit finds the garbage collection that took a snapshot, by the snapshot", async () => {
  using repository = await twoLines();
  const [first = "", , third = ""] = repository.ids;
  await repository.call(configSet, { key: "retention.keep_last_n", value: "1" });
  await repository.call(worktreeFork, { name: "try" });
  const { plan } = await repository.call(gcRun, { yes: true, policy: "thin" });
  const told = [`gc run ${plan.plan_id}`];
  assertEquals((await targets(repository, { target: first })).slice(0, 1), told);
  assertEquals(await targets(repository, { target: first.slice(14), operation: "gc" }), told);
  assertEquals(await targets(repository, { target: third, operation: "gc run" }), []);
});

Deno.test("audit shows what was done in a worktree under its earlier names, and not what another of the new name did", async () => {
  using repository = await TestRepository.saved();
  for (const name of ["bb", "aa"]) {
    await repository.call(worktreeFork, { name });
    repository.write(`worktrees/${name}/a.txt`, `${name}\n`);
    await repository.save("", `worktrees/${name}`);
    if (name === "bb") await repository.call(worktreeRemove, { name });
  }
  await repository.call(worktreeRename, { name: "aa", new_name: "bb" });
  const operations = async (input: Partial<Input>) =>
    (await repository.call(audit, input)).records.map(({ operation }) => operation);
  const all = ["worktree rename", "snapshot", "worktree fork"];
  assertEquals(await operations({ worktree: "bb" }), all);
  await repository.call(worktreeRename, { name: "bb", new_name: "cc" });
  assertEquals(await operations({ worktree: "cc" }), ["worktree rename", ...all]);
  const { next } = await repository.call(audit, { worktree: "cc", limit: 2 });
  assertEquals(await operations({ worktree: "cc", before: next ?? "" }), all.slice(1));
  await repository.call(worktreeRemove, { name: "cc" });
  assertEquals((await operations({ worktree: "cc" })).slice(1), ["worktree rename", ...all]);
});

Deno.test("audit of a worktree shows nothing of a ref that has its name", async () => {
  using repository = await TestRepository.saved();
  await repository.call(refCreate, { name: "try" });
  await repository.call(worktreeFork, { name: "try" });
  assertEquals(await targets(repository, { worktree: "try" }), ["worktree fork try"]);
  assertEquals(await targets(repository, { target: "try" }), ["worktree fork try", "ref create try"]);
});

Deno.test("audit of a worktree ends where it was made, and not with another one that had its name before", async () => {
  using repository = await TestRepository.saved();
  const snapshotIn = async (name: string) => {
    repository.write(`worktrees/${name}/a.txt`, crypto.randomUUID());
    return `snapshot ${await repository.save("", `worktrees/${name}`)}`;
  };
  await repository.call(worktreeFork, { name: "aa" });
  const old = await snapshotIn("aa");
  await repository.call(worktreeRename, { name: "aa", new_name: "old" });
  await repository.call(worktreeFork, { name: "aa" });
  const first = [await snapshotIn("aa"), "worktree fork aa"];
  assertEquals(await targets(repository, { worktree: "aa" }), first);
  assertEquals(await targets(repository, { worktree: "old" }), [
    "worktree rename old",
    old,
    "worktree fork aa",
  ]);
  const { next } = await repository.call(audit, { worktree: "aa", limit: 1 });
  assertEquals(await targets(repository, { worktree: "aa", before: next ?? "" }), first.slice(1));
  const { records: [fork, ...none] } = await repository.call(audit, {
    worktree: "aa",
    operation: "worktree fork",
  });
  assertEquals(none, []);
  assertEquals(await targets(repository, { worktree: "aa", before: fork?.event_id ?? "" }), []);
  const { records: [init] } = await repository.call(audit, { operation: "init" });
  assertEquals(await targets(repository, { worktree: "aa", before: init?.event_id ?? "" }), []);

  await repository.call(worktreeRemove, { name: "aa" });
  const removed = ["worktree remove aa", ...first];
  assertEquals(await targets(repository, { worktree: "aa" }), removed, "the last that had the name");
  await repository.call(worktreeFork, { name: "aa" });
  assertEquals(await targets(repository, { worktree: "aa" }), ["worktree fork aa"]);
  await repository.call(worktreeRename, { name: "aa", new_name: "bb" });
  assertEquals(await targets(repository, { worktree: "aa" }), ["worktree rename bb", "worktree fork aa"]);
});

Deno.test("audit refuses an operation that is none, and times between which nothing can be", async () => {
  using repository = await someHistory();
  const slip = await fails("E_USAGE", repository.call(audit, { operation: "snapshto" }));
  assertStringIncludes(slip.hint, '`--operation "snapshot"`');
  assertStringIncludes(
    (await fails("E_USAGE", repository.call(audit, { operation: "xyz" }))).hint,
    "worktree rename",
  );
  for (
    const operation of ["lock", "doctor advance_head", "audit", "audit repair", "init", "adopt relocate"]
  ) {
    await repository.call(audit, { operation });
  }
  await fails("E_USAGE", repository.call(audit, { since: "1d", until: "3d" }));
  assertEquals(await targets(repository, { since: "3d", until: "1d" }), []);
});

Deno.test("audit goes on over files that were closed", async () => {
  using repository = await someHistory();
  await repository.call(configSet, { key: "audit.rotate_bytes", value: "1000" });
  for (let i = 0; i < 12; i++) await repository.call(refCreate, { name: `ref-${i}` });
  const { files, head, whole } = await repository.call(auditVerify);
  assertEquals([files.length > 2, whole], [true, true]);
  const all = await targets(repository, { limit: 1000 });
  assertEquals(all.filter((each) => each.startsWith("ref create ref-")).length, 12);
  assertEquals(all.at(-1), `init ${repository.path}`);
  assertEquals((await repository.call(audit, { limit: 1 })).records[0]?.record_hash, head);
});

Deno.test("audit verify and verify tell a trail that was rolled back as a whole, by a head that was noted before", async () => {
  using repository = await someHistory();
  const trail = `${repository.path}/.jvs/audit`;
  const copy = `${repository.outside}/copy`;
  Deno.mkdirSync(copy);
  for (const { name } of Deno.readDirSync(trail)) Deno.copyFileSync(`${trail}/${name}`, `${copy}/${name}`);
  const before = (await repository.call(auditVerify)).head;
  await repository.call(refCreate, { name: "later" });
  const { head: expect_head, expected_found } = await repository.call(auditVerify, {
    expect_head: before.toUpperCase(),
  });
  assertEquals(expected_found, true);
  assertEquals((await repository.call(verify, { all: true, expect_head })).severity, "ok");

  for (const { name } of Deno.readDirSync(copy)) Deno.copyFileSync(`${copy}/${name}`, `${trail}/${name}`);
  Deno.removeSync(`${repository.path}/.jvs/refs/later.json`);
  assertEquals((await repository.call(auditVerify)).whole, true); // no chain can show it
  const found = await repository.call(auditVerify, { expect_head });
  assertEquals([found.whole, found.broken, found.expected_found], [false, null, false]);
  const { findings, severity } = await repository.call(verify, { expect_head });
  assertEquals([severity, findings.map(({ code }) => code)], ["critical", ["E_AUDIT_CHAIN_BROKEN"]]);
});

Deno.test("audit says that the trail is broken, and audit verify where", async () => {
  using repository = await someHistory();
  const file = `${repository.path}/.jvs/audit/audit.jsonl`;
  Deno.writeTextFileSync(file, Deno.readTextFileSync(file).replace('"reason":"it won"', '"reason":"he won"'));
  const error = await assertRejects(() => repository.call(audit), JvsError);
  assertEquals(error.code, "E_AUDIT_CHAIN_BROKEN");
  const { broken, count, whole } = await repository.call(auditVerify);
  assertEquals([whole, count, broken?.line], [false, 3, 4]);
});

Deno.test("audit says in a sentence that the end of the trail is missing, or which record is another one", async () => {
  using repository = await someHistory();
  const file = `${repository.path}/.jvs/audit/audit.jsonl`;
  const lines = Deno.readTextFileSync(file).split("\n").slice(0, -1);
  const told = async (left: readonly string[]) => {
    Deno.writeTextFileSync(file, left.map((line) => `${line}\n`).join(""));
    const { code, message } = await assertRejects(() => repository.call(audit, { limit: 9 }), JvsError);
    assertEquals(code, "E_AUDIT_CHAIN_BROKEN");
    return message.split(`${file}": `)[1];
  };
  const all = lines.length;
  assertEquals(
    await told(lines.slice(0, -3)),
    `its last record is not the last of the ${all} that there were: its end is missing, or was exchanged`,
  );
  assertEquals(
    await told(lines.toSpliced(-2, 1)),
    `record ${all - 1} of ${all} is not the one that the record after it follows`,
  );
  assertEquals(await told(lines.slice(1)), `it has ${all - 1} of ${all} records`);
});
