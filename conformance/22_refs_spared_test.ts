import { assertEquals } from "@std/assert";
import { BlackBox } from "../tests/support/black_box.ts";

interface Plan {
  readonly candidates: string[];
  readonly protected_by_ref: number;
  readonly snapshots: { snapshot_id: string; action: string; reasons: string[] }[];
}

Deno.test("conformance 22: gc spares what a ref names, and keeps the place of what that descends from", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "0\n");
  await box.save("first");
  await box.json(["worktree", "fork", "old"]);
  const old = { cwd: `${box.path}/worktrees/old` };
  const ids: string[] = [];
  for (const text of ["1\n", "2\n", "3\n"]) {
    Deno.writeTextFileSync(`${old.cwd}/a.txt`, text);
    ids.push(
      (await box.json<{ snapshot: { snapshot_id: string } }>(["snapshot", text], old)).snapshot.snapshot_id,
    );
  }
  const [one = "", two = "", three = ""] = ids;
  await box.json(["ref", "create", "best", two]);
  await box.json(["worktree", "remove", "old"]);
  await box.json(["gc", "unpin", three]);

  const plan = await box.json<Plan>(["gc", "plan"]);
  const said = plan.snapshots.filter(({ snapshot_id }) => ids.includes(snapshot_id));
  assertEquals(said.map(({ action }) => action), ["prune", "keep", "delete"]);
  assertEquals([plan.protected_by_ref, said[1]?.reasons], [1, ["ref best"]]);
  await box.json(["gc", "run", "--yes"]);
  const { path } = await box.json<{ path: string }>(["worktree", "fork", "best", "again"]);
  assertEquals(Deno.readTextFileSync(`${path}/a.txt`), "2\n");
  await box.error("E_NOT_FOUND", ["worktree", "fork", one, "pruned"]);
  const { snapshots } = await box.json<{ snapshots: { snapshot_id: string; pruned: boolean }[] }>(
    ["history", "--worktree", "again"],
  );
  assertEquals(snapshots.slice(0, 2).map(({ pruned, snapshot_id }) => [snapshot_id, pruned]), [[two, false], [
    one,
    true,
  ]]);
  await box.audit();
});
