import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import type { WorktreeConfig } from "../model/records.ts";
import { SystemError } from "../platform/system_error.ts";
import { exists } from "../../tests/support/files.ts";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { type TempDir, tempDir } from "../../tests/support/temp_dir.ts";
import { createRepository } from "./create.ts";
import { openStore, type Store } from "./store.ts";
import { newWorktreeConfig } from "./worktrees.ts";

function repository(folder: TempDir): Store {
  return createRepository(`${folder.path}/repo`, { main: { path: "main" } });
}

function addWorktree(store: Store, name: string, path = `worktrees/${name}`): WorktreeConfig {
  Deno.mkdirSync(`${store.layout.root}/${path}`, { recursive: true });
  using root = store.platform.openFolder(`${store.layout.root}/${path}`);
  const config = newWorktreeConfig({
    name,
    path,
    identity: store.worktrees.identify(root),
    snapshotId: null,
  });
  store.worktrees.add(config);
  return config;
}

Deno.test("Worktrees.add() and list() keep what was added, sorted by name", () => {
  using folder = tempDir();
  const store = repository(folder);
  const [b, a] = ["b", "a"].map((name) => addWorktree(store, name));
  assertEquals(store.worktrees.list().map(({ name }) => name), ["a", "b", "main"]);
  assertEquals(store.worktrees.get("b"), b);
  assertEquals(openStore(store.layout.root).worktrees.find("a"), a);
  assertEquals(store.worktrees.find("c"), undefined);
});

Deno.test("Worktrees.get() names the worktrees that exist when none has that name", () => {
  using folder = tempDir();
  const store = repository(folder);
  addWorktree(store, "exp");
  const error = assertThrows(() => store.worktrees.get("exq"), JvsError, 'Cannot find worktree "exq"');
  assertEquals(error.code, "E_NOT_FOUND");
  assertEquals(error.hint, "Use one of these: exp, main.");
});

Deno.test("Worktrees refuses names with separators wherever a name is given", () => {
  using folder = tempDir();
  const store = repository(folder);
  const { worktrees } = store;
  for (
    const [name, code] of [["../x", "E_PATH_ESCAPE"], ["a/b", "E_PATH_ESCAPE"], ["..", "E_PATH_ESCAPE"], [
      ".x",
      "E_NAME_INVALID",
    ], ["", "E_NAME_INVALID"]]
  ) {
    const calls = [
      () => worktrees.find(name as string),
      () => worktrees.get(name as string),
      () => worktrees.remove(name as string),
      () => worktrees.rename("main", name as string),
      () => worktrees.update(name as string, {}),
      () => worktrees.add({ ...worktrees.get("main"), name: name as string }),
    ];
    for (const call of calls) {
      assertEquals(assertThrows(call, JvsError).code, code as typeof JvsError.prototype.code);
    }
  }
  assertEquals(worktrees.names(), ["main"]);
});

Deno.test("Worktrees.add() refuses a name that is taken and takes over what a killed one left", () => {
  using folder = tempDir();
  const store = repository(folder);
  const config = addWorktree(store, "exp");
  assertEquals(assertThrows(() => store.worktrees.add(config), JvsError, '"exp"').code, "E_ALREADY_EXISTS");
  Deno.mkdirSync(store.layout.worktree("left").path);
  assertEquals(store.worktrees.list().map(({ name }) => name), ["exp", "main"]);
  addWorktree(store, "left");
  assertEquals(store.worktrees.get("left").name, "left");
});

Deno.test("Worktrees.update() changes the fields given, whole and for every reader", () => {
  using folder = tempDir();
  const store = repository(folder);
  const before = store.worktrees.get("main");
  const head_snapshot_id = "1700000000000-0123abcd";
  const path = store.layout.worktreeConfig("main");
  Deno.writeTextFileSync(path.path, JSON.stringify({ ...before, of_a_newer_program: 1 }));
  const updated = store.worktrees.update("main", { head_snapshot_id });
  assertEquals(updated, { ...before, head_snapshot_id, of_a_newer_program: 1 } as WorktreeConfig);
  assertEquals(openStore(store.layout.root).worktrees.get("main"), updated);
  assertThrows(() => store.worktrees.update("main", { path: "../elsewhere" }), JvsError, "lead out");
  assertEquals(store.worktrees.get("main"), updated);
});

Deno.test("Worktrees.rename() moves the record and the usual path, and can be repeated after a crash", () => {
  using folder = tempDir();
  const store = repository(folder);
  const { worktree_id } = addWorktree(store, "old");
  addWorktree(store, "other");
  assertEquals(assertThrows(() => store.worktrees.rename("old", "other"), JvsError).code, "E_ALREADY_EXISTS");
  assertEquals(assertThrows(() => store.worktrees.rename("none", "new"), JvsError).code, "E_NOT_FOUND");
  // As a kill leaves it: the folder has its new name, the record still says the old one.
  Deno.renameSync(store.layout.worktree("old").path, store.layout.worktree("new").path);
  assertEquals(store.worktrees.get("new").name, "new");
  assertEquals(store.worktrees.find("old"), undefined);
  for (let round = 0; round < 2; round++) {
    const renamed = store.worktrees.rename("old", "new");
    assertEquals([renamed.worktree_id, renamed.name, renamed.path], [worktree_id, "new", "worktrees/new"]);
    assertStringIncludes(Deno.readTextFileSync(store.layout.worktreeConfig("new").path), '"name": "new"');
  }
  assertEquals(store.worktrees.rename("main", "trunk").path, "main");
  assertEquals(store.worktrees.names(), ["new", "other", "trunk"]);
});

Deno.test("Worktrees.rename() and remove() take away what a killed change left half written under the name", () => {
  using folder = tempDir();
  const store = repository(folder);
  addWorktree(store, "old");
  const left = store.layout.worktree("new").path;
  Deno.mkdirSync(left);
  const leave = () => Deno.writeTextFileSync(`${left}/.config.json.0123456789abcdef.tmp`, "{");
  leave();
  assertEquals(store.worktrees.rename("old", "new").name, "new");
  leave();
  store.worktrees.remove("new");
  assertEquals(exists(left), false);
  Deno.mkdirSync(left);
  Deno.writeTextFileSync(`${left}/of the user`, "");
  assertThrows(() => store.worktrees.rename("main", "new"), Error, "not empty");
  assertEquals(store.worktrees.get("main").name, "main");
});

Deno.test("Worktrees.remove() removes the record, whether it was there or not", () => {
  using folder = tempDir();
  const store = repository(folder);
  addWorktree(store, "exp");
  assertEquals([store.worktrees.remove("exp"), store.worktrees.remove("exp")], [true, false]);
  assertEquals(store.worktrees.names(), ["main"]);
  assert(Deno.statSync(`${store.layout.root}/worktrees/exp`).isDirectory);
});

Deno.test("Worktrees names a damaged record and still gives the others", () => {
  using folder = tempDir();
  const store = repository(folder);
  addWorktree(store, "exp");
  const path = store.layout.worktreeConfig("exp");
  const whole = Deno.readTextFileSync(path.path);
  for (const text of ["", whole.slice(0, 80), whole.replace("exclusive", "shared"), "[]"]) {
    Deno.writeTextFileSync(path.path, text);
    const error = assertThrows(() => store.worktrees.list(), JvsError, 'the record of worktree "exp"');
    assertEquals(error.code, "E_DESCRIPTOR_CORRUPT");
    assertEquals(error.details["path"], path.path);
    assertEquals(store.worktrees.get("main").name, "main");
    assertEquals(store.worktrees.names(), ["exp", "main"]);
    assertEquals(store.worktrees.containing(`${store.layout.root}/main/x`)?.name, "main");
    assertThrows(() => store.worktrees.containing(`${store.layout.root}/worktrees/exp/x`), JvsError, '"exp"');
  }
});

Deno.test("Worktrees refuses a record whose path leaves the repository", () => {
  using folder = tempDir();
  const store = repository(folder);
  Deno.mkdirSync(`${folder.path}/outside`);
  const path = store.layout.worktreeConfig("main");
  const main = store.worktrees.get("main");
  const bad = [
    "../outside",
    "..",
    "/etc",
    "main/../../outside",
    "",
    ".",
    "main/",
    "./main",
    ".jvs",
    ".jvs/refs",
    "a\0b",
    "../repo",
  ];
  for (const escape of bad) {
    Deno.writeTextFileSync(path.path, JSON.stringify({ ...main, path: escape }));
    const config = store.worktrees.get("main");
    for (
      const call of [
        () => store.worktrees.root(config),
        () => store.worktrees.openRoot(config),
        () => store.worktrees.checkIdentity(config),
      ]
    ) {
      assertEquals(assertThrows(call, JvsError, "Cannot use the path").code, "E_PATH_ESCAPE", escape);
    }
  }
});

Deno.test("Worktrees refuses a path that leaves the repository through a link, on any step", () => {
  using folder = tempDir();
  const store = repository(folder);
  const config = addWorktree(store, "exp");
  const outside = `${folder.path}/outside`;
  Deno.mkdirSync(`${outside}/exp`, { recursive: true });
  for (const link of [`${store.layout.root}/worktrees/exp`, `${store.layout.root}/worktrees`]) {
    Deno.removeSync(link, { recursive: true });
    Deno.symlinkSync(link.endsWith("exp") ? `${outside}/exp` : outside, link);
    const error = assertThrows(() => store.worktrees.openRoot(config), JvsError, "is a symbolic link");
    assertEquals(error.code, "E_PATH_ESCAPE");
    Deno.removeSync(link);
    Deno.mkdirSync(link, { recursive: true });
  }
});

Deno.test("Worktrees lets only the folder that was adopted lie outside", () => {
  using folder = tempDir();
  Deno.mkdirSync(`${folder.path}/data`);
  Deno.mkdirSync(`${folder.path}/other`);
  const store = createRepository(`${folder.path}/data.jvs`, { main: { path: "../data" } });
  const main = store.worktrees.get("main");
  assertEquals(store.worktrees.root(main), `${folder.path}/data`);
  for (const path of ["../other", "../data.jvs", "../data/x", "../../data", "../"]) {
    assertEquals(
      assertThrows(() => store.worktrees.root({ ...main, path }), JvsError, path).code,
      "E_PATH_ESCAPE",
    );
  }
  Deno.renameSync(`${folder.path}/data`, `${folder.path}/moved`);
  Deno.symlinkSync("other", `${folder.path}/data`);
  assertEquals(assertThrows(() => store.worktrees.openRoot(main), JvsError).code, "E_PATH_ESCAPE");
});

Deno.test("Worktrees.checkIdentity() notices a folder that was replaced or is gone", () => {
  using folder = tempDir();
  const store = repository(folder);
  const main = store.worktrees.get("main");
  const root = store.worktrees.root(main);
  Deno.renameSync(root, `${root}-kept`);
  assertEquals(store.worktrees.checkIdentity(main), "missing");
  const error = assertThrows(() => store.worktrees.openRoot(main), SystemError);
  assertEquals(error.errno, "ENOENT");
  Deno.writeTextFileSync(root, "a file");
  assertEquals(store.worktrees.checkIdentity(main), "missing");
  Deno.removeSync(root);
  Deno.mkdirSync(root);
  assertEquals(store.worktrees.checkIdentity(main), "replaced");
  Deno.removeSync(root);
  Deno.renameSync(`${root}-kept`, root);
  assertEquals(store.worktrees.checkIdentity(main), "same");
});

Deno.test(
  "Worktrees.identify() stays the same through a bind mount and over a new mount",
  requires("btrfs"),
  async () => {
    const { diskImage } = await import("../../tests/support/disk_image.ts");
    await using disk = await diskImage("btrfs");
    const store = createRepository(`${disk.path}/repo`, { main: { path: "main" } });
    const main = store.worktrees.get("main");
    using bound = tempDir();
    mustRun("mount", "--bind", disk.path, bound.path);
    try {
      const other = openStore(`${bound.path}/repo`);
      assertEquals(other.worktrees.checkIdentity(main), "same");
    } finally {
      mustRun("umount", bound.path);
    }
  },
);

Deno.test("Worktrees.containing() finds the worktree of a path, whatever its name and place", () => {
  using folder = tempDir();
  const store = repository(folder);
  addWorktree(store, "exp");
  addWorktree(store, "exp2");
  addWorktree(store, "odd", "sub/place");
  const { root } = store.layout;
  const places: [path: string, name: string | undefined][] = [
    ["/main", "main"],
    ["/main/deep/er", "main"],
    ["/mainly", undefined],
    ["/worktrees/exp/x", "exp"],
    ["/worktrees/exp2", "exp2"],
    ["/worktrees/exp3", undefined],
    ["/sub/place/x", "odd"],
    ["/sub", undefined],
    ["", undefined],
    ["/.jvs/refs", undefined],
  ];
  for (const [path, name] of places) assertEquals(store.worktrees.containing(root + path)?.name, name, path);
  store.worktrees.rename("main", "trunk");
  assertEquals(store.worktrees.containing(`${root}/main/x`)?.name, "trunk");
  assertEquals(store.worktrees.containing("/"), undefined);
});
