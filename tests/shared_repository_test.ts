import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Degradations, Descriptor, Finding } from "../src/model/records.ts";
import { BlackBox } from "./support/black_box.ts";
import { fullAudit } from "./support/full_audit.ts";
import type { Json } from "./support/jvs.ts";
import { asUser } from "./support/as_user.ts";
import { namesIn } from "./support/files.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";

// Users that have no name on any machine, so that their numbers are told.
const [ANN, BEN, TEAM] = [61001, 61002, 61003];
const needs = requires("root", "user", "attr");

type Path = { path: string; owner: string };
type Verified = {
  snapshots: { snapshot_id: string; unchecked: Path[]; files: Json[]; message: string; severity: string }[];
  findings: Finding[];
};

/** A repository of Ann's that she shares with Ben, and one snapshot of hers. */
async function sharedBox(script: string): Promise<BlackBox & { readonly id: string }> {
  const box = await BlackBox.make({ user: ANN, group: TEAM });
  act(box, ANN, script);
  return Object.assign(box, { id: (await box.save("hers", "--strict")).snapshot_id });
}

/** What a member does in main, or in another folder, by hand. */
function act(box: BlackBox, user: number, script: string, folder = box.main): void {
  mustRun(...asUser(user, "sh", ["-ec", `cd '${folder}'; umask 022; ${script}`], TEAM));
}

/** What verify says to Ben, who may not read all: that, and not that anything is wrong. */
async function assertUnchecked(
  box: BlackBox,
  args: string[],
  valid: boolean | null = true,
): Promise<Verified> {
  const { code, json } = await box.run(["verify", ...args, "--json"], { user: BEN });
  assertEquals([code, json.severity, json.tamper_detected], [1, "unchecked", false], `verify ${args}`);
  assertEquals([json.checksum_valid, json.payload_hash_valid], [valid, null], `verify ${args}`);
  return json as unknown as Verified;
}

const CLOSED = `
  printf a > a; printf s > secret; chmod 600 secret; mkdir closed; printf x > closed/x; chmod 700 closed
  mkdir listed; printf y > listed/y; chmod 744 listed; setfattr -n user.k -v 1 secret closed
  ln -s "$PWD/secret" link
`;

Deno.test({
  name: "jvs verify says of what another member closed that it was not checked, and whose it is",
  ...needs,
  async fn() {
    using box = await sharedBox(CLOSED);
    const closed = ["closed", "listed/y", "secret"].map((path) => ({ path, owner: `${ANN}` }));
    for (const args of [["--all"], [box.id], ["--all", "--subset", "1/1"]]) {
      const { snapshots: [found], findings } = await assertUnchecked(box, args);
      assertEquals([found?.unchecked, found?.files, found?.severity], [closed, [], "unchecked"]);
      assertEquals(findings, []);
    }
    const { code, stdout } = await box.run(["verify", box.id], { user: BEN });
    assertEquals([code, stdout.split("\n").filter((line) => line.endsWith("secret"))], [1, [
      `    closed by user ${ANN}  secret`,
    ]]);
    assert(stdout.startsWith("UNCHECKED") && !stdout.includes("TAMPERED"), stdout);
    const { healthy, findings } = await box.json<{ healthy: boolean; findings: Finding[] }>(
      ["doctor", "--strict"],
      { user: BEN },
    );
    assertEquals([healthy, findings.map((each) => [each.severity, each.code])], [true, [[
      "warning",
      "E_PERMISSION",
    ]]]);
    assertStringIncludes(findings[0]?.message ?? "", `secret (of ${ANN})`);
    // What can be seen of them is still compared, and damage elsewhere is reported too.
    const secret = `${box.control}/snapshots/${box.id}/secret`;
    Deno.writeTextFileSync(secret, "longer");
    const damaged = await box.run(["verify", "--json"], { user: BEN });
    assertEquals([damaged.json.tamper_detected, damaged.json.severity], [true, "critical"]);
    Deno.writeTextFileSync(secret, "s");
  },
});

Deno.test({
  name: "jvs verify and doctor say of records that may not be read that they were not checked",
  ...needs,
  async fn() {
    using box = await sharedBox("printf a > a");
    const { control, id } = box;
    for (
      const [path, valid] of [
        [`snapshots/${id}.READY`, null],
        [`descriptors/${id}.json`, null],
        [`manifests/${id}`, null],
        [`snapshots/${id}`, true],
      ] as const
    ) {
      const { mode } = Deno.statSync(`${control}/${path}`);
      Deno.chmodSync(`${control}/${path}`, 0o700);
      for (const args of [["--all"], [id]]) {
        const { snapshots: [found] } = await assertUnchecked(box, args, valid);
        assertStringIncludes(JSON.stringify(found), `${ANN}`, path);
        assertStringIncludes(
          valid === null ? found?.message ?? "" : found?.unchecked[0]?.owner ?? "",
          valid === null ? path : `${ANN}`,
        );
      }
      const { findings } = await box.json<{ findings: Finding[] }>(["doctor", "--strict"], { user: BEN });
      assertEquals(findings.map((each) => [each.severity, each.code]), [["warning", "E_PERMISSION"]], path);
      Deno.chmodSync(`${control}/${path}`, (mode ?? 0) & 0o7777);
    }
    Deno.chmodSync(`${control}/audit/audit.jsonl`, 0o600);
    const { findings, snapshots: [found] } = await box.run(["verify", "--all", "--json"], { user: BEN })
      .then(({ json }) => json as unknown as Verified);
    assertEquals([found?.severity, findings.map(({ code }) => code)], ["ok", ["E_PERMISSION"]]);
    Deno.chmodSync(`${control}/audit/audit.jsonl`, 0o660);
    await box.audit();
  },
});

Deno.test({
  name: "jvs worktree fork and restore name what another member closed in a snapshot, and what to do",
  ...needs,
  async fn() {
    using box = await sharedBox(CLOSED);
    const ways = [["worktree", "fork", box.id, "bens"], ["worktree", "create", "bens", "--from", box.id]];
    for (const args of ways) {
      const { message, hint } = await box.error("E_PERMISSION", args, { user: BEN });
      for (const each of ["closed/x", "listed/y", "secret"]) {
        assertStringIncludes(message, `${each} (of ${ANN})`);
      }
      assertStringIncludes(hint, "chmod g+rX");
    }
    act(box, ANN, "rm -r closed secret; printf b > a");
    await box.save("without them");
    const { message } = await box.error("E_PERMISSION", ["restore", box.id], { user: BEN });
    assertStringIncludes(message, `secret (of ${ANN})`);
    assertEquals(box.read("a"), "b");
    Deno.chmodSync(`${box.control}/snapshots/${box.id}`, 0o700);
    const { message: whole } = await box.error("E_PERMISSION", ["worktree", "fork", box.id, "bens"], {
      user: BEN,
    });
    assertStringIncludes(whole, `. (of ${ANN})`);
  },
});

Deno.test({
  name: "jvs worktree fork takes a file that only the group may read, and that its new owner may not",
  ...needs,
  async fn() {
    using box = await sharedBox("printf a > a; printf g > g");
    Deno.chmodSync(`${box.main}/g`, 0o040);
    await box.json(["snapshot", "by root"], { user: 0 });
    const { folder, degradations } = await bensFork(box);
    assertEquals(degradations.counts, { owner: 3 });
    assertEquals(Deno.readTextFileSync(`${folder}/g`), "g");
  },
});

Deno.test({
  name:
    "jvs status, restore and snapshot of a member leave alone what another one closed, and call nothing removed",
  ...needs,
  async fn() {
    using box = await sharedBox(CLOSED);
    const { clean, hidden } = await box.json<{ clean: boolean; hidden: string[] }>(["status"], { user: BEN });
    assertEquals([clean, hidden], [true, ["closed", "listed/y"]]);
    const status = await box.run(["status"], { user: BEN });
    assertStringIncludes(status.stdout, "Clean, as far as you may look: 2 paths not compared.");
    assertStringIncludes(status.stderr, "closed");
    const { autosave_snapshot_id, left_alone } = await box.json<Json>(["restore", box.id], { user: BEN });
    assertEquals([autosave_snapshot_id, left_alone], [null, ["closed", "listed/y"]]);
    const { message } = await box.error("E_PERMISSION", ["snapshot"], { user: BEN });
    assertStringIncludes(message, "closed");
    act(box, BEN, "printf new > new");
    await box.json(["snapshot", "--skip-unreadable"], { user: BEN });
    const { stdout } = await box.run(["diff", box.id, "HEAD", "--patch"], { user: BEN });
    assertStringIncludes(stdout, "+new");
    await box.json(["show", box.id], { user: BEN });
    await box.json(["path", box.id], { user: BEN });
    await fullAudit(box.path, { user: 0, group: TEAM }); // neither member may read all
  },
});

Deno.test({
  name: "jvs restore --preview refuses what restore refuses: what is closed in the snapshot",
  ...needs,
  async fn() {
    using box = await sharedBox(
      "printf a > a; printf s > secret; chmod 600 secret; mkdir -m 700 in; printf t > in/t",
    );
    act(box, ANN, "printf changed > secret; chmod 755 in; printf changed > in/t");
    const restore = ["restore", box.id, "--discard"];
    const preview = await box.error("E_PERMISSION", [...restore, "--preview"], { user: BEN });
    assertEquals(await box.error("E_PERMISSION", restore, { user: BEN }), preview);
    assertEquals(preview.details, { snapshot_id: box.id, paths: ["in/t", "secret"], count: 2 });
    act(box, ANN, "rm -r in secret");
    await box.error("E_PERMISSION", [...restore, "--preview"], { user: BEN });
    await box.error("E_PERMISSION", restore, { user: BEN });
    await box.json(["restore", box.id, "--paths", "a", "--preview"], { user: BEN }); // not of what is asked for
  },
});

type Status = {
  clean: boolean;
  summary: Record<string, number>;
  differences: { path: string; aspects: string[] }[];
};

/** What Ben has of a snapshot of Ann's, as a fork. */
async function bensFork(box: BlackBox): Promise<{ folder: string; degradations: Degradations }> {
  const { path, degradations } = await box.json<{ path: string; degradations: Degradations }>(
    ["worktree", "fork", "LATEST", "bens"],
    { user: BEN },
  );
  return { folder: path, degradations };
}

/** Fails unless nothing in the folder counts as unsaved, in whatever way that is asked. */
async function assertClean(
  box: BlackBox,
  cwd: string,
  told: Record<string, number> = {},
): Promise<void> {
  const as = { cwd, user: BEN };
  assertEquals((await box.json<Status>(["status"], as)).differences, []);
  assertEquals((await box.json<Status>(["diff", "--metadata"], as)).differences.filter(inMoreThanTimes), []);
  assertEquals((await box.json(["snapshot", "--if-changed"], as)).created, false);
  for (let n = 0; n < 2; n++) {
    const { autosave_snapshot_id, degradations, metadata } = await box.json<
      { autosave_snapshot_id: string; degradations: Degradations; metadata: number }
    >(["restore", "LATEST"], as);
    assertEquals([autosave_snapshot_id, degradations.counts, metadata], [null, told, 0]);
  }
}

function inMoreThanTimes({ aspects }: { aspects: string[] }): boolean {
  return aspects.some((aspect) => aspect !== "times");
}

const OWNED = `
  mkdir d; printf a > a; printf b > d/b; ln -s a link; mkfifo pipe; printf p > prog; chmod 4755 prog; printf c > cap
  printf l > acl; setfacl -m u:${BEN}:r acl; setfattr -n user.k -v 1 a
`;

Deno.test({
  name: "a member's fork of another one's snapshot is clean, and what the member does in it is noticed",
  ...requires("root", "user", "attr", "acl"),
  async fn() {
    using box = await BlackBox.make({ user: ANN, group: TEAM });
    act(box, ANN, OWNED);
    mustRun("setfattr", "-n", "trusted.k", "-v", "1", `${box.main}/a`);
    mustRun(
      "setfattr",
      "-n",
      "security.capability",
      "-v",
      `0x0100000200200000${"00".repeat(12)}`,
      `${box.main}/cap`,
    );
    mustRun("mknod", `${box.main}/null`, "c", "1", "3");
    // Root sees and keeps what only root may set; it then belongs to the members' history.
    await box.json(["snapshot", "by root"], { user: 0 });
    const { folder, degradations } = await bensFork(box);
    assertEquals(degradations.counts.mode, 1);
    // A device that only root can make is missing, which is no work of theirs, and told.
    await assertClean(box, folder, { type: 1 });
    assertEquals((await box.json<Status>(["status"], { cwd: folder })).differences, []); // to Ann too
    // No program of Ann's may run as Ben, however often it is restored.
    assertEquals((Deno.statSync(`${folder}/prog`).mode ?? 0) & 0o6000, 0);
    act(box, BEN, "printf more >> prog; chmod 600 d/b; setfattr -n user.k -v 2 a", folder);
    const { differences } = await box.json<Status>(["status"], { cwd: folder, user: BEN });
    assertEquals(differences.map(({ path, aspects }) => [path, ...aspects]), [
      ["a", "xattrs"],
      ["d/b", "mode"],
      ["prog", "content"],
    ]);
    await box.error("E_UNSAVED_CHANGES", ["worktree", "remove", "bens"], { user: BEN });
    const { snapshot } = await box.json<{ snapshot: Descriptor }>(["snapshot", "his"], {
      cwd: folder,
      user: BEN,
    });
    assertEquals(snapshot.degradations.counts, {});
    await assertClean(box, folder);
    const { degradations: put, autosave_snapshot_id } = await box.json<
      { degradations: Degradations; autosave_snapshot_id: null }
    >(["restore", "HEAD~1"], { cwd: folder, user: BEN });
    assertEquals([put.counts, autosave_snapshot_id], [{ type: 1 }, null]);
    assertEquals((Deno.statSync(`${folder}/prog`).mode ?? 0) & 0o6000, 0);
    await box.json(["worktree", "remove", "bens"], { user: BEN });
    // What Ann cannot even see is not lost.
    const { snapshots } = (await box.run(["verify", "--all", "--json"])).json as unknown as Verified;
    assertEquals(snapshots.map(({ severity }) => severity), ["ok", "unchecked"]);
    await fullAudit(box.path, { user: 0, group: TEAM });
  },
});

Deno.test({
  name: "a change of owner or group that the user can undo is unsaved work, as ever",
  ...needs,
  async fn() {
    using box = await sharedBox("printf a > a; printf b > b");
    act(box, ANN, `chgrp ${ANN} a`);
    Deno.chownSync(`${box.main}/b`, BEN, TEAM);
    const changed = async (user: number) =>
      (await box.json<Status>(["status"], { user })).differences.map((
        { path, aspects },
      ) => [path, ...aspects]);
    assertEquals(await changed(ANN), [["a", "owner"]]);
    assertEquals(await changed(BEN), []);
    assertEquals(await changed(0), [["a", "owner"], ["b", "owner"]]);
    assert((await box.json<Json>(["restore", box.id])).autosave_snapshot_id !== null);
    assertEquals(Deno.statSync(`${box.main}/a`).gid, TEAM);
  },
});

Deno.test({
  name: "info goes on where a member made the name of a host too large, or a folder",
  ...needs,
  async fn() {
    using box = await sharedBox("printf a > a");
    const hosts = `${box.control}/runtime/hosts`;
    const [id = ""] = namesIn(hosts);
    const name = `${hosts}/${id}/name`;
    for (const script of ["truncate -s 20G", "truncate -s 2K", "mkdir"]) {
      act(box, BEN, `rm -rf '${name}'; ${script} '${name}'`);
      const { hosts } = await box.json<{ hosts: { id: string; name: string | null }[] }>(["info"]);
      assertEquals(hosts.map((host) => [host.id, host.name]), [[id, null]], script);
    }
  },
});

Deno.test({
  name:
    "a repository that an ordinary user copied is clean, degraded at most, and restores without autosaves",
  ...needs,
  async fn() {
    using box = await sharedBox("mkdir d; printf a > a; printf b > d/b");
    act(box, ANN, "printf c > a");
    await box.save("second");
    using copy = await BlackBox.make({ user: BEN });
    const there = `${copy.outside}/copied`;
    act(
      box,
      BEN,
      // He may not enter what she stages.
      `cp -R --preserve=mode,timestamps,links,xattr '${box.path}' '${there}' || true; rm -r '${there}/.jvs/runtime'`,
    );
    const as = { cwd: `${there}/main`, user: BEN };
    await copy.json(["doctor", "--repair-runtime"], as);
    const { json } = await copy.run(["verify", "--all", "--json"], as);
    assertEquals([json.severity, json.tamper_detected], ["degraded", false]);
    await assertClean(copy, as.cwd);
    const { autosave_snapshot_id } = await copy.json<Json>(["restore", box.id], as);
    assertEquals([autosave_snapshot_id, Deno.readTextFileSync(`${as.cwd}/a`)], [null, "a"]);
  },
});

Deno.test({
  name:
    "a lease or a worktree's record that a member closed keeps nobody from learning that, and a lease is taken over by force",
  ...needs,
  async fn() {
    using box = await sharedBox("printf a > a");
    await box.json(["worktree", "fork", "second"]);
    const { lease } = await box.json<{ lease: { worktree_id: string } }>(["lock", "acquire"], { user: BEN });
    const file = `${box.control}/runtime/shared/leases/${lease.worktree_id}.json`;
    act(box, BEN, `chmod 600 '${file}'`);
    await box.json(["worktree", "list"]);
    const { hint } = await box.error("E_PERMISSION", ["snapshot"]);
    assertStringIncludes(hint, "lock steal --force");
    const { json } = await box.run(["doctor", "--json"]);
    const [found] = json.findings as Finding[];
    assertEquals([json.healthy, found?.path], [false, file]);
    assertStringIncludes(found?.message ?? "", "lock steal --force");
    const session = ["--session", "hers"];
    await box.json(["lock", "steal", "--force", ...session]);
    await box.json(["snapshot", ...session]);
    const record = `${box.control}/worktrees/main/config.json`;
    act(
      box,
      BEN,
      `cp '${record}' '${record}.own'; chmod 600 '${record}.own'; mv '${record}.own' '${record}'`,
    );
    for (const cwd of [box.main, box.path]) {
      const { snapshots } = await box.json<{ snapshots: Json[] }>(["history", "--all"], { cwd });
      assertEquals(snapshots.length, 2);
      const run = await box.run(["doctor", "--json"], { cwd });
      assert((run.json.findings as Finding[]).some(({ path }) => path === record), run.stdout + run.stderr);
      await box.error("E_PERMISSION", ["status"], { cwd });
    }
  },
});
