import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Descriptor } from "../src/model/records.ts";
import { groupNameOf, userNameOf } from "../src/platform/host_names.ts";
import { asUser } from "./support/as_user.ts";
import { BlackBox } from "./support/black_box.ts";
import { namesIn } from "./support/files.ts";
import { fullAudit } from "./support/full_audit.ts";
import { pastLease } from "./support/leases.ts";
import { jvsError, type JvsOptions } from "./support/jvs.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";

// Two members of a group in one repository, each with a umask that closes all they make to the other, unless JVS opens it.

const [ANN, BEN, TEAM, STRANGER] = [61001, 61002, 61003, 61004];
const needs = requires("root", "user");
const UNDER = ["sh", "-c", 'umask 077; exec "$0" "$@"'];
const ann = { user: ANN, under: UNDER };
const ben = { user: BEN, under: UNDER };

function act(user: number, folder: string, script: string, umask = "077"): void {
  mustRun(...asUser(user, "sh", ["-ec", `umask ${umask}; cd '${folder}'; ${script}`], TEAM));
}

function modeOf(path: string): string {
  return ((Deno.lstatSync(path).mode ?? 0) & 0o7777).toString(8);
}

/** A shared repository that Ann makes under umask 077, in a folder of the group. */
async function shared(): Promise<BlackBox> {
  const box = await BlackBox.make({ user: ANN, group: TEAM });
  mustRun("rm", "-r", box.path);
  Deno.chmodSync(box.outside, 0o2770);
  await box.json(["init", "project", "--shared", "group"], { ...ann, cwd: box.outside });
  act(ANN, box.path, "chmod g+rwxs main");
  return box;
}

Deno.test({
  name:
    "members with umask 077 go on with each other's work: every record can be read, and replaced, by the other",
  ...needs,
  async fn() {
    using box = await shared();
    act(ANN, box.main, "echo a > a; mkdir d; echo b > d/b; chmod -R g+rwX .");
    const first = (await box.json<{ snapshot: Descriptor }>(["snapshot", "ann's"], ann)).snapshot;
    await box.json(["ref", "create", "anns"], ann);
    await box.json(["config", "set", "lock_timeout", "20s"], ann);
    await box.json(["gc", "pin", "HEAD"], ann);
    await box.json(["worktree", "fork", "HEAD", "anns"], ann);
    // Ben: what Ann made is read, used and replaced.
    assertEquals((await box.json<{ clean: boolean }>(["status"], ben)).clean, true);
    act(BEN, box.main, "echo c > c; chmod g+r c");
    await box.json(["snapshot", "ben's"], ben);
    await box.json(["restore", first.snapshot_id], ben);
    await box.json(["restore", "HEAD"], ben);
    await box.json(["worktree", "fork", "LATEST", "bens"], ben);
    await box.json(["worktree", "rename", "anns", "renamed"], ben);
    await box.json(["config", "set", "lock_timeout", "21s"], ben);
    await box.json(["ref", "delete", "anns"], ben);
    await box.json(["gc", "run", "--yes"], ben);
    assertEquals((await box.run(["verify", "--all"], ben)).code, 0);
    // And Ann again what Ben made.
    act(ANN, box.main, "echo d > d/d; chmod g+r d/d");
    await box.json(["snapshot", "ann's again"], ann);
    await box.json(["worktree", "list"], ann);
    await box.json(["gc", "run", "--yes"], ann);
    assertEquals((await box.run(["verify", "--all"], ann)).code, 0);
    await fullAudit(box.path, { user: ANN, group: TEAM });
    const open = (path: string) => modeOf(`${box.control}/${path}`);
    for (
      const path of [
        "",
        "snapshots",
        "descriptors",
        "manifests",
        "worktrees",
        "worktrees/bens",
        "refs",
        "gc/pins",
      ]
    ) {
      assertEquals(open(path), "2770", path);
    }
    assertEquals([open("audit/audit.jsonl"), open("audit/HEAD"), open("config.jsonc")], [
      "660",
      "640",
      "640",
    ]);
  },
});

/** What the guide says for several users, with the umask that most have: the folder itself stays closed to the group. */
async function team(): Promise<{ box: BlackBox; ann: JvsOptions; ben: JvsOptions; path: string }> {
  const box = await BlackBox.make({ user: ANN, group: TEAM });
  act(ANN, box.outside, `mkdir team; chgrp ${TEAM} team; chmod g+s team`, "022");
  const path = `${box.outside}/team`;
  const under = ["sh", "-c", 'umask 022; exec "$0" "$@"'];
  const [ann, ben] = [ANN, BEN].map((user) => ({ user, under, cwd: `${path}/main` }));
  assert(ann !== undefined && ben !== undefined);
  await box.json(["init", "--shared", "group"], { ...ann, cwd: path });
  act(ANN, `${path}/main`, "echo a > a", "022");
  await box.json(["snapshot", "ann's"], ann);
  assertEquals(modeOf(path), "2755");
  return { box, ann, ben, path };
}

Deno.test({
  name: "the first fork may be another member's, in a folder that is closed to the group",
  ...needs,
  async fn() {
    const { box, ann, ben, path } = await team();
    using _box = box;
    await box.json(["worktree", "fork", "HEAD", "bens"], ben);
    await box.json(["snapshot", "ben's"], { ...ben, cwd: `${path}/worktrees/bens` });
    await box.json(["worktree", "rename", "bens", "his"], ben);
    await box.json(["worktree", "fork", "HEAD", "anns"], ann);
    await box.json(["worktree", "remove", "his"], ben);
    assertEquals(namesIn(`${path}/worktrees`), ["anns"]);
    assertEquals([modeOf(`${path}/worktrees`), Deno.statSync(`${path}/worktrees`).gid], ["2770", TEAM]);
    await fullAudit(path, { user: ANN, group: TEAM });
  },
});

Deno.test({
  name: "a fork where the folder for worktrees can not be made says who makes it, and leaves nothing begun",
  ...needs,
  async fn() {
    const { box, ann, ben, path } = await team();
    using _box = box;
    Deno.removeSync(`${path}/worktrees`);
    for (const args of [["worktree", "fork", "HEAD", "bens"], ["worktree", "create", "bens"]]) {
      const { message, hint } = await box.error("E_PERMISSION", args, ben);
      assertStringIncludes(message, `${path}/worktrees`);
      assertStringIncludes(
        hint,
        `Have ${userNameOf(ANN)} make it: \`install -d -m 2770 -g ${groupNameOf(TEAM)} `,
      );
    }
    for (const member of [ann, ben]) {
      assertEquals((await box.json<{ findings: unknown[] }>(["doctor", "--strict"], member)).findings, []);
    }
    act(ANN, path, `install -d -m 2770 -g ${TEAM} "${path}/worktrees"`, "022");
    await box.json(["worktree", "fork", "HEAD", "bens"], ben);
    await fullAudit(path, { user: ANN, group: TEAM });
  },
});

Deno.test({
  name: "who is no member is told of which group to become one",
  ...needs,
  async fn() {
    const { box, path } = await team();
    using _box = box;
    const group = groupNameOf(TEAM);
    for (const args of [["status"], ["config", "trust", "--repository"]]) {
      const { message, hint } = await jvsError("E_PERMISSION", args, { user: STRANGER, cwd: `${path}/main` });
      assertStringIncludes(message, `it is shared with the group ${group}, and you are not in it`);
      assertStringIncludes(hint, `usermod -aG ${group} ${userNameOf(STRANGER)}`);
    }
  },
});

Deno.test({
  name:
    "in a folder with set-gid what members make, fork and bring back keeps the group, and the set-gid bit",
  ...needs,
  async fn() {
    using box = await shared();
    act(
      ANN,
      box.main,
      "mkdir set; chmod 2770 set; echo x > set/x; chmod 640 set/x; mkdir plain; chmod 0750 plain",
    );
    const { snapshot } = await box.json<{ snapshot: Descriptor }>(["snapshot", "set"], ann);
    const { path } = await box.json<{ path: string }>(
      ["worktree", "fork", snapshot.snapshot_id, "bens"],
      ben,
    );
    act(ANN, box.main, "rm -r set; mkdir set; chmod 700 set");
    await box.json(["restore", snapshot.snapshot_id], ann);
    for (const root of [box.main, path]) {
      const { gid } = Deno.statSync(`${root}/set/x`);
      assertEquals([modeOf(`${root}/set`), gid], ["2770", TEAM], root);
    }
    assertEquals(
      (await box.json<{ differences: unknown[] }>(["status"], { ...ben, cwd: path })).differences,
      [],
    );
    await fullAudit(box.path, { user: ANN, group: TEAM });
  },
});

Deno.test({
  name:
    "a snapshot of another member's files, to which the kernel refuses links, is whole and shares nothing with them",
  ...needs,
  async fn() {
    const protects = mustRun("cat", "/proc/sys/fs/protected_hardlinks").trim();
    assertEquals(protects, "1", "this machine refuses no links");
    using box = await shared();
    act(ANN, box.main, "echo a > a; echo b > b; chmod 640 a b");
    const { snapshot: first } = await box.json<{ snapshot: Descriptor }>(["snapshot", "ann's"], ann);
    act(BEN, box.main, "echo c > c; chmod 640 c");
    // Root's eyes would see no refusal: it is Ben who links, or must not.
    const { snapshot: second } = await box.json<{ snapshot: Descriptor }>(["snapshot", "ben's"], ben);
    for (const name of ["a", "b", "c"]) {
      const [at, was] = [second, first].map(({ snapshot_id }) =>
        `${box.control}/snapshots/${snapshot_id}/${name}`
      );
      assertEquals(Deno.readTextFileSync(at ?? ""), `${name}\n`);
      if (name !== "c") {
        assert(Deno.statSync(at ?? "").ino !== Deno.statSync(was ?? "").ino, "Ben linked a file of Ann's");
      }
    }
    assertEquals((await box.run(["verify", "--all"], ann)).code, 0);
    // Ann may link her own, and does not link what Ben has.
    const { snapshot: third } = await box.json<{ snapshot: Descriptor }>(["snapshot", "ann's again"], ann);
    assertEquals(namesIn(`${box.control}/snapshots/${third.snapshot_id}`).sort(), ["a", "b", "c"]);
    await fullAudit(box.path, { user: ANN, group: TEAM });
  },
});

Deno.test({
  name: "a lock file that another member left stops nobody, and one that is closed names its owner and way",
  ...needs,
  async fn() {
    using box = await shared();
    act(ANN, box.main, "echo a > a; chmod 640 a");
    await box.json(["snapshot", "ann's"], ann);
    const locks = `${box.control}/runtime/shared/locks`;
    for (const name of namesIn(locks)) assertEquals(modeOf(`${locks}/${name}`), "660", name);
    // Ann was killed while she had them: her name is still in each, and her lock went with her process.
    const holder = JSON.stringify({
      host: "gone",
      pid: 1,
      operation: "snapshot",
      since: "2026-01-01T00:00:00Z",
    });
    for (const name of namesIn(locks)) Deno.writeTextFileSync(`${locks}/${name}`, holder);
    await box.json(["snapshot", "ben's"], ben);
    // Ben may still lock a file that he may only read.
    for (const name of namesIn(locks)) {
      Deno.chownSync(`${locks}/${name}`, ANN, TEAM);
      Deno.chmodSync(`${locks}/${name}`, 0o640);
    }
    await box.json(["snapshot", "ben's too"], ben);
    const [one = ""] = namesIn(locks).filter((name) => name.startsWith("worktree-"));
    Deno.chownSync(`${locks}/${one}`, ANN, TEAM);
    Deno.chmodSync(`${locks}/${one}`, 0o600);
    const { message, hint } = await box.error("E_PERMISSION", ["snapshot", "no"], ben);
    assertStringIncludes(message, `${locks}/${one}`);
    assert(hint !== "");
    await box.json(["snapshot", "ann's"], ann);
  },
});

Deno.test({
  name: "the lease of another member holds for all, and is taken over when it ran out, by whoever comes",
  ...needs,
  async fn() {
    using box = await shared();
    act(ANN, box.main, "echo a > a; chmod 640 a");
    await box.json(["snapshot", "ann's"], ann);
    await box.json(["lock", "acquire", "--session", "anns"], ann);
    const { message } = await box.error("E_LOCK_CONFLICT", ["snapshot", "no"], ben);
    assertStringIncludes(message, `${ANN}`);
    await box.error("E_LOCK_CONFLICT", ["lock", "steal", "--session", "bens"], ben);
    pastLease(box);
    await box.json(["lock", "steal", "--session", "bens"], ben);
    await box.error("E_LOCK_CONFLICT", ["snapshot", "no", "--session", "anns"], ann);
    await box.json(["snapshot", "his", "--session", "bens"], ben);
    await box.json(["lock", "release", "--session", "bens"], ben);
    await box.json(["snapshot", "hers"], ann);
    await fullAudit(box.path, { user: ANN, group: TEAM });
  },
});
