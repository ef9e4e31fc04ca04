import { assert, assertEquals, assertRejects } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { info } from "./info.ts";
import { path } from "./path.ts";
import { show } from "./show.ts";
import { configSet } from "./config_set.ts";
import { worktreeCreate } from "./worktree_create.ts";
import { worktreeFork } from "./worktree_fork.ts";
import { worktreeRemove } from "./worktree_remove.ts";

Deno.test("show() tells what a snapshot is, and of a worktree that is gone too", async () => {
  using repository = await TestRepository.saved();
  const shown = await repository.call(show);
  assertEquals(shown.snapshot.snapshot_id, repository.first);
  assertEquals([shown.integrity_state, shown.worktree, shown.refs, shown.files], [
    "sealed",
    "main",
    [],
    null,
  ]);
  await repository.call(worktreeFork, { name: "try" });
  repository.write("worktrees/try/c", "");
  const last = await repository.save("", "worktrees/try");
  await repository.call(worktreeRemove, { name: "try" });
  assertEquals((await repository.call(show, { snapshot: last })).worktree, null);
});

Deno.test("show() lists what a snapshot holds, or what is at one path of it", async () => {
  using repository = await TestRepository.make();
  repository.write("main/data/x", "1");
  repository.write("main/data.txt", "2");
  repository.write("main/data/deep/y", "3");
  repository.write("main/odd:name%", "4");
  Deno.symlinkSync("data/x", `${repository.main}/link`);
  await repository.save();
  const paths = async (input: { path?: string; files?: boolean }) =>
    (await repository.call(show, input)).files?.map((entry) => entry.path);
  const all = [".", "data", "data.txt", "data/deep", "data/deep/y", "data/x", "link", "odd%3Aname%25"];
  assertEquals(await paths({ files: true }), all);
  assertEquals(await paths({ path: "." }), all);
  assertEquals(await paths({ path: "./data/" }), ["data", "data/deep", "data/deep/y", "data/x"]);
  assertEquals(await paths({ path: "data/x" }), ["data/x"]);
  assertEquals(await paths({ path: "odd:name%" }), ["odd%3Aname%25"]);
  assertEquals(await paths({ path: "odd%3Aname%25" }), ["odd%3Aname%25"]);
  const files = (await repository.call(show, { path: "link" })).files ?? [];
  assertEquals([files[0]?.type, files[0]?.target, files[0]?.mode.length], ["symlink", "data/x", 4]);
});

Deno.test("show() of what is in no snapshot says so", async () => {
  using repository = await TestRepository.saved();
  for (
    const input of [{ snapshot: "nonsense" }, { path: "nowhere" }, { path: "a.txt/inside" }, {
      path: "../main",
    }]
  ) {
    const error = await assertRejects(() => repository.call(show, input), JvsError);
    assertEquals(error.code, "E_NOT_FOUND", JSON.stringify(input));
  }
});

Deno.test("path() gives a snapshot's files, a worktree by its name, or where the caller is", async () => {
  using repository = await TestRepository.saved();
  await repository.call(worktreeCreate, { name: "other" });
  const here = await repository.call(path, {}, { in: "main/data" });
  assertEquals([here.path, here.worktree], [repository.main, "main"]);
  const saved = await repository.call(path, { of: "HEAD" });
  assertEquals(Deno.readTextFileSync(`${saved.path}/a.txt`), "one\n");
  assertEquals((await repository.call(path, { of: "other" })).path, `${repository.path}/worktrees/other`);
  const error = await assertRejects(() => repository.call(path, { of: "nobody" }), JvsError);
  assertEquals(error.code, "E_NOT_FOUND");
});

Deno.test("info() tells what the repository is, how it saves and what differs from the defaults", async () => {
  using repository = await TestRepository.saved();
  await repository.call(configSet, { key: "lock_timeout", value: "5s" });
  const told = await repository.call(info);
  assertEquals([told.repository, told.worktree, told.format_version], [repository.path, "main", 2]);
  assertEquals(told.engine.name, "copy");
  assertEquals(told.counts, { snapshots: 1, worktrees: 1, refs: 0, pins: 0, interrupted: 0 });
  assertEquals(told.settings, [{ key: "lock_timeout", value: "5s" }]);
  assert(told.file_system.free_bytes > 0);
  assertEquals(Object.keys(told.abilities).filter((name) => /[A-Z]/.test(name)), []);
  assertEquals(told.problem, null);
});

Deno.test("info() works with broken settings and a forced engine that cannot work, and repairs nothing", async () => {
  using repository = await TestRepository.saved();
  repository.write(".jvs/config.jsonc", "{ broken");
  Deno.removeSync(`${repository.path}/.jvs/runtime`, { recursive: true });
  const told = await repository.call(info, {}, { engine: "btrfs-snapshot" });
  assertEquals(told.engine.name, null);
  assert(told.problem?.includes("config.jsonc"));
  assertEquals(repository.read(".jvs/config.jsonc"), "{ broken");
  const folders = [...Deno.readDirSync(`${repository.path}/.jvs`)].map(({ name }) => name);
  assertEquals(folders.includes("runtime"), false);
});
