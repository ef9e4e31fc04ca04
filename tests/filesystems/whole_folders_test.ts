import { assert, assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { doctor } from "../../src/operation/doctor.ts";
import { init } from "../../src/operation/init.ts";
import { restore } from "../../src/operation/restore.ts";
import { snapshot } from "../../src/operation/snapshot.ts";
import { status } from "../../src/operation/status.ts";
import { verify } from "../../src/operation/verify.ts";
import { callIn } from "../support/context.ts";
import { diskImage } from "../support/disk_image.ts";
import { contentsOf } from "../support/kept_content.ts";
import { aroundRename, killedAt } from "../support/kill_point.ts";
import { requires } from "../support/requires.ts";
import { mustRun, python } from "../support/run.ts";
import { describeTree } from "../support/trees.ts";
import { assertSameLines } from "./engine_fixture.ts";

/*
 * Folders that a restore replaces whole, by one exchange, because nothing in them stays. SPEC 7. On JuiceFS, where each rename
 * takes milliseconds.
 */

const MANY = 16;
/** Each of the changes of a restore would take minutes here. */
const STRIDE = 5;

/** A repository on a volume with two snapshots; in `data` and `other` everything differs, in `partly` one file does not. */
class Scene implements AsyncDisposable {
  private constructor(
    private readonly disk: AsyncDisposable,
    readonly main: string,
    readonly first: string,
    readonly second: string,
  ) {}

  static async make(): Promise<Scene> {
    const disk = await diskImage("juicefs", { small: true });
    const { repository } = await callIn(disk.path, init, { name: "project" }, { engine: "auto" });
    const main = `${repository}/main`;
    const save = async () => (await callIn(main, snapshot, {}, { engine: "auto" })).snapshot.snapshot_id;
    for (const folder of ["data/deep", "other", "partly"]) {
      Deno.mkdirSync(`${main}/${folder}`, { recursive: true });
      for (let i = 0; i < MANY; i++) Deno.writeTextFileSync(`${main}/${folder}/${i}`, `first ${i}`);
    }
    Deno.writeTextFileSync(`${main}/data/gone`, "first");
    Deno.chmodSync(`${main}/data/deep`, 0o750);
    const first = await save();
    for (const folder of ["data/deep", "other", "partly"]) {
      for (let i = folder === "partly" ? 1 : 0; i < MANY; i++) {
        Deno.writeTextFileSync(`${main}/${folder}/${i}`, `second ${i}`);
      }
    }
    Deno.removeSync(`${main}/data/gone`);
    Deno.writeTextFileSync(`${main}/data/deep/new`, "second");
    Deno.chmodSync(`${main}/data`, 0o700);
    return new Scene(disk, main, first, await save());
  }

  async restore(id: string) {
    return await callIn(this.main, restore, { snapshot: id }, { engine: "auto" });
  }

  inode(path: string): number | null {
    return Deno.lstatSync(`${this.main}/${path}`).ino;
  }

  inodes(): (number | null)[] {
    return ["", "data", "data/deep", "other", "partly"].map((path) => this.inode(path));
  }

  async assertWhole(): Promise<void> {
    const { snapshots } = await callIn(this.main, verify, { all: true });
    assertEquals(snapshots.filter(({ severity }) => severity !== "ok"), []);
    assertEquals((await callIn(this.main, doctor, { strict: true })).findings, []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disk[Symbol.asyncDispose]();
  }
}

function test(title: string, body: (scene: Scene) => Promise<void>): void {
  Deno.test(`a restore ${title}`, requires("root", "ffi", "juicefs", "python3"), async () => {
    await using scene = await Scene.make();
    await body(scene);
  });
}

test("replaces a folder whole of which nothing stays, and no other", async (scene) => {
  const asItWas = await describeTree(scene.main);
  const before = scene.inodes();
  const back = await scene.restore(scene.first);
  assertEquals([back.changed, back.added, back.removed], [3 * MANY - 1, 1, 1]);
  const [root, data, deep, other, partly] = scene.inodes();
  assertEquals([root, partly], [before[0], before[4]]);
  for (const [k, inode] of [data, deep, other].entries()) assertNotEquals(inode, before[k + 1]);
  assertEquals((Deno.lstatSync(`${scene.main}/data`).mode ?? 0) & 0o777, 0o755);
  assertEquals((Deno.lstatSync(`${scene.main}/data/deep`).mode ?? 0) & 0o777, 0o750);
  assertEquals((await callIn(scene.main, status)).clean, true);
  await scene.restore(scene.second);
  assertSameLines(await describeTree(scene.main), asItWas);
  await scene.assertWhole();
});

/** A process that says when it is up, and ends when its input does. */
async function running(code: string, cwd: string): Promise<AsyncDisposable> {
  const script = `import ctypes, os, sys\n${code}\nprint("up", flush=True)\nsys.stdin.read()`;
  const child = new Deno.Command(python(), { args: ["-c", script], cwd, stdin: "piped", stdout: "piped" })
    .spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  reader.releaseLock();
  return {
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await child.stdout.cancel();
      await child.status;
    },
  };
}

test("leaves a folder where it is that a process is in, has open, or watches", async (scene) => {
  const watch =
    "assert ctypes.CDLL(None).inotify_add_watch(ctypes.CDLL(None).inotify_init(), sys.argv[0], 2) > 0";
  const users: [code: string, cwd: string][] = [
    ["", `${scene.main}/data/deep`],
    [`os.open("${scene.main}/data/deep", os.O_RDONLY)`, "/"],
    [`f = open("${scene.main}/data/deep/3")`, "/"],
    [watch.replace("sys.argv[0]", `b"${scene.main}/data/deep"`), "/"],
  ];
  for (const [n, [code, cwd]] of users.entries()) {
    await using _user = await running(code, cwd);
    const before = scene.inodes();
    await scene.restore(n % 2 === 0 ? scene.first : scene.second);
    const after = scene.inodes();
    assertEquals(after.slice(0, 3), before.slice(0, 3), code); // the folder, and those above it
    assertNotEquals(after[3], before[3], code);
    assertEquals((await callIn(scene.main, status)).clean, true);
  }
});

test("keeps what another process writes into a folder that it replaces", async (scene) => {
  const write = () => {
    Deno.writeTextFileSync(`${scene.main}/data/deep/3`, "precious");
    Deno.writeTextFileSync(`${scene.main}/data/deep/theirs`, "precious");
  };
  const { second_autosave_id: id } = await aroundRename(
    "data",
    { before: write },
    () => scene.restore(scene.first),
  );
  assert(id !== null, "what was written is in no snapshot");
  const saved = contentsOf(`${scene.main}/../.jvs/snapshots/${id}`);
  assertEquals([...saved].sort(), [["data/deep/3", "precious"], ["data/deep/theirs", "precious"]]);
  assertEquals(contentsOf(`${scene.main}/data`).get("deep/3"), "first 3");
  await scene.assertWhole();
});

test("that replaces folders whole is undone or finished, killed at any moment", async (scene) => {
  const states = new Map<string, string[]>();
  states.set("second", await describeTree(scene.main));
  await scene.restore(scene.first);
  states.set("first", await describeTree(scene.main));
  await scene.restore(scene.second);
  let undone = 0;
  for (let n = 1;; n += STRIDE) {
    const killed = await killedAt(n, () => scene.restore(scene.first));
    await callIn(scene.main, doctor, { repair_runtime: true });
    const isNew = contentsOf(scene.main).get("partly/1") === "first 1";
    assertSameLines(await describeTree(scene.main), states.get(isNew ? "first" : "second") ?? []);
    assertEquals((await callIn(scene.main, status)).clean, true, `killed at ${n}`);
    if (!killed) break;
    if (isNew) await scene.restore(scene.second);
    else undone++;
  }
  assert(undone > 0, "it was never undone");
  await callIn(scene.main, doctor, { repair: ["clean_tmp"] });
  await scene.assertWhole();
});

test("that ends in the middle keeps what another process writes before its undo", async (scene) => {
  const end = () => {
    assertEquals(contentsOf(`${scene.main}/data`).get("deep/3"), "first 3");
    Deno.writeTextFileSync(`${scene.main}/data/deep/theirs`, "precious");
    throw new Error("it ends here");
  };
  await assertRejects(
    () => aroundRename("data", { after: end }, () => scene.restore(scene.first)),
    Error,
    "ends here",
  );
  await callIn(scene.main, doctor, { repair_runtime: true });
  assertEquals(contentsOf(`${scene.main}/data`).get("deep/3"), "second 3");
  const saved = mustRun("grep", "-rl", "precious", `${scene.main}/../.jvs/snapshots`);
  assertStringIncludes(saved, "data/deep/theirs");
  await scene.assertWhole();
});
