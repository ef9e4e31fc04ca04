import { assertEquals, assertRejects } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { killedAt } from "../../tests/support/kill_point.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { refCreate } from "./ref_create.ts";
import { refDelete } from "./ref_delete.ts";
import { refList } from "./ref_list.ts";
import { show } from "./show.ts";

async function refRecords(repository: TestRepository): Promise<[string, string][]> {
  const records = (await repository.audit()).filter(({ operation }) => operation.startsWith("ref "));
  return records.map(({ operation, target }) => [operation, target]);
}

Deno.test("refCreate() names a snapshot, which every other operation then understands", async () => {
  using repository = await TestRepository.saved();
  const { ref } = await repository.call(refCreate, {
    name: "best",
    snapshot: repository.first,
    note: "0.93",
  });
  assertEquals([ref.snapshot_id, ref.created_by, ref.note], [repository.first, "tester@here", "0.93"]);
  assertEquals(ref.keeps_line, false);
  repository.write("main/a.txt", "two\n");
  await repository.save();
  const shown = await repository.call(show, { snapshot: "best" });
  assertEquals([shown.snapshot.snapshot_id, shown.refs], [repository.first, ["best"]]);
});

Deno.test("refCreate() with line makes a ref that keeps the line, and its audit record says so", async () => {
  using repository = await TestRepository.saved();
  const { ref } = await repository.call(refCreate, { name: "best", line: true });
  assertEquals(ref.keeps_line, true);
  assertEquals((await repository.call(refList)).refs, [ref]);
  assertEquals((await repository.audit()).at(-1)?.details.keeps_line, true);
});

Deno.test("refCreate() and refDelete() each leave one audit record, and a refusal none", async () => {
  using repository = await TestRepository.saved();
  await repository.call(refCreate, { name: "best" });
  const taken = await assertRejects(() => repository.call(refCreate, { name: "best" }), JvsError);
  assertEquals(taken.code, "E_ALREADY_EXISTS");
  await repository.call(refDelete, { name: "best" });
  const gone = await assertRejects(() => repository.call(refDelete, { name: "best" }), JvsError);
  assertEquals(gone.code, "E_NOT_FOUND");
  assertEquals(await refRecords(repository), [["ref create", "best"], ["ref delete", "best"]]);
  assertEquals((await repository.call(refList)).refs, []);
});

Deno.test("refCreate() refuses names that are none, and snapshots that do not exist", async () => {
  using repository = await TestRepository.saved();
  const bad: [string, string][] = [
    ["a/b", "E_PATH_ESCAPE"],
    ["../../x", "E_PATH_ESCAPE"],
    ["HEAD", "E_NAME_INVALID"],
    ["latest", "E_NAME_INVALID"],
    [".x", "E_NAME_INVALID"],
    ["a\tb", "E_NAME_INVALID"],
    ["x".repeat(200), "E_NAME_INVALID"],
    [repository.first, "E_NAME_INVALID"],
  ];
  for (const [name, code] of bad) {
    const error = await assertRejects(() => repository.call(refCreate, { name }), JvsError);
    assertEquals(error.code, code, name);
  }
  const input = { name: "best", snapshot: "nonsense" };
  assertEquals((await assertRejects(() => repository.call(refCreate, input), JvsError)).code, "E_NOT_FOUND");
  assertEquals((await repository.call(refList)).refs, []);
});

Deno.test("refCreate() killed at any moment makes the ref with its record, or neither", async () => {
  for (let n = 1;; n++) {
    using repository = await TestRepository.saved();
    const killed = await killedAt(n, () => repository.call(refCreate, { name: "best" }));
    await repository.call(refCreate, { name: "next" });
    const { refs } = await repository.call(refList);
    const expected = refs.map(({ ref_name }) => ["ref create", ref_name] as [string, string]);
    assertEquals(await refRecords(repository), expected, `killed at ${n}`);
    if (!killed) return;
  }
});

Deno.test("refDelete() killed at any moment takes the ref away with a record, or leaves it", async () => {
  for (let n = 1;; n++) {
    using repository = await TestRepository.saved();
    await repository.call(refCreate, { name: "best" });
    const killed = await killedAt(n, () => repository.call(refDelete, { name: "best" }));
    await repository.call(refCreate, { name: "next" });
    const isThere = (await repository.call(refList)).refs.length === 2;
    const operations = (await refRecords(repository)).map(([operation]) => operation);
    const expected = ["ref create", ...(isThere ? [] : ["ref delete"]), "ref create"];
    assertEquals(operations, expected, `killed at ${n}`);
    if (!killed) return;
  }
});
