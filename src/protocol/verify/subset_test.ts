import { assertEquals } from "@std/assert";
import { fails } from "../../../tests/support/two_lines.ts";
import { TestRepository } from "../../../tests/support/repository.ts";
import { bytesOf } from "../../model/bytes.ts";
import { verify } from "../../operation/verify.ts";
import { parseSubset } from "./subset.ts";

/** The numbers of the files that the next run with this part reads. */
async function filesOf(repository: TestRepository, part: string): Promise<number[]> {
  const { isRead } = parseSubset(await repository.open(), part);
  return Array.from({ length: 50 }, (_, i) => i).filter((i) => isRead(bytesOf(`file-${i}`)));
}

Deno.test("parseSubset() gives the next part after each run that read its part, and in turn every file", async () => {
  using repository = await TestRepository.saved();
  const turns: number[][] = [];
  for (let turn = 0; turn < 4; turn++) {
    turns.push(await filesOf(repository, "25%"));
    assertEquals(await filesOf(repository, "25%"), turns[turn], "asking counts nothing");
    assertEquals(await filesOf(repository, `${turn + 1}/4`), turns[turn]);
    await repository.call(verify, { all: true, subset: "25%" });
  }
  assertEquals(turns.flat().sort((a, b) => a - b), Array.from({ length: 50 }, (_, i) => i));
  assertEquals(await filesOf(repository, "25%"), turns[0]);
});

Deno.test("parseSubset() gives the same part again after a run that was interrupted or stopped at damage", async () => {
  using repository = await TestRepository.saved();
  const first = await filesOf(repository, "25%");
  const signal = AbortSignal.abort();
  await fails("E_INTERRUPTED", repository.call(verify, { all: true, subset: "25%" }, { signal }));
  assertEquals(await filesOf(repository, "25%"), first);
  const { layout } = (await repository.open()).store;
  Deno.writeTextFileSync(layout.descriptor(repository.first).path, "{}");
  await repository.call(verify, { all: true, subset: "25%", fail_fast: true });
  assertEquals(await filesOf(repository, "25%"), first);
  await repository.call(verify, { all: true, subset: "25%" });
  assertEquals(
    await filesOf(repository, "25%"),
    await filesOf(repository, "2/4"),
    "all that can be read was",
  );
});
