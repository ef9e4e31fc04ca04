import { assertEquals, assertMatch } from "@std/assert";
import { fullAudit } from "../tests/support/full_audit.ts";
import { jvsJson } from "../tests/support/jvs.ts";
import { tempDir } from "../tests/support/temp_dir.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

Deno.test("rule 27: main's config is valid after jvs init", async () => {
  using folder = tempDir();
  const made = await jvsJson<{ repo_id: string }>(["init", "p"], { cwd: folder.path });
  const root = `${folder.path}/p`;
  const { worktree_id, identity, created_at, ...rest } = JSON.parse(
    Deno.readTextFileSync(`${root}/.jvs/worktrees/main/config.json`),
  );
  assertMatch(worktree_id, UUID);
  assertMatch(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assertEquals(identity.inode, String(Deno.statSync(`${root}/main`).ino));
  assertEquals(rest, {
    name: "main",
    path: "main",
    isolation: "exclusive",
    base_snapshot_id: null,
    head_snapshot_id: null,
    latest_snapshot_id: null,
    fencing_token: 0,
    label: "",
  });
  assertEquals(Deno.readTextFileSync(`${root}/.jvs/format_version`), "2\n");
  assertEquals(Deno.readTextFileSync(`${root}/.jvs/repo_id`), `${made.repo_id}\n`);
  assertMatch(made.repo_id, UUID);
  assertEquals((Deno.statSync(`${root}/.jvs`).mode ?? 0) & 0o7777, 0o700);
  await fullAudit(root);
});
