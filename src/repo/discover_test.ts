import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { SystemError } from "../platform/system_error.ts";
import { type TempDir, tempDir } from "../../tests/support/temp_dir.ts";
import { createRepository } from "./create.ts";
import { discover, repositoryAt } from "./discover.ts";
import { openStore } from "./store.ts";

function repository(folder: TempDir): string {
  return createRepository(`${folder.path}/repo`, { main: { path: "main" } }).layout.root;
}

function adopted(folder: TempDir): string {
  Deno.mkdirSync(`${folder.path}/data/a/b`, { recursive: true });
  createRepository(`${folder.path}/data.jvs`, { main: { path: "../data" } });
  return `${folder.path}/data`;
}

Deno.test("discover() finds the repository from its root, its worktree and any folder below", () => {
  using folder = tempDir();
  const root = repository(folder);
  Deno.mkdirSync(`${root}/main/a/b/c`, { recursive: true });
  Deno.mkdirSync(`${root}/notes`);
  const places: [string, string | null][] = [["", null], ["/notes", null], ["/.jvs/snapshots", null], [
    "/main",
    "main",
  ], ["/main/a/b/c", "main"]];
  for (const [place, worktree] of places) assertEquals(discover(root + place), { root, worktree });
  assertEquals(discover(folder.path), undefined);
});

Deno.test("discover() goes by where links lead", () => {
  using folder = tempDir();
  const root = repository(folder);
  Deno.mkdirSync(`${root}/main/a`);
  Deno.mkdirSync(`${folder.path}/away`);
  Deno.symlinkSync(`${root}/main/a`, `${folder.path}/in`);
  Deno.symlinkSync(`${folder.path}/away`, `${root}/main/out`);
  Deno.symlinkSync(root, `${folder.path}/repo-link`);
  assertEquals(discover(`${folder.path}/in`), { root, worktree: "main" });
  assertEquals(discover(`${folder.path}/repo-link/main`), { root, worktree: "main" });
  assertEquals(discover(`${root}/main/out`), undefined);
  assertEquals(assertThrows(() => discover(`${folder.path}/none`), SystemError).errno, "ENOENT");
});

Deno.test("discover() finds an adopted worktree, from within and from its repository", () => {
  using folder = tempDir();
  const data = adopted(folder);
  const root = `${data}.jvs`;
  for (const place of ["", "/a", "/a/b"]) assertEquals(discover(data + place), { root, worktree: "main" });
  assertEquals(discover(root), { root, worktree: null });
  Deno.symlinkSync(`${data}/a/b`, `${folder.path}/link`);
  assertEquals(discover(`${folder.path}/link`), { root, worktree: "main" });
});

Deno.test("discover() leaves alone a folder that only lies beside one called like it", () => {
  using folder = tempDir();
  Deno.mkdirSync(`${folder.path}/plain/x`, { recursive: true });
  createRepository(`${folder.path}/plain.jvs`, { main: { path: "main" } });
  assertEquals(discover(`${folder.path}/plain/x`), undefined);
});

Deno.test("discover() finds an adopted worktree that was renamed with its repository, so that it can be mended", () => {
  using folder = tempDir();
  const data = adopted(folder);
  const other = `${folder.path}/other`;
  Deno.renameSync(data, other);
  Deno.renameSync(`${data}.jvs`, `${other}.jvs`);
  assertEquals(discover(`${other}/a`), { root: `${other}.jvs`, worktree: "main" });
  const { worktrees } = openStore(`${other}.jvs`);
  const error = assertThrows(() => worktrees.openRoot(worktrees.get("main")), JvsError);
  assertStringIncludes(error.hint, "jvs adopt --relocate");
  worktrees.update("main", { path: "../other" });
  assertEquals(worktrees.checkIdentity(worktrees.get("main")), "same");
});

Deno.test("discover() takes the nearest of nested repositories", () => {
  using folder = tempDir();
  const root = repository(folder);
  const inner = createRepository(`${root}/main/inner`, { main: { path: "main" } }).layout.root;
  assertEquals(discover(`${inner}/main`), { root: inner, worktree: "main" });
  assertEquals(discover(`${root}/main`), { root, worktree: "main" });
});

Deno.test("discover() takes neither a file nor a link called .jvs for a repository", () => {
  using folder = tempDir();
  const root = repository(folder);
  Deno.mkdirSync(`${root}/main/a`);
  Deno.writeTextFileSync(`${root}/main/a/.jvs`, "a user's own file");
  assertEquals(discover(`${root}/main/a`), { root, worktree: "main" });
  Deno.mkdirSync(`${root}/main/b`);
  Deno.symlinkSync(`${root}/.jvs`, `${root}/main/b/.jvs`);
  assertEquals(discover(`${root}/main/b`), { root, worktree: "main" });
  Deno.mkdirSync(`${folder.path}/c`);
  Deno.writeTextFileSync(`${folder.path}/c.jvs`, "");
  assertEquals(discover(`${folder.path}/c`), undefined);
});

Deno.test("discover() names the worktree whose record is damaged, and no other in its place", () => {
  using folder = tempDir();
  const root = repository(folder);
  const data = adopted(folder);
  Deno.writeTextFileSync(`${root}/.jvs/worktrees/main/config.json`, "{");
  Deno.writeTextFileSync(`${data}.jvs/.jvs/worktrees/main/config.json`, "");
  assertEquals(discover(`${root}/main`), { root, worktree: "main" });
  assertEquals(discover(root), { root, worktree: null });
  assertEquals(discover(data), { root: `${data}.jvs`, worktree: "main" });
});

Deno.test("repositoryAt() looks at one folder only", () => {
  using folder = tempDir();
  const root = repository(folder);
  const data = adopted(folder);
  assertEquals(repositoryAt(root), root);
  assertEquals(repositoryAt(data), `${data}.jvs`);
  assertEquals(repositoryAt(`${root}/main`), undefined);
  assertEquals(repositoryAt("/"), undefined);
});
