import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fullAudit } from "../../../tests/support/full_audit.ts";
import { killedAt } from "../../../tests/support/kill_point.ts";
import { TestRepository } from "../../../tests/support/repository.ts";
import { JvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import { doctor } from "../../operation/doctor.ts";
import { gcPlan } from "../../operation/gc_plan.ts";
import { refCreate } from "../../operation/ref_create.ts";
import { refList } from "../../operation/ref_list.ts";
import { restore } from "../../operation/restore.ts";
import { snapshot } from "../../operation/snapshot.ts";
import { worktreeCreate } from "../../operation/worktree_create.ts";

/** A worktree that went back behind two snapshots of its line, with new work. */
async function detached(repository: TestRepository, where: string) {
  const ids: string[] = [];
  for (const text of ["one\n", "two\n", "three\n"]) {
    repository.write(`${where}/f`, text);
    ids.push(await repository.save(text, where));
  }
  const [first = "", second = "", newest = ""] = ids;
  await repository.call(restore, { snapshot: first }, { in: where });
  repository.write(`${where}/f`, "another way\n");
  return { first, second, newest, end: shortId(newest) };
}

/** Branches, and checks that the whole old line is kept by the ref that the result names. Gives that name. */
async function branch(repository: TestRepository, where: string, newest: string): Promise<string> {
  const { kept_line_as: kept } = await repository.call(snapshot, { branch: true }, { in: where });
  const { refs } = await repository.call(refList);
  const ref = refs.find(({ ref_name }) => ref_name === kept);
  assertEquals([ref?.snapshot_id, ref?.keeps_line], [newest, true]);
  assertEquals((await repository.call(gcPlan)).candidates, []);
  return String(kept);
}

Deno.test("refForLine() gives a good name to the line of a worktree whose name makes none", async () => {
  for (const name of ["1795440053540", "n".repeat(120), "n".repeat(128)]) {
    using repository = await TestRepository.make();
    await repository.call(worktreeCreate, { name });
    const { end, newest } = await detached(repository, `worktrees/${name}`);
    assertEquals(await branch(repository, `worktrees/${name}`, newest), `line-${end}`);
    await fullAudit(repository.path);
  }
});

Deno.test("refForLine() takes no ref of another snapshot, or of this one alone, and uses the one that keeps the line", async () => {
  using repository = await TestRepository.make();
  const { end, first, newest } = await detached(repository, "main");
  await repository.call(refCreate, { name: `main-${end}`, snapshot: first });
  await repository.call(refCreate, { name: `main-${end}-2`, snapshot: newest });
  Deno.writeTextFileSync(`${repository.path}/.jvs/refs/main-${end}-3.json`, "{");
  const damaged = await assertRejects(() => repository.call(refList), JvsError);
  assertEquals(damaged.code, "E_DESCRIPTOR_CORRUPT");
  const { kept_line_as: kept } = await repository.call(snapshot, { branch: true });
  assertEquals(kept, `main-${end}-4`);
  Deno.removeSync(`${repository.path}/.jvs/refs/main-${end}-3.json`);
  assertEquals((await repository.call(gcPlan)).candidates, []);
  const again = await detached(repository, "main");
  await repository.call(refCreate, { name: `main-${again.end}`, snapshot: again.newest, line: true });
  assertEquals(await branch(repository, "main", again.newest), `main-${again.end}`);
});

Deno.test("refForLine() refuses before anything begins where a missing folder of refs may have held some", async () => {
  using repository = await TestRepository.make();
  await detached(repository, "main");
  Deno.removeSync(`${repository.path}/.jvs/refs`, { recursive: true });
  const error = await assertRejects(() => repository.call(snapshot, { branch: true }), JvsError);
  assertMatch(error.message, /^Cannot keep the old line of worktree "main"/);
  assertEquals([...Deno.readDirSync(`${repository.path}/.jvs/runtime/shared/intents`)], []);
});

Deno.test("keepLine() ends what was interrupted where the ref that the intent names cannot be made, or is another", async () => {
  for (const wanted of ["1795440053540-12345678", "n".repeat(129), "taken", "alone", "HEAD"]) {
    using repository = await TestRepository.make();
    const { end, first, newest } = await detached(repository, "main");
    await repository.call(refCreate, { name: "taken", snapshot: first, line: true });
    await repository.call(refCreate, { name: "alone", snapshot: newest });
    await killAfterReady(repository);
    wantInIntent(repository, wanted);
    assertEquals((await repository.call(doctor, { repair_runtime: true })).healthy, true);
    const { refs } = await repository.call(refList);
    const kept = refs.filter(({ ref_name }) => !["taken", "alone"].includes(ref_name));
    assertEquals(kept.map((ref) => [ref.ref_name, ref.snapshot_id, ref.keeps_line]), [[
      `main-${end}`,
      newest,
      true,
    ]]);
    assertEquals((await repository.call(gcPlan)).candidates, []);
    await fullAudit(repository.path);
  }
});

/** Kills `snapshot --branch` when its snapshot exists, and the ref does not. */
async function killAfterReady(repository: TestRepository): Promise<void> {
  const markers = () =>
    [...Deno.readDirSync(`${repository.path}/.jvs/snapshots`)].filter(({ name }) => name.endsWith(".READY"));
  const before = markers().length;
  for (let n = 1; markers().length === before; n++) {
    assert(
      await killedAt(n, () => repository.call(snapshot, { branch: true })),
      "it was never killed so late",
    );
  }
}

/** Has the open intent name this ref, as an earlier version may have done. */
function wantInIntent({ path }: TestRepository, wanted: string): void {
  const folder = `${path}/.jvs/runtime/shared/intents`;
  const [file] = [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".json"));
  const intent = JSON.parse(Deno.readTextFileSync(`${folder}/${file?.name}`));
  Deno.writeTextFileSync(
    `${folder}/${file?.name}`,
    JSON.stringify({ ...intent, details: { ...intent.details, keep_line_as: wanted } }),
  );
}
