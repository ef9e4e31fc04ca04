import { assertEquals, assertRejects } from "@std/assert";
import { TestRepository } from "../../tests/support/repository.ts";
import { JvsError } from "../model/errors.ts";
import { audit } from "./audit.ts";
import { auditVerify } from "./audit_verify.ts";
import { configSet } from "./config_set.ts";
import { refCreate } from "./ref_create.ts";
import { verify } from "./verify.ts";
import { worktreeFork } from "./worktree_fork.ts";

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
  assertEquals(await targets(repository, { operation: "work" }), []);
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
  const { head: expect_head } = await repository.call(auditVerify, { expect_head: before });
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
