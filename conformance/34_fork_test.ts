import { assertEquals } from "@std/assert";
import { fullAudit } from "../tests/support/full_audit.ts";
import { jvsJson, runJvs } from "../tests/support/jvs.ts";
import { tempDir } from "../tests/support/temp_dir.ts";
import { independentRootHash } from "../tests/support/trees.ts";
import { requires } from "../tests/support/requires.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(34);

interface Saved {
  snapshot: { snapshot_id: string; payload_root_hash: { value: string } };
}

Deno.test({
  name: "rule 34: jvs worktree fork goes on from any snapshot",
  ...requires("python3"),
  async fn() {
    using folder = tempDir();
    await jvsJson(["init", "p"], { cwd: folder.path });
    const root = `${folder.path}/p`;
    const main = { cwd: `${root}/main` };
    const saved: Saved[] = [];
    for (const text of ["one", "two", "three"]) {
      Deno.writeTextFileSync(`${main.cwd}/a`, text);
      Deno.writeTextFileSync(`${main.cwd}/${text}`, "");
      saved.push(await jvsJson<Saved>(["snapshot", text, "--tag", text], main));
    }
    for (const [i, { snapshot }] of saved.entries()) {
      const run = await runJvs(["worktree", "fork", snapshot.snapshot_id, `fork${i}`], main);
      assertEquals([run.code, run.stdout.split("\n")[0]], [0, `Created worktree fork${i}`]);
      assertEquals(await independentRootHash(`${root}/worktrees/fork${i}`), snapshot.payload_root_hash.value);
      Deno.writeTextFileSync(`${root}/worktrees/fork${i}/own`, String(i));
      await jvsJson(["snapshot", "own"], { cwd: `${root}/worktrees/fork${i}` });
    }
    // By a tag, and by what another line has made of it.
    await jvsJson(["worktree", "fork", "two", "by-tag"], main);
    assertEquals(Deno.readTextFileSync(`${root}/worktrees/by-tag/a`), "two");
    await jvsJson(["worktree", "fork", "fork0@", "by-worktree"], main);
    assertEquals(Deno.readTextFileSync(`${root}/worktrees/by-worktree/own`), "0");
    assertEquals(Deno.readTextFileSync(`${main.cwd}/a`), "three");
    await fullAudit(root);
  },
});
