import { assertEquals, assertNotEquals } from "@std/assert";
import { fullAudit } from "../tests/support/full_audit.ts";
import { jvsError, jvsJson, runJvs } from "../tests/support/jvs.ts";
import { tempDir } from "../tests/support/temp_dir.ts";

Deno.test("rule 20: jvs ref create and delete are audited, and names are checked", async () => {
  using folder = tempDir();
  await jvsJson(["init", "p"], { cwd: folder.path });
  const main = { cwd: `${folder.path}/p/main` };
  Deno.writeTextFileSync(`${main.cwd}/a`, "1");
  const { snapshot } = await jvsJson<{ snapshot: { snapshot_id: string } }>(["snapshot", "first"], main);
  await jvsJson(["ref", "create", "best", "HEAD", "--reason", "it won"], main);
  await jvsError("E_ALREADY_EXISTS", ["ref", "create", "best"], main);
  for (const name of ["HEAD", "LATEST", ".x", "a b", "ä", "x".repeat(129), snapshot.snapshot_id]) {
    await jvsError("E_NAME_INVALID", ["ref", "create", name], main);
  }
  await jvsError("E_NOT_FOUND", ["ref", "create", "other", "nonsense"], main);
  const { refs } = await jvsJson<{ refs: { ref_name: string; snapshot_id: string }[] }>(
    ["ref", "list"],
    main,
  );
  assertEquals(refs.map((ref) => [ref.ref_name, ref.snapshot_id]), [["best", snapshot.snapshot_id]]);
  await jvsJson(["ref", "delete", "best"], main);
  await jvsError("E_NOT_FOUND", ["ref", "delete", "best"], main);
  assertNotEquals((await runJvs(["ref", "create"], main)).code, 0);

  const log = Deno.readTextFileSync(`${folder.path}/p/.jvs/audit/audit.jsonl`).trim().split("\n");
  const records = log.map((line) => JSON.parse(line)).filter(({ operation }) => operation.startsWith("ref "));
  assertEquals(records.map(({ operation, target, reason }) => [operation, target, reason]), [
    ["ref create", "best", "it won"],
    ["ref delete", "best", null],
  ]);
  await fullAudit(`${folder.path}/p`);
});
