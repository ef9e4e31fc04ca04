import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { configSet } from "../src/operation/config_set.ts";
import { gcRun } from "../src/operation/gc_run.ts";
import { gcUnpin } from "../src/operation/gc_unpin.ts";
import { init } from "../src/operation/init.ts";
import { restore } from "../src/operation/restore.ts";
import { snapshot } from "../src/operation/snapshot.ts";
import { worktreeFork } from "../src/operation/worktree_fork.ts";
import { worktreeRemove } from "../src/operation/worktree_remove.ts";
import { LinuxFolder } from "../src/platform/linux_folder.ts";
import { asUser } from "./support/as_user.ts";
import { BlackBox } from "./support/black_box.ts";
import { callIn, warnings } from "./support/context.ts";
import { exists, namesIn } from "./support/files.ts";
import { interceptWhen } from "./support/kill_point.ts";
import { requires } from "./support/requires.ts";
import { mustRun, run } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";
import { until } from "./support/until.ts";

/* A member moves somebody's open folder, with a closed one in it, into what JVS is about to delete. docs/design/control-plane.md. */

const [ANN, BEN, TEAM] = [61001, 61002, 61003];
const needs = requires("root", "user");
const ID = "1795440125260-aaaaaaaa";

function act(box: BlackBox, user: number, script: string): void {
  mustRun(...asUser(user, "sh", ["-ec", `cd '${box.main}'; ${script}`], TEAM));
}

/** Where the work is now that nobody may lose. */
function workIn(path: string): string {
  return mustRun("find", path, "-name", "thesis").trim();
}

const WORK = "umask 022; mkdir -m 2775 work; mkdir -m 700 work/closed; echo unsaved > work/closed/thesis";

Deno.test({
  name: "nobody can put anything into the payload of a snapshot that is made or failed, and it is deleted",
  ...needs,
  async fn() {
    using box = await BlackBox.make({ user: ANN, group: TEAM });
    act(box, ANN, `umask 022; echo x > f; ${WORK}`);
    act(box, BEN, "umask 077; echo x > closed");
    await box.error("E_PERMISSION", ["snapshot"]);
    const own = `${box.control}/runtime/users/${ANN}`;
    assertEquals([namesIn(`${own}/staging`), namesIn(`${own}/replaced`)], [[], []]);
    assertEquals(namesIn(`${box.control}/snapshots`), []);
    for (const place of ["staging", "replaced"]) {
      assert(run(...asUser(BEN, "ls", [`${own}/${place}`], TEAM)).code !== 0, place);
    }
    act(box, ANN, "rm -f closed");
    await box.save("goes on");
  },
});

for (const name of [ID, `${ID}.tmp`, `${ID}.tmp.before`, `${ID}.gone`]) {
  Deno.test({
    name: `a folder that a member named ${name.replace(ID, "ID")} among the snapshots is left where it is`,
    ...needs,
    async fn() {
      using box = await BlackBox.make({ user: ANN, group: TEAM });
      act(box, ANN, "echo x > f");
      await box.save("first");
      act(box, ANN, WORK);
      const place = `${box.control}/snapshots/${name}`;
      act(box, BEN, `mv work '${place}'`);
      await box.json(["config", "set", "restore.keep_replaced", "0s"]);
      const { stdout } = await box.run(["doctor"]);
      assert(!stdout.includes("It does no harm"), stdout);
      assertStringIncludes(stdout, name);
      await box.json(["doctor", "--repair", "clean_tmp"]);
      await box.json(["gc", "run", "--yes"]);
      assertEquals(workIn(box.path), `${place}/closed/thesis`);
    },
  });
}

/** A shared repository of root's, and work that no snapshot holds. */
async function sharedByRoot() {
  const folder = tempDir();
  const { repository: path } = await callIn(folder.path, init, { name: "project", shared: "group" });
  const main = `${path}/main`;
  Deno.writeTextFileSync(`${main}/f`, "one\n");
  const { snapshot: { snapshot_id: first } } = await callIn(main, snapshot, { note: "first" });
  const own = `${path}/.jvs/runtime/users/0`;
  const makeWork = () => mustRun("sh", "-ec", `cd '${main}'; ${WORK}`);
  return { path, main, first, own, makeWork, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

/** Runs something, and acts once, right before the first removal of this name. */
async function beforeRemoval(
  kind: "removeFile" | "removeFolder",
  name: string,
  act: () => void,
  body: () => Promise<unknown>,
): Promise<void> {
  let isDone = false;
  const isIt = ([bytes]: readonly unknown[]) =>
    !isDone && bytes instanceof Uint8Array && new TextDecoder().decode(bytes) === name;
  const back = interceptWhen(LinuxFolder.prototype, kind, isIt, () => {
    isDone = true;
    act();
  });
  try {
    await body();
  } finally {
    back();
  }
  assert(isDone, `${name} was not removed`);
}

for (const discard of [false, true]) {
  const how = discard ? "--discard" : "--force";
  Deno.test({
    name: `what is moved into a worktree while ${how} removes it is kept, and the rest goes`,
    ...needs,
    async fn() {
      using box = await sharedByRoot();
      box.makeWork();
      await callIn(box.main, worktreeFork, { name: "tmp", snapshot: box.first });
      mustRun("sh", "-ec", `cd '${box.path}/worktrees/tmp'; mkdir -m 2775 sub; echo x > sub/x`);
      const reporter = warnings();
      const moveIn = () => {
        const [id = ""] = namesIn(`${box.own}/staging`).filter((name) => !name.includes("."));
        Deno.renameSync(`${box.main}/work`, `${box.own}/staging/${id}/sub/taken`); // as by a descriptor of `sub`
      };
      await beforeRemoval("removeFolder", "tmp", moveIn, async () => {
        const input = discard ? { name: "tmp", discard } : { name: "tmp", force: true };
        await callIn(box.main, worktreeRemove, input, { reporter });
      });
      assert(!exists(`${box.path}/worktrees/tmp`));
      assertStringIncludes(reporter.told.join(), "somebody moved it there");
      await callIn(box.main, configSet, { key: "restore.keep_replaced", value: "0s" });
      await callIn(box.main, gcRun, { yes: true });
      assertEquals(Deno.readTextFileSync(workIn(`${box.own}/replaced`)), "unsaved\n");
    },
  });
}

Deno.test({
  name: "what is moved into what a restore replaced is kept, and what it replaced goes",
  ...needs,
  async fn() {
    using box = await sharedByRoot();
    box.makeWork();
    await callIn(box.main, configSet, { key: "restore.keep_replaced", value: "0s" });
    for (const isMoved of [false, true]) {
      mustRun("sh", "-ec", `cd '${box.main}'; mkdir -m 2775 sub; echo x > sub/x`);
      await callIn(box.main, configSet, { key: "restore.keep_replaced", value: "1d" });
      await callIn(box.main, restore, { snapshot: box.first, paths: ["sub"] });
      const replaced = mustRun("find", `${box.own}/replaced`, "-name", "sub", "-type", "d").trim();
      assertEquals((Deno.statSync(replaced).mode ?? 0) & 0o077, 0, "nobody else may write in it");
      if (isMoved) Deno.renameSync(`${box.main}/work`, `${replaced}/taken`);
      await callIn(box.main, configSet, { key: "restore.keep_replaced", value: "0s" });
      await callIn(box.main, gcRun, { yes: true });
      if (!isMoved) assertEquals(namesIn(`${box.own}/replaced`), []);
      else assertEquals(Deno.readTextFileSync(workIn(`${box.own}/replaced`)), "unsaved\n");
    }
    await callIn(box.main, gcRun, { yes: true });
    assertEquals(Deno.readTextFileSync(workIn(`${box.own}/replaced`)), "unsaved\n", "a second time, too");
  },
});

Deno.test({
  name: "a folder that got the inode number of one that a restore replaced is not taken for that one",
  ...needs,
  async fn() {
    using box = await sharedByRoot();
    box.makeWork();
    // The kernel tells times in ticks, and no two folders have one number and were made in one tick.
    await until(() => {
      mustRun("sh", "-ec", `cd '${box.main}'; rm -rf sub; mkdir -p -m 2775 sub/a/b; echo x > sub/x`);
      return bornOf(`${box.main}/sub/a`) > bornOf(`${box.main}/work/closed`);
    });
    await callIn(box.main, restore, { snapshot: box.first, paths: ["sub"] });
    const replaced = mustRun("find", `${box.own}/replaced`, "-name", "sub", "-type", "d").trim();
    // As if `a` and `b` had been removed, and their numbers had been free for these two when they were made.
    const numbers = new Map([
      [inodeOf(`${replaced}/a`), inodeOf(`${box.main}/work`)],
      [inodeOf(`${replaced}/a/b`), inodeOf(`${box.main}/work/closed`)],
    ]);
    const [name = ""] = namesIn(`${box.own}/replaced`).filter((name) => name.endsWith(".folders"));
    const noted = Deno.readTextFileSync(`${box.own}/replaced/${name}`);
    const withNumbers = noted.replaceAll(/^[0-9]+/gm, (number) => numbers.get(number) ?? number);
    Deno.writeTextFileSync(`${box.own}/replaced/${name}`, withNumbers);
    Deno.removeSync(`${replaced}/a`, { recursive: true });
    Deno.renameSync(`${box.main}/work`, `${replaced}/a`);
    await callIn(box.main, configSet, { key: "restore.keep_replaced", value: "0s" });
    await callIn(box.main, gcRun, { yes: true });
    assertEquals(Deno.readTextFileSync(workIn(`${box.own}/replaced`)), "unsaved\n");
  },
});

function inodeOf(path: string): string {
  return String(Deno.statSync(path).ino);
}

function bornOf(path: string): number {
  return Deno.statSync(path).birthtime?.getTime() ?? NaN;
}

Deno.test({
  name: "before anything of a collected payload is deleted, every folder in it is closed to others",
  ...needs,
  async fn() {
    using box = await sharedByRoot();
    await callIn(box.main, worktreeFork, { name: "old" });
    mustRun(
      "sh",
      "-ec",
      `cd '${box.path}/worktrees/old'; umask 002; mkdir -p -m 2775 a/b; echo x > a/b/deep`,
    );
    const made = await callIn(`${box.path}/worktrees/old`, snapshot);
    const { snapshot: { snapshot_id } } = made;
    await callIn(box.main, worktreeRemove, { name: "old" });
    await callIn(box.main, gcUnpin, { pin: snapshot_id });
    const gone = `${box.own}/tombstones/${snapshot_id}.gone`;
    const look = () => assertEquals(mustRun("find", gone, "-type", "d", "-perm", "/022"), "");
    await beforeRemoval("removeFile", "deep", look, () => callIn(box.main, gcRun, { yes: true }));
    assert(!exists(gone));
  },
});
