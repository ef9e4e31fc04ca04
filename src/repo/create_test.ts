import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { isUuid } from "../model/ids.ts";
import { LinuxFolder } from "../platform/linux_folder.ts";
import { openPlatform } from "../platform/open_platform.ts";
import type { Platform } from "../platform/platform.ts";
import { SystemError } from "../platform/system_error.ts";
import { diskImage } from "../../tests/support/disk_image.ts";
import { requires } from "../../tests/support/requires.ts";
import { run } from "../../tests/support/run.ts";
import { namesIn } from "../../tests/support/files.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { initialConfig } from "./config.ts";
import type { Layout } from "./layout.ts";
import { createRepository } from "./create.ts";
import { openStore } from "./store.ts";

const MAIN = { main: { path: "main" } };

function modeOf(path: string): string {
  return ((Deno.lstatSync(path).mode ?? 0) & 0o7777).toString(8);
}

function tree(path: string): string[] {
  return run("find", path).stdout.trim().split("\n").sort();
}

Deno.test("createRepository() makes all of SPEC 2's layout, closed to others", () => {
  using folder = tempDir();
  const root = `${folder.path}/repo`;
  const store = createRepository(root, MAIN);
  for (const path of store.layout.folders) assert(Deno.lstatSync(path.path).isDirectory, path.path);
  assertEquals(["", "/origin"].map((part) => modeOf(`${root}/.jvs${part}`)), ["700", "4700"]);
  assertEquals(Deno.readTextFileSync(`${root}/.jvs/format_version`), "2\n");
  assert(isUuid(Deno.readTextFileSync(`${root}/.jvs/repo_id`).trim()));
  assertEquals(store.repoId, Deno.readTextFileSync(`${root}/.jvs/repo_id`).trim());
  assertEquals(Deno.readTextFileSync(`${root}/.jvs/config.jsonc`), initialConfig());
  assertEquals([...Deno.readDirSync(root)].map(({ name }) => name).sort(), [".jvs", "main"]);
  assertEquals([...Deno.readDirSync(`${root}/main`)], []);
  const main = store.worktrees.get("main");
  assertEquals({ ...main, worktree_id: "", identity: null, created_at: "" } as unknown, {
    worktree_id: "",
    name: "main",
    path: "main",
    identity: null,
    isolation: "exclusive",
    created_at: "",
    base_snapshot_id: null,
    head_snapshot_id: null,
    latest_snapshot_id: null,
    fencing_token: 0,
    label: "",
  });
  assertEquals(store.worktrees.checkIdentity(main), "same");
});

for (const when of ["right after it was made", "while its first worktree is made"]) {
  Deno.test({
    name: `createRepository() goes through no link that comes to the place of its folder ${when}`,
    ...requires("ffi"),
    fn() {
      using folder = tempDir();
      const [root, aside, victim] = [`${folder.path}/repo`, `${folder.path}/aside`, `${folder.path}/victim`];
      Deno.mkdirSync(`${victim}/main`, { recursive: true });
      const exchange = () => {
        Deno.renameSync(root, aside);
        Deno.symlinkSync(victim, root);
      };
      const { makeFolder } = LinuxFolder.prototype;
      const isAtOnce = when.startsWith("right");
      LinuxFolder.prototype.makeFolder = function (
        this: LinuxFolder,
        ...args: Parameters<typeof makeFolder>
      ) {
        makeFolder.apply(this, args);
        const made = new TextDecoder().decode(args[0]);
        if (made === (isAtOnce ? "repo" : "main")) exchange();
      };
      try {
        assertThrows(() => createRepository(root, MAIN), JvsError);
      } finally {
        LinuxFolder.prototype.makeFolder = makeFolder;
      }
      assertEquals(tree(victim), [victim, `${victim}/main`], "nothing was made where the link leads");
    },
  });
}

Deno.test("createRepository() gives each repository an id of its own", () => {
  using folder = tempDir();
  const ids = ["a", "b"].map((name) => createRepository(`${folder.path}/${name}`, MAIN).repoId);
  assert(ids[0] !== ids[1]);
});

Deno.test("createRepository() adopts a folder beside it without touching it", () => {
  using folder = tempDir();
  const data = `${folder.path}/data`;
  Deno.mkdirSync(data);
  Deno.writeTextFileSync(`${data}/a.txt`, "a");
  const before = Deno.statSync(data);
  const store = createRepository(`${data}.jvs`, { main: { path: "../data" } });
  const main = store.worktrees.get("main");
  assertEquals(store.worktrees.root(main), data);
  assertEquals(store.worktrees.checkIdentity(main), "same");
  assertEquals(Deno.statSync(data), { ...before, atime: Deno.statSync(data).atime });
  assertEquals([...Deno.readDirSync(`${data}.jvs`)].map(({ name }) => name), [".jvs"]);
});

Deno.test("createRepository() leaves nothing behind when it fails, wherever that is", () => {
  using folder = tempDir();
  Deno.mkdirSync(`${folder.path}/data`);
  const failures: [options: Parameters<typeof createRepository>[1], name: string][] = [
    [{ main: { path: "main", shared: true }, platform: failing("syncFileSystem") }, "repo"],
    [{ main: { path: "main" }, platform: failing("openFolder") }, "repo"],
    [{ main: { path: "main" }, platform: failing("syncFileSystem") }, "repo"],
    [{ main: { path: "../data" }, platform: failing("syncFileSystem") }, "data.jvs"],
    [{ main: { path: "../other" } }, "other.jvs"],
    [{ main: { path: "../data" } }, "unlike.jvs"],
  ];
  for (const [options, name] of failures) {
    assertThrows(() => createRepository(`${folder.path}/${name}`, options), JvsError);
    assertEquals(tree(folder.path), [folder.path, `${folder.path}/data`]);
  }
});

function failing(call: "openFolder" | "syncFileSystem"): Platform {
  return replacing(call, () => {
    throw new SystemError("reach", "it", "EIO");
  });
}

function replacing(call: "openFolder" | "syncFileSystem", by: () => void): Platform {
  return new Proxy(openPlatform(), {
    get(target, name) {
      if (name === call) return by;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

Deno.test("createRepository() refuses a place where something is, and uses one that a kill left unfinished", () => {
  using folder = tempDir();
  const root = `${folder.path}/repo`;
  Deno.mkdirSync(`${root}/.jvs-unfinished-0123/.jvs`, { recursive: true });
  Deno.mkdirSync(`${root}/worktrees`);
  createRepository(root, MAIN);
  Deno.mkdirSync(`${folder.path}/full/x`, { recursive: true });
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  for (const name of ["repo", "full", "file"]) {
    const error = assertThrows(
      () => createRepository(`${folder.path}/${name}`, MAIN),
      JvsError,
      "is there already",
    );
    assertEquals(error.code, "E_ALREADY_EXISTS");
  }
});

Deno.test("createRepository() removes nothing that somebody put in the place of what it makes", () => {
  using folder = tempDir();
  const root = `${folder.path}/repo`;
  Deno.mkdirSync(`${folder.path}/work`);
  Deno.writeTextFileSync(`${folder.path}/work/precious`, "");
  const fill = (unfinished: Layout) => {
    Deno.renameSync(unfinished.root, `${folder.path}/elsewhere`);
    Deno.renameSync(`${folder.path}/work`, unfinished.root);
    throw new Error("as if it failed");
  };
  assertThrows(() => createRepository(root, { ...MAIN, fill }));
  assertEquals(namesIn(root).map((name) => namesIn(`${root}/${name}`)), [["precious"]]);
  assertEquals(namesIn(`${folder.path}/elsewhere`), []);
});

Deno.test("createRepository() lets only one of several at once make it, and it stays whole", async () => {
  using folder = tempDir();
  const root = `${folder.path}/repo`;
  const module = new URL("./create.ts", import.meta.url).href;
  const program = `const { createRepository } = await import("${module}");
    try { createRepository(Deno.args[0], { main: { path: "main" } }); } catch (error) { console.log(error.code); Deno.exit(3); }`;
  const script = `${folder.path}/program.ts`;
  Deno.writeTextFileSync(script, program);
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const outputs = await Promise.all(
    Array.from({ length: 4 }, () =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", "--config", config, script, root],
      }).output()),
  );
  assertEquals(outputs.filter(({ code }) => code === 0).length, 1);
  for (const { code, stdout } of outputs) {
    if (code !== 0) assertEquals(new TextDecoder().decode(stdout), "E_ALREADY_EXISTS\n");
  }
  assertEquals([...Deno.readDirSync(root)].map(({ name }) => name).sort(), [".jvs", "main"]);
  const store = openStore(root);
  assertEquals(store.worktrees.checkIdentity(store.worktrees.get("main")), "same");
});

Deno.test("createRepository() takes nothing from the one that was faster", () => {
  using folder = tempDir();
  const { layout, repoId } = createRepository(`${folder.path}/faster`, MAIN);
  const root = `${folder.path}/repo`;
  const platform = replacing("syncFileSystem", () => Deno.renameSync(layout.control.path, `${root}/.jvs`));
  assertThrows(() => createRepository(root, { ...MAIN, platform }), JvsError, "is there already");
  assertEquals([...Deno.readDirSync(root)].map(({ name }) => name).sort(), [".jvs", "main"]);
  assertEquals(openStore(root).repoId, repoId);
});

Deno.test("createRepository() opens a shared one to the group, what is made later included", () => {
  using folder = tempDir();
  const umask = Deno.umask(0o022);
  try {
    const store = createRepository(`${folder.path}/repo`, { main: { path: "main", shared: true } });
    const { control, payloads, root } = store.layout;
    for (const path of [control.path, root, `${root}/main`, payloads]) {
      assertEquals(modeOf(path), "2770", path);
    }
    for (const path of store.layout.folders.slice(1)) assertEquals(modeOf(path.path), "2775", path.path);
    assertEquals(modeOf(store.layout.worktreeConfig("main").path), "640");
    Deno.umask(0o022);
    const again = openStore(store.layout.root);
    again.worktrees.update("main", { label: "x" });
    assertEquals(modeOf(again.hostFolder().path), "2775");
    assertEquals(modeOf(store.layout.worktreeConfig("main").path), "640");
  } finally {
    Deno.umask(umask);
  }
});

Deno.test(
  "createRepository() says what to do where the parent cannot be written",
  requires("tmpfs"),
  async () => {
    await using disk = await diskImage("tmpfs", {
      readOnly: true,
      fill: (path) => Deno.mkdirSync(`${path}/data`),
    });
    const error = assertThrows(
      () => createRepository(`${disk.path}/data.jvs`, { main: { path: "../data" } }),
      JvsError,
      "cannot be written",
    );
    assertEquals(error.code, "E_PERMISSION");
    assertStringIncludes(error.hint, "Adopt a folder inside it");
  },
);
