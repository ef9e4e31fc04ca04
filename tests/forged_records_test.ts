import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { init } from "../src/operation/init.ts";
import { BlackBox } from "./support/black_box.ts";
import { callIn } from "./support/context.ts";
import { asUser } from "./support/as_user.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";

// What a member of the group that a repository is shared with can write there, and what it must not do to another member.

const [ANN, BEN, TEAM] = [61001, 61002, 61003];
const needs = requires("root", "user");

/** A repository of Ann's that she shares with Ben, and one snapshot of hers. */
async function sharedBox(script: string): Promise<BlackBox & { readonly id: string }> {
  const box = await BlackBox.make({ user: ANN, group: TEAM });
  mustRun(...asUser(ANN, "sh", ["-ec", `cd '${box.main}'; ${script}`], TEAM));
  return Object.assign(box, { id: (await box.save("hers")).snapshot_id });
}

function modeOf(path: string): string {
  return ((Deno.lstatSync(path).mode ?? 0) & 0o7777).toString(8);
}

/** An interrupted restore of Ben's, with a journal that gives a file other rights, in a file of this id. */
async function forgeRestore(box: BlackBox, path: string, mode: number, file?: string): Promise<void> {
  await box.json(["restore", "HEAD"], { user: BEN }); // makes his own folders
  const shared = `${box.control}/runtime/users/${BEN}`;
  const id = crypto.randomUUID();
  const staging = `${shared}/staging/${id}`;
  for (const part of ["", "/new", "/old"]) Deno.mkdirSync(`${staging}${part}`);
  const { uid, gid, mode: now } = Deno.lstatSync(`${box.main}/${path}`);
  const aspects = (mode: number) => ({ mode, uid, gid, mtime: [1, 1], xattrs: [] });
  const entry = { path, folder: false, before: aspects(mode), after: aspects((now ?? 0) & 0o7777) };
  Deno.writeTextFileSync(`${staging}/journal`, JSON.stringify({ version: 1, units: [], aspects: [entry] }));
  const { worktree_id } = JSON.parse(Deno.readTextFileSync(`${box.control}/worktrees/main/config.json`));
  const intent = {
    ...{
      id,
      operation: "restore",
      worktree_id,
      target: "x",
      host: [...Deno.readDirSync(`${box.control}/runtime/hosts`)][0]?.name,
      boot_id: "0",
      pid: 1,
      process_start: "1",
    },
    ...{ started_at: "2026-01-01T00:00:00Z", state: "active", steps: ["staging", "journal"], audit: null },
    claims: {},
    details: { root_before: { mode: 0o2770, mtime: [1, 1] } },
  };
  const named = `${shared}/intents/${file ?? id}.json`;
  Deno.writeTextFileSync(named, JSON.stringify(intent));
  mustRun("chown", "-R", `${BEN}:${TEAM}`, staging, named);
  mustRun("chmod", "-R", "a+rwX", staging);
}

Deno.test({
  name: "a member's interrupted restore is not recovered by another, to whose files it could do anything",
  ...needs,
  async fn() {
    using box = await sharedBox("printf x > run.sh; chmod 644 run.sh");
    await forgeRestore(box, "run.sh", 0o6755);
    assertStringIncludes((await box.run(["doctor"])).stdout, `if user ${BEN}, who began it`);
    for (const args of [["snapshot", "two"], ["restore", "HEAD"], ["doctor", "--repair-runtime"]]) {
      const { code, stdout, stderr } = await box.run(args);
      assertEquals(modeOf(`${box.main}/run.sh`), "644", args.join(" "));
      if (args[0] !== "doctor") assertEquals([code, stdout], [1, ""]);
      assertStringIncludes(stderr, `only user ${BEN}, who began it, may do that`);
      assertStringIncludes(stderr, "jvs doctor --repair-runtime");
    }
  },
});

Deno.test({
  name: "an intent in a file with another id is not trusted: what it asks for is not done",
  ...needs,
  async fn() {
    using box = await sharedBox("printf x > run.sh; chmod 644 run.sh");
    await forgeRestore(box, "run.sh", 0o6755, crypto.randomUUID());
    for (const args of [["doctor"], ["snapshot", "two"], ["doctor", "--repair-runtime"]]) {
      const { stdout, stderr } = await box.run(args);
      assertEquals(modeOf(`${box.main}/run.sh`), "644", args.join(" "));
      if (args[1] === undefined) assertStringIncludes(stdout + stderr, "it is of another change");
    }
  },
});

Deno.test({
  name: "a record in a shared repository can be written by its owner only, so that its owner is who wrote it",
  ...needs,
  async fn() {
    using box = await sharedBox("umask 000; printf x > a");
    const { stdout } = { stdout: mustRun("find", box.control, "-type", "f", "-perm", "/022") };
    const inPlace = /\/(audit\/audit\.jsonl|runtime\/shared\/locks\/[^/]+\.lock)$/;
    assertEquals(stdout.trim().split("\n").filter((path) => !inPlace.test(path)), []);
  },
});

Deno.test({
  name: "a snapshot of another member gives no set-id bits and no devices to what is brought out of it",
  ...needs,
  async fn() {
    using box = await sharedBox("cp /bin/true tool; chmod 6755 tool; printf x > a");
    const restored = async (id: string) => {
      mustRun("rm", "-f", `${box.main}/tool`);
      const { stderr } = await box.run(["restore", id]);
      return [modeOf(`${box.main}/tool`), stderr.includes("Another user could have written this snapshot")];
    };
    assertEquals(await restored(box.id), ["6755", false]);
    Deno.removeSync(`${box.control}/makers/${ANN}/${box.id}`); // what tells that it is hers
    assertEquals(await restored(box.id), ["755", true]);
    const { path } = await box.json<{ path: string }>(["worktree", "fork", box.id, "other"]);
    assertEquals(modeOf(`${path}/tool`), "755");
  },
});

Deno.test({
  name: "init --shared group gives the repository to the group of its folder, not to its maker's first one",
  ...needs,
  async fn() {
    using folder = tempDir();
    Deno.chownSync(folder.path, 0, TEAM);
    await callIn(folder.path, init, { shared: "group" });
    for (const path of [".jvs", ".jvs/snapshots", ".jvs/config.jsonc", "main"]) {
      assertEquals(Deno.lstatSync(`${folder.path}/${path}`).gid, TEAM, path);
    }
    assertEquals([".jvs", "main"].map((path) => modeOf(`${folder.path}/${path}`)), ["2770", "2770"]);
  },
});

Deno.test("a record of any size is refused by its size, and is not read", async () => {
  using box = await BlackBox.make();
  for (const name of ["config.jsonc", "worktrees/main/config.json", "audit/HEAD"]) {
    const path = `${box.control}/${name}`;
    const content = Deno.readFileSync(path);
    Deno.truncateSync(path, 3 * 1024 ** 3);
    const { code, stdout, stderr } = await box.run(["snapshot"]);
    assertEquals([code, stdout], [1, ""], name);
    assertStringIncludes(stderr, "3221225472 bytes, more than any record of JVS");
    assertMatch((await box.run(["doctor"])).stdout, /more than any record of JVS/, name);
    Deno.writeFileSync(path, content);
  }
  await box.audit();
});

Deno.test({
  name: "a member's settings and worktree records do not make another's unsaved work look saved or go",
  ...needs,
  async fn() {
    using box = await sharedBox("printf saved-1 > f");
    await box.json(["config", "set", "restore.unsaved", "discard"], { user: BEN });
    mustRun(...asUser(ANN, "sh", ["-c", `printf precious > '${box.main}/f'`], TEAM));
    const { autosave_snapshot_id } = await box.json<{ autosave_snapshot_id: string | null }>([
      "restore",
      box.id,
    ]);
    assert(autosave_snapshot_id !== null, "another member's setting gave her work up");
    await box.json(["worktree", "fork", box.id, "mine"]);
    await box.json(["worktree", "fork", box.id, "other"]);
    const record = `${box.control}/worktrees/mine/config.json`;
    for (const path of ["worktrees/other", "main"]) {
      Deno.writeTextFileSync(record, JSON.stringify({ ...JSON.parse(Deno.readTextFileSync(record)), path }));
      await box.error("E_PATH_ESCAPE", ["worktree", "remove", "mine", "--discard"]);
    }
    assertEquals(Deno.readTextFileSync(`${box.path}/worktrees/other/f`), "saved-1");
  },
});

Deno.test({
  name: "what gives rights is proved before it comes back, whatever the settings say",
  ...needs,
  async fn() {
    using box = await sharedBox("cp /bin/true tool; chmod 4755 tool; printf x > a");
    const payload = `${box.control}/snapshots/${box.id}`;
    const stat = Deno.lstatSync(`${payload}/tool`);
    Deno.chmodSync(`${payload}/tool`, 0o755);
    using file = Deno.openSync(`${payload}/tool`, { write: true });
    file.seekSync(100, Deno.SeekMode.Start);
    file.writeSync(new TextEncoder().encode("EVIL"));
    Deno.chmodSync(`${payload}/tool`, (stat.mode ?? 0) & 0o7777);
    Deno.utimeSync(`${payload}/tool`, stat.atime as Date, stat.mtime as Date);
    await box.json(["config", "set", "restore.verify_limit", "0"]);
    mustRun("rm", `${box.main}/tool`);
    await box.error("E_PAYLOAD_HASH_MISMATCH", ["restore", box.id]);
    await box.error("E_PAYLOAD_HASH_MISMATCH", ["worktree", "fork", box.id, "other"]);
  },
});
