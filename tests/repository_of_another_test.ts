import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { configTrust } from "../src/operation/config_trust.ts";
import { restore } from "../src/operation/restore.ts";
import { snapshot } from "../src/operation/snapshot.ts";
import { worktreeCreate } from "../src/operation/worktree_create.ts";
import { worktreeFork } from "../src/operation/worktree_fork.ts";
import { LinuxFolder } from "../src/platform/linux_folder.ts";
import { asUser } from "./support/as_user.ts";
import { BlackBox } from "./support/black_box.ts";
import { callIn } from "./support/context.ts";
import { namesIn } from "./support/files.ts";
import { changesUntil, killedAt } from "./support/kill_point.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";

// Root works in the private repository of a user, whom root trusts as the owner and not with root's files. What that user writes in `.jvs`
// decides nothing for root, and what root makes or deletes lies where that user may not write. docs/design/control-plane.md.

const ANN = 61001;
const needs = requires("root", "user", "ffi");
const BY_ROOT = { user: 0 };

/** A private repository of Ann's with one snapshot, which root trusts. */
async function trustedBox(script = "echo one > f"): Promise<BlackBox & { readonly id: string }> {
  const box = await BlackBox.make({ user: ANN });
  act(box, script);
  const { snapshot_id: id } = await box.save("hers");
  await box.json(["config", "trust", "--repository", box.path], BY_ROOT);
  return Object.assign(box, { id });
}

/** By Ann. */
function act(box: BlackBox, script: string): void {
  mustRun(...asUser(ANN, "sh", ["-ec", `cd '${box.main}'; umask 022; ${script}`]));
}

/** A folder of Ann's that holds one of root's, closed: what is in it only root can delete. */
function makeWork(box: BlackBox): void {
  act(box, "mkdir work");
  mustRun("sh", "-ec", `cd '${box.main}/work'; mkdir -m 700 closed; echo unsaved > closed/thesis`);
}

function thesisIn(box: BlackBox): string {
  return mustRun("find", box.path, "-name", "thesis").trim();
}

/** An interrupted restore of Ann's whose journal gives a file root's rights; returns the id of its intent. */
function forgeRestore(box: BlackBox, path: string): string {
  const id = crypto.randomUUID();
  const shared = `${box.control}/runtime/shared`;
  for (const part of ["", "/new", "/old"]) Deno.mkdirSync(`${shared}/staging/${id}${part}`);
  const { uid, gid, ino, mode, mtime } = Deno.lstatSync(`${box.main}/${path}`);
  const line = (uid: number | null, gid: number | null, mode: number) => ({
    ...{ mode, uid, gid, mtime: [Math.floor((mtime?.getTime() ?? 0) / 1000), 0], xattrs: [] },
  });
  const entry = {
    ...{ path, folder: false, inode: String(ino) },
    ...{ before: line(0, 0, 0o4755), after: line(uid, gid, (mode ?? 0) & 0o7777) },
  };
  const journal = JSON.stringify({ version: 1, units: [], aspects: [entry] });
  Deno.writeTextFileSync(`${shared}/staging/${id}/journal`, journal);
  const { worktree_id } = JSON.parse(Deno.readTextFileSync(`${box.control}/worktrees/main/config.json`));
  const intent = {
    ...{
      id,
      operation: "restore",
      worktree_id,
      target: "x",
      host: namesIn(`${box.control}/runtime/hosts`)[0],
    },
    ...{ boot_id: "0", pid: 1, process_start: "1", started_at: "2026-01-01T00:00:00Z", state: "active" },
    ...{ steps: ["staging", "journal"], audit: null, claims: {} },
    details: { root_before: { mode: 0o755, mtime: [1, 1] } },
  };
  Deno.writeTextFileSync(`${shared}/intents/${id}.json`, JSON.stringify(intent));
  mustRun("chown", "-R", `${ANN}`, shared);
  return id;
}

Deno.test({
  name: "what the owner of a private repository wrote of an interrupted restore, root does not carry out",
  ...needs,
  async fn() {
    using box = await trustedBox("cp /bin/true sh; touch -d @1000000000 sh");
    const rights = () => mustRun("stat", "-c", "%u %a", `${box.main}/sh`).trim();
    const before = rights();
    forgeRestore(box, "sh");
    for (
      const args of [["snapshot", "two"], ["restore", "HEAD"]]
    ) {
      const { code, stderr } = await box.run(args, BY_ROOT);
      assertEquals([code, rights()], [1, before], args.join(" "));
      assertStringIncludes(stderr, `only user ${ANN}, who began it, may do that`);
    }
    for (const args of [["doctor", "--repair-runtime"], ["gc", "run", "--yes"]]) {
      await box.run(args, BY_ROOT);
      assertEquals(rights(), before, args.join(" "));
    }
    const { stdout } = await box.run(["doctor"], BY_ROOT);
    assertStringIncludes(stdout, `if user ${ANN}, who began it, makes that change`);
  },
});

/** Runs something, and gives each folder that JVS makes meanwhile. */
async function foldersMade(body: () => Promise<unknown>): Promise<string[]> {
  const made: string[] = [];
  const { makeFolder } = LinuxFolder.prototype;
  LinuxFolder.prototype.makeFolder = function (name, mode) {
    makeFolder.call(this, name, mode);
    made.push(`${this.path}/${new TextDecoder().decode(name)}`);
  };
  try {
    await body();
  } finally {
    LinuxFolder.prototype.makeFolder = makeFolder;
  }
  return made;
}

Deno.test({
  name: "root makes what gets owners and modes where the owner of a private repository cannot reach it",
  ...needs,
  async fn() {
    using box = await trustedBox("mkdir d; echo one > d/f");
    using config = tempDir();
    const more = { userConfig: config.path };
    await callIn(box.main, configTrust, { repository: box.path }, more);
    const own = `${box.control}/runtime/users/0`;
    const made = await foldersMade(async () => {
      await callIn(box.main, snapshot, { note: "root's" }, more);
      Deno.removeSync(`${box.main}/d`, { recursive: true });
      await callIn(box.main, restore, { snapshot: box.id }, more);
      await callIn(box.main, worktreeFork, { name: "forked" }, more);
      await callIn(box.main, worktreeFork, { name: "live", live: true }, more);
      await callIn(box.main, worktreeCreate, { name: "empty" }, more);
    });
    assert(made.length > 10, `${made}`);
    const within = made.filter((path) => !`${path}/`.startsWith(`${own}/`)).map((path) =>
      path.slice(box.path.length + 1)
    );
    const records = ["forked", "live", "empty"].map((name) => `.jvs/worktrees/${name}`);
    assertEquals(within.sort(), [...records, ".jvs/runtime/users", "worktrees"].sort());
    assertEquals(namesIn(`${own}/staging`), []);
    const { uid, mode } = Deno.lstatSync(own);
    assertEquals([uid, (mode ?? 0) & 0o7777], [0, 0o4755]);
  },
});

for (const args of [["gc", "run", "--yes"], ["restore", "HEAD"], ["doctor", "--repair", "clean_tmp"]]) {
  Deno.test({
    name: `what the owner of a private repository moved to where JVS deletes, root does not delete: ${
      args[0]
    }`,
    ...needs,
    async fn() {
      using box = await trustedBox();
      for (const place of ["runtime/shared/replaced", "runtime/shared/staging", "snapshots"]) {
        makeWork(box);
        const name = place === "snapshots" ? "1795440125260-aaaaaaaa.tmp" : crypto.randomUUID();
        act(box, `mv work '${box.control}/${place}/${name}'`);
        await box.json(["config", "set", "restore.keep_replaced", "0s"]);
        act(box, "echo two > f");
        await box.run(args, BY_ROOT);
        const kept = `${box.control}/${place}/${name}`;
        assertEquals(thesisIn(box), `${kept}/closed/thesis`);
        mustRun("rm", "-r", kept);
      }
    },
  });
}

Deno.test({
  name: "what the owner of a private repository put into a payload that root collects is kept, and named",
  ...needs,
  async fn() {
    using box = await trustedBox();
    await box.json(["worktree", "fork", "old"]);
    act(box, "echo two > ../worktrees/old/f");
    const cwd = `${box.path}/worktrees/old`;
    const { snapshot: { snapshot_id: id } } = await box.json<{ snapshot: { snapshot_id: string } }>(
      ["snapshot"],
      { cwd },
    );
    await box.json(["worktree", "remove", "old"]);
    await box.json(["gc", "unpin", id]);
    makeWork(box);
    act(box, `chmod u+w '${box.control}/snapshots/${id}'; mv work '${box.control}/snapshots/${id}/work'`);
    const { message } = await box.error("E_PERMISSION", ["gc", "run", "--yes"], BY_ROOT);
    assertStringIncludes(message, `"work`);
    const kept = `${box.control}/runtime/users/0/tombstones/${id}.gone/work/closed/thesis`;
    assertEquals(thesisIn(box), kept);
    mustRun("rm", "-r", kept.slice(0, -"/closed/thesis".length));
    await box.json(["gc", "run", "--yes"], BY_ROOT);
    await box.audit();
  },
});

Deno.test({
  name: "the settings of a private repository do not give up the unsaved work of root, who is not its owner",
  ...needs,
  async fn() {
    using box = await trustedBox();
    await box.json(["config", "set", "restore.unsaved", "discard"]);
    Deno.writeTextFileSync(`${box.main}/f`, "precious\n");
    const { stderr } = await box.run(["restore", box.id], BY_ROOT);
    assertStringIncludes(stderr, "Other users may write them here, so unsaved work is saved");
    assertEquals((await box.history()).some(({ kind }) => kind === "autosave"), true);
  },
});

Deno.test({
  name: "a change that root left half done in a private repository its owner sees, and root recovers",
  ...needs,
  async fn() {
    using box = await trustedBox();
    using config = tempDir();
    const more = { userConfig: config.path };
    await callIn(box.main, configTrust, { repository: box.path }, more);
    const own = `${box.control}/runtime/users/0`;
    const staged = () => namesIn(`${own}/staging`).flatMap((name) => namesIn(`${own}/staging/${name}`));
    const isBegun = () => staged().includes("journal");
    const run = () => callIn(box.main, restore, { snapshot: box.id }, more);
    const change = () => act(box, "echo two > f");
    change();
    await run();
    change();
    const first = await changesUntil(isBegun, run);
    change();
    await killedAt(first, run);
    assert(isBegun());
    asDead(own);
    const { message } = await box.error("E_PERMISSION", ["snapshot"]);
    assertStringIncludes(message, "only user root, who began it, may do that");
    await box.json(["doctor", "--repair-runtime"], BY_ROOT);
    assertEquals(box.read("f"), "two\n");
    await box.json(["snapshot"]);
    await box.audit();
  },
});

/** The processes that began root's changes are dead. */
function asDead(own: string): void {
  for (const name of namesIn(`${own}/intents`)) {
    const path = `${own}/intents/${name}`;
    const intent = JSON.parse(Deno.readTextFileSync(path));
    Deno.writeTextFileSync(path, JSON.stringify({ ...intent, boot_id: "an earlier one" }));
  }
}

Deno.test({
  name: "what an older version of JVS left for root in a private repository is named to root, and stays",
  ...needs,
  async fn() {
    using box = await trustedBox();
    const shared = `${box.control}/runtime/shared`;
    const left = ["replaced", "staging"].map((place) => `${shared}/${place}/${crypto.randomUUID()}`);
    for (const path of left) Deno.mkdirSync(path, { mode: 0o700 });
    await box.json(["gc", "run", "--yes"], BY_ROOT);
    const { stdout } = await box.run(["doctor"], BY_ROOT);
    for (const path of left) assertStringIncludes(stdout, path);
    for (const path of left) Deno.removeSync(path);
  },
});

Deno.test({
  name:
    "after root worked in it, a private repository is its owner's as before: doctor finds nothing, also in a copy",
  ...needs,
  async fn() {
    using box = await trustedBox();
    await box.json(["snapshot", "root's"], BY_ROOT);
    await box.json(["restore", box.id], BY_ROOT);
    const findings = async (path: string) => {
      const { json } = await box.run(["doctor", "--strict", "--json"], { cwd: path });
      return json.findings;
    };
    assertEquals(await findings(box.main), []);
    act(box, "cp -r --preserve=timestamps .. ../../copy 2>/dev/null || true; rm -rf ../../copy/.jvs/origin");
    const copy = `${box.outside}/copy`;
    await box.json(["doctor", "--repair-runtime"], { cwd: copy });
    assertEquals(await findings(`${copy}/main`), []);
    await box.json(["restore", box.id], { cwd: `${copy}/main` });
    await box.json(["gc", "run", "--yes"], { cwd: `${copy}/main` });
  },
});
