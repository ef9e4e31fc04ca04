import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type ErrorCode, JvsError } from "../model/errors.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { requires } from "../../tests/support/requires.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { createRepository } from "./create.ts";
import { openStore } from "./store.ts";

const MAIN = { main: { path: "main" } };

Deno.test("openStore() gives the repository under its true path", () => {
  using folder = tempDir();
  const { layout, repoId } = createRepository(`${folder.path}/repo`, MAIN);
  Deno.symlinkSync(layout.root, `${folder.path}/link`);
  const store = openStore(`${folder.path}/link`);
  assertEquals([store.layout.root, store.repoId], [layout.root, repoId]);
});

Deno.test("openStore() refuses what is no repository", () => {
  using folder = tempDir();
  Deno.mkdirSync(`${folder.path}/with-file`);
  Deno.writeTextFileSync(`${folder.path}/with-file/.jvs`, "");
  const { layout } = createRepository(`${folder.path}/repo`, MAIN);
  Deno.mkdirSync(`${folder.path}/with-link`);
  Deno.symlinkSync(layout.control.path, `${folder.path}/with-link/.jvs`);
  for (const name of ["", "none", "with-file", "with-file/.jvs", "with-link"]) {
    const error = assertThrows(() => openStore(`${folder.path}/${name}`), JvsError, "there is none");
    assertEquals(error.code, "E_NOT_A_REPOSITORY", name);
  }
});

Deno.test("openStore() refuses every format but its own, and says what to do", () => {
  using folder = tempDir();
  const { layout } = createRepository(`${folder.path}/repo`, MAIN);
  const formats: [text: string | undefined, code: ErrorCode, message: string, hint: string][] = [
    ["3\n", "E_FORMAT_UNSUPPORTED", "its format is 3, this program knows 2", "newer jvs"],
    ["10", "E_FORMAT_UNSUPPORTED", "its format is 10", "newer jvs"],
    ["1\n", "E_FORMAT_UNSUPPORTED", "its format is 1", "original jvs, written in Go"],
    ["", "E_DESCRIPTOR_CORRUPT", 'must be "2", not ""', "copy of the repository"],
    ["two\n", "E_DESCRIPTOR_CORRUPT", 'must be "2"', "copy of the repository"],
    ["2\n2\n", "E_DESCRIPTOR_CORRUPT", 'must be "2"', "copy of the repository"],
    ["\0\0", "E_DESCRIPTOR_CORRUPT", 'must be "2"', "copy of the repository"],
    [undefined, "E_DESCRIPTOR_CORRUPT", "the file is missing", "copy of the repository"],
  ];
  for (const [text, code, message, hint] of formats) {
    if (text === undefined) Deno.removeSync(layout.formatVersion.path);
    else Deno.writeTextFileSync(layout.formatVersion.path, text);
    const error = assertThrows(() => openStore(layout.root), JvsError, message);
    assertEquals(error.code, code);
    assertStringIncludes(error.hint, hint);
  }
  Deno.writeTextFileSync(layout.formatVersion.path, "2");
  openStore(layout.root);
});

Deno.test(
  "openStore() refuses another user's control plane before it reads any of it",
  requires("root"),
  () => {
    using folder = tempDir();
    const { layout } = createRepository(`${folder.path}/repo`, MAIN);
    Deno.writeTextFileSync(layout.formatVersion.path, "3\n");
    Deno.chownSync(layout.control.path, 12345, 12345);
    assertEquals(assertThrows(() => openStore(layout.root), JvsError).code, "E_UNTRUSTED");
    assertThrows(() => openStore(layout.root, { trustedRoots: [layout.root] }), JvsError, "its format is 3");
    Deno.writeTextFileSync(layout.formatVersion.path, "2\n");
    assertEquals(openStore(layout.root, { trustedRoots: [layout.root] }).layout.root, layout.root);
  },
);

Deno.test("Store.repoId names a file that is missing or damaged when it is asked for", () => {
  using folder = tempDir();
  const { layout } = createRepository(`${folder.path}/repo`, MAIN);
  for (const text of ["", "x\n"]) {
    Deno.writeTextFileSync(layout.repoId.path, text);
    const store = openStore(layout.root);
    assertEquals(assertThrows(() => store.repoId, JvsError, "must be a UUID").code, "E_DESCRIPTOR_CORRUPT");
  }
  Deno.removeSync(layout.repoId.path);
  const store = openStore(layout.root);
  assertThrows(() => store.repoId, JvsError, "the file is missing");
});

Deno.test("Store reads without runtime folders, and makes them for the first change", async () => {
  using folder = tempDir();
  const { layout } = createRepository(`${folder.path}/repo`, MAIN);
  Deno.removeSync(`${layout.control}/runtime`, { recursive: true });
  const store = openStore(layout.root);
  assertEquals(store.worktrees.list().length, 1);
  assertEquals(store.config.get("engine"), "auto");
  assertThrows(() => Deno.statSync(layout.shared.path), Deno.errors.NotFound);
  using _lock = await store.locks.worktree(store.worktrees.get("main").worktree_id, "test");
  for (const path of layout.runtimeFolders) assert(Deno.statSync(path.path).isDirectory);
});

Deno.test("Store.hostFolder() is this host's own and is made when it is missing", () => {
  using folder = tempDir();
  const store = createRepository(`${folder.path}/repo`, MAIN);
  for (let round = 0; round < 2; round++) {
    assertEquals(store.hostFolder().path, store.layout.host(openPlatform().host.id).path);
    assert(Deno.statSync(store.hostFolder().path).isDirectory);
    Deno.removeSync(`${store.layout.control}/runtime`, { recursive: true });
  }
});
