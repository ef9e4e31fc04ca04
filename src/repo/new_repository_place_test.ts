import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { requires } from "../../tests/support/requires.ts";
import { diskImage } from "../../tests/support/disk_image.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { createRepository } from "./create.ts";
import { checkAdoptable, checkNewRepositoryPlace, entriesBelow } from "./new_repository_place.ts";

function refused(call: () => unknown, message: string): JvsError {
  const error = assertThrows(call, JvsError, message);
  assertStringIncludes(error.message, 'Cannot put "/');
  return error;
}

Deno.test("checkNewRepositoryPlace() refuses the system's folders, also those it cannot look into", () => {
  assertEquals(refused(() => checkNewRepositoryPlace("/"), "root of the whole system").code, "E_USAGE");
  const system = [
    "/usr",
    "/etc",
    "/etc/x",
    "/bin",
    "/usr/bin/x",
    "/lib",
    "/lib64",
    "/boot",
    "/dev",
    "/dev/shm/x",
    "/proc/1",
  ];
  const shared = [
    "/sys",
    "/var",
    "/var/lib",
    "/opt",
    "/tmp",
    "/mnt",
    "/srv",
    "/home",
    "/usr/local",
    "/usr/local/bin",
    "/run",
  ];
  for (const path of [...system, ...shared]) {
    assertEquals(refused(() => checkNewRepositoryPlace(path), "system folder").code, "E_USAGE", path);
  }
});

Deno.test("checkNewRepositoryPlace() allows what users have in shared folders, and what does not exist yet", () => {
  for (
    const parent of [
      "/var/lib",
      "/mnt",
      "/tmp",
      "/opt",
      "/srv",
      "/usr/src",
      "/home/jvs-test-user",
      "/root",
      "/jvs-test-data",
    ]
  ) {
    assertStringIncludes(
      checkNewRepositoryPlace(`${parent}/jvs-test-none`, { home: "/root" }),
      "/jvs-test-none",
    );
  }
});

Deno.test("checkNewRepositoryPlace() refuses a home folder and what holds one, and allows what is in it", () => {
  using folder = tempDir();
  const home = `${folder.path}/users/ann`;
  Deno.mkdirSync(`${home}/work`, { recursive: true });
  Deno.symlinkSync(home, `${folder.path}/ann`);
  for (const path of [home, `${folder.path}/ann`, "/root", "/home/somebody", "/Users/somebody"]) {
    const error = refused(() => checkNewRepositoryPlace(path, { home }), "it is a home folder");
    assertStringIncludes(error.hint, "inside it");
  }
  refused(() => checkNewRepositoryPlace(home, { home: `${folder.path}/ann` }), "it is a home folder");
  refused(() => checkNewRepositoryPlace(`${folder.path}/users`, { home }), "home folder is inside it");
  assertEquals(checkNewRepositoryPlace(`${home}/work`, { home }), `${home}/work`);
  assertEquals(checkNewRepositoryPlace(`${home}/work`, { home: "/" }), `${home}/work`);
});

Deno.test("checkNewRepositoryPlace() resolves links first and gives the place they lead to", () => {
  using folder = tempDir();
  Deno.mkdirSync(`${folder.path}/real`);
  Deno.symlinkSync("/usr", `${folder.path}/system`);
  Deno.symlinkSync("real", `${folder.path}/link`);
  refused(() => checkNewRepositoryPlace(`${folder.path}/system`), "system folder");
  refused(() => checkNewRepositoryPlace(`${folder.path}/system/share/none`), "system folder");
  assertEquals(checkNewRepositoryPlace(`${folder.path}/link/new/./one/`), `${folder.path}/real/new/one`);
  assertEquals(checkNewRepositoryPlace(`${folder.path}/none/../new`), `${folder.path}/new`);
  const up = "../".repeat(folder.path.split("/").length);
  refused(() => checkNewRepositoryPlace(`${folder.path}/none/${up}usr//`), "system folder");
});

Deno.test("checkNewRepositoryPlace() refuses a repository and what is inside a worktree, not what is beside one", () => {
  using folder = tempDir();
  const { root } = createRepository(`${folder.path}/repo`, { main: { path: "main" } }).layout;
  Deno.mkdirSync(`${folder.path}/data/sub`, { recursive: true });
  createRepository(`${folder.path}/data.jvs`, { main: { path: "../data" } });
  Deno.symlinkSync(`${root}/main`, `${folder.path}/link`);
  for (const path of [root, `${folder.path}/data`, `${folder.path}/data.jvs`]) {
    assertEquals(
      refused(() => checkNewRepositoryPlace(path), "a repository already").code,
      "E_ALREADY_EXISTS",
    );
  }
  for (
    const path of [`${root}/main`, `${root}/main/new`, `${folder.path}/data/sub`, `${folder.path}/link/new`]
  ) {
    assertEquals(refused(() => checkNewRepositoryPlace(path), 'inside worktree "main"').code, "E_USAGE");
  }
  for (const path of [`${root}/.jvs/snapshots/x`, `${root}/worktrees/x`]) {
    refused(() => checkNewRepositoryPlace(path), "inside what JVS keeps");
  }
  for (const path of [`${root}/notes`, `${folder.path}/new`]) {
    assertEquals(checkNewRepositoryPlace(path), path);
  }
});

Deno.test("checkAdoptable() takes an ordinary folder, whatever it holds", () => {
  using folder = tempDir();
  Deno.mkdirSync(`${folder.path}/data/a/b`, { recursive: true });
  Deno.writeTextFileSync(`${folder.path}/data/.jvs`, "a user's own file");
  Deno.symlinkSync("/", `${folder.path}/data/link`);
  Deno.mkdirSync(`${folder.path}/data.jvs/.jvs-unfinished-0123`, { recursive: true });
  assertEquals(checkAdoptable(`${folder.path}/data`, openPlatform()), `${folder.path}/data`);
});

Deno.test("checkAdoptable() refuses a folder that holds a repository, an adopted one too", () => {
  using folder = tempDir();
  const data = `${folder.path}/data`;
  Deno.mkdirSync(`${data}/a/b`, { recursive: true });
  createRepository(`${data}/a/repo`, { main: { path: "main" } });
  const error = refused(
    () => checkAdoptable(data, openPlatform()),
    `it holds a repository, "${data}/a/repo"`,
  );
  assertEquals([error.code, error.details["repository"]], ["E_ALREADY_EXISTS", `${data}/a/repo`]);
  Deno.removeSync(`${data}/a/repo`, { recursive: true });
  createRepository(`${data}/a/b.jvs`, { main: { path: "../b" } });
  refused(() => checkAdoptable(data, openPlatform()), "it holds a repository");
});

Deno.test("checkAdoptable() refuses what is no folder, and one whose sibling is in the way", () => {
  using folder = tempDir();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  assertEquals(
    refused(() => checkAdoptable(`${folder.path}/none`, openPlatform()), "does not exist").code,
    "E_NOT_FOUND",
  );
  assertEquals(
    refused(() => checkAdoptable(`${folder.path}/file`, openPlatform()), "not a folder").code,
    "E_USAGE",
  );
  Deno.mkdirSync(`${folder.path}/data`);
  Deno.writeTextFileSync(`${folder.path}/data.jvs`, "");
  const error = refused(() => checkAdoptable(`${folder.path}/data`, openPlatform()), "is there already");
  assertEquals(error.code, "E_ALREADY_EXISTS");
});

Deno.test(
  "checkAdoptable() refuses a mount point and says to adopt a folder inside it",
  requires("tmpfs"),
  async () => {
    await using disk = await diskImage("tmpfs");
    const error = refused(() => checkAdoptable(disk.path, openPlatform()), "it is a mount point");
    assertEquals([error.code, error.hint], ["E_USAGE", "Adopt a folder inside it."]);
    Deno.mkdirSync(`${disk.path}/inside`);
    assertEquals(checkAdoptable(`${disk.path}/inside`, openPlatform()), `${disk.path}/inside`);
  },
);

Deno.test("entriesBelow() lists files and folders at every depth, the nearest first, and follows no link", () => {
  using folder = tempDir();
  Deno.mkdirSync(`${folder.path}/a/b/c`, { recursive: true });
  for (const name of ["a/1", "a/b/2", "a/b/c/3"]) Deno.writeTextFileSync(`${folder.path}/${name}`, "");
  Deno.symlinkSync("..", `${folder.path}/a/up`);
  const found = [...entriesBelow(folder.path)].map((entry) => `${entry.folder}/${entry.name}`);
  const depths = found.map((path) => path.split("/").length);
  assertEquals(depths, depths.toSorted((a, b) => a - b));
  assertEquals(
    found.map((path) => path.slice(folder.path.length)).sort(),
    ["/a", "/a/1", "/a/b", "/a/b/2", "/a/b/c", "/a/b/c/3", "/a/up"],
  );
});
