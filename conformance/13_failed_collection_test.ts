import { assertEquals, assertStringIncludes } from "@std/assert";
import { BlackBox } from "../tests/support/black_box.ts";
import { namesIn } from "../tests/support/files.ts";
import { requires } from "../tests/support/requires.ts";
import { mustRun } from "../tests/support/run.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(13);

Deno.test({
  name: "conformance 13: a garbage collection that failed goes on when it is run again",
  ...requires("root"),
  async fn() {
    using box = await BlackBox.make();
    box.write("a.txt", "one\n");
    await box.save("first");
    await box.json(["worktree", "fork", "old"]);
    const old = { cwd: `${box.path}/worktrees/old` };
    const ids: string[] = [];
    for (const text of ["two\n", "three\n"]) {
      Deno.mkdirSync(`${old.cwd}/folder`, { recursive: true });
      Deno.writeTextFileSync(`${old.cwd}/folder/b.txt`, text);
      ids.push(
        (await box.json<{ snapshot: { snapshot_id: string } }>(["snapshot", text], old)).snapshot.snapshot_id,
      );
    }
    await box.json(["worktree", "remove", "old"]);
    await box.json(["gc", "unpin", ids[1] ?? ""]);
    const { plan_id } = await box.json<{ plan_id: string }>(["gc", "plan"]);

    const blocked = `${box.control}/snapshots/${ids[0]}/folder`;
    mustRun("mount", "-t", "tmpfs", "none", blocked);
    const run = await box.run(["gc", "run", "--plan-id", plan_id, "--json"]);
    mustRun("umount", `${box.control}/snapshots/${ids[0]}.gone/folder`);
    assertEquals(run.code, 1, run.stdout);
    assertStringIncludes(String(run.json.hint), plan_id);
    assertEquals((await box.history()).map(({ note }) => note), ["first"]); // out of the history at once

    await box.json(["gc", "run", "--plan-id", plan_id]);
    assertEquals(
      namesIn(`${box.control}/snapshots`).filter((name) => ids.some((id) => name.startsWith(id))),
      [],
    );
    assertEquals(namesIn(`${box.control}/gc/tombstones`), []);
    await box.audit();
  },
});
