import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { asUser } from "./support/as_user.ts";
import { BlackBox } from "./support/black_box.ts";
import { namesIn } from "./support/files.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { fingerprint } from "./support/trees.ts";

// A whole `.jvs` is made up, and comes to lie where JVS looks for one. docs/design/control-plane.md.

const [ANN, BEN, TEAM] = [61001, 61002, 61003];

function act(box: BlackBox, user: number, script: string): void {
  mustRun(...asUser(user, "sh", ["-ec", `cd '${box.main}'; umask 022; ${script}`], TEAM));
}

function modeOf(path: string): string {
  return ((Deno.lstatSync(path).mode ?? 0) & 0o7777).toString(8);
}

/** All of a place, but for the times of `.jvs`: JVS asks by a file in it what the file system keeps. */
async function allBut(cwd: string): Promise<string[]> {
  return (await fingerprint(cwd)).filter((line) => !/^\.jvs\t[mc]time/.test(line));
}

/** Everything that looks at the place must refuse it, and nothing there may change. */
async function assertRefused(box: BlackBox, cwd: string): Promise<void> {
  const before = await allBut(cwd);
  for (const args of [["status"], ["snapshot", "x"], ["doctor"], ["history"], ["worktree", "path", "main"]]) {
    const { message, hint } = await box.error("E_UNTRUSTED", args, { cwd });
    assertStringIncludes(message, "nothing shows that JVS made it");
    assertStringIncludes(hint, "If not, leave it alone");
  }
  assertEquals(await allBut(cwd), before);
}

Deno.test({
  name: "a `.jvs` that a member made up is not believed when another member's copy of it gets the name",
  ...requires("root", "user", "acl"),
  async fn() {
    using box = await BlackBox.make({ user: ANN, group: TEAM });
    act(box, ANN, "mkdir -m 2775 team");
    const { snapshot_id: first } = await box.save("first");
    // Ben takes a real one, so that nothing is wrong in it: one repository inside, one that adopts the folder beside it.
    const made = await box.json<{ repository: string }>(["init", "of-ben"], { user: BEN, cwd: benHome(box) });
    act(
      box,
      BEN,
      `cp -r '${made.repository}/.jvs' team/x; cp -r '${made.repository}/main' team/main
       mkdir -m 2775 team/work.jvs; cp -r team/x team/work.jvs/x; mkdir team/work
       setfacl -d -m u::r-x,g::r-x,o::r-x team/x # gives new files another mode than they are made with
       chmod 755 team/x team/work.jvs/x; chmod 4755 team/x/origin team/work.jvs/x/origin`,
    );
    const { snapshot } = await box.json<{ snapshot: { snapshot_id: string } }>([
      "snapshot",
      "ben's",
      "--branch",
    ], {
      user: BEN,
    });
    await box.json(["restore", first], { user: BEN });
    await box.json(["restore", snapshot.snapshot_id]); // now all of it is Ann's
    const { path: fork } = await box.json<{ path: string }>([
      "worktree",
      "fork",
      snapshot.snapshot_id,
      "fork",
    ]);
    for (const [root, name] of [[box.main, "main"], [fork, "fork"]] as const) {
      act(box, ANN, `chgrp -R ${TEAM} '${root}/team'`); // it is a folder that the members work in
      act(box, BEN, `cd '${root}/team'; mv x .jvs; mv work.jvs/x work.jvs/.jvs`);
      for (const at of [`${root}/team`, `${root}/team/work.jvs`]) {
        assertEquals([Deno.lstatSync(`${at}/.jvs`).uid, modeOf(`${at}/.jvs`)], [ANN, "2755"]);
        await assertRefused(box, at);
      }
      for (const at of ["main", "work"]) {
        await box.error("E_UNTRUSTED", ["status"], { cwd: `${root}/team/${at}` });
      }
      assertEquals((await box.json<{ worktree: string }>(["status"], { cwd: root })).worktree, name);
    }
  },
});

/** A folder of Ben's outside. */
function benHome(box: BlackBox): string {
  const home = `${box.outside}/ben`;
  mustRun("install", "-d", "-o", `${BEN}`, "-g", `${TEAM}`, home);
  return home;
}

Deno.test("a copy that lost the mark of JVS is refused until its owner takes it", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "one\n");
  const { snapshot_id: id } = await box.save("first");
  const copy = `${box.outside}/copy`;
  mustRun("cp", "-r", box.path, copy);
  await assertRefused(box, copy);
  const at = { cwd: `${copy}/main` };
  const { repaired } = await box.json<{ repaired: string[] }>(["doctor", "--repair-runtime"], at);
  assertStringIncludes(repaired[0] ?? "", "the copy had lost the mark");
  assertEquals((await box.json<{ repaired: string[] }>(["doctor", "--repair-runtime"], at)).repaired, []);
  await box.json(["restore", id], at);
  await box.json(["snapshot", "goes on"], at);
});

Deno.test({
  name: "a copy of what a group shared, that lost that, does not become its owner's word",
  ...requires("root", "user"),
  async fn() {
    using box = await BlackBox.make({ user: ANN, group: TEAM });
    act(box, ANN, "echo saved > f");
    const { snapshot_id: id } = await box.save("first");
    await box.json(["config", "set", "restore.unsaved", "discard"], { user: BEN });
    await box.json(["restore", id]);
    const copy = `${box.outside}/copy`;
    act(box, ANN, `cp -r '${box.path}' '${copy}'`);
    const at = { cwd: `${copy}/main` };
    const { message } = await box.error("E_UNTRUSTED", ["doctor", "--repair-runtime"], at);
    assertStringIncludes(message, "a group shared it");
    await assertRefused(box, copy);
    assertEquals((await box.json<{ healthy: boolean }>(["doctor", "--repair-runtime"])).healthy, true);
  },
});

Deno.test("a copy that keeps the modes of folders is taken as it is", async () => {
  using box = await BlackBox.make();
  await box.save("first");
  const copy = `${box.outside}/copy`;
  mustRun("cp", "-a", box.path, copy);
  assertEquals((await box.json<{ clean: boolean }>(["status"], { cwd: `${copy}/main` })).clean, true);
});

Deno.test({
  name: "no snapshot, restore or fork gives a folder the mark, in a repository that nobody shares either",
  async fn() {
    using box = await BlackBox.make();
    mustRun("sh", "-ec", `cd '${box.main}'; mkdir -p d/in; echo 1 > d/in/f; chmod 4755 d; chmod 5700 d/in`);
    const { snapshot_id: id } = await box.save("first");
    assertEquals((await box.json<{ clean: boolean }>(["status"])).clean, true);
    assertEquals([modeOf(`${box.main}/d`), modeOf(`${box.main}/d/in`)], ["4755", "5700"]); // nothing of the user's changes
    const fork = await box.json<{ path: string }>(["worktree", "fork", "one"]);
    const live = await box.json<{ path: string }>(["worktree", "fork", "two", "--live"]);
    mustRun("rm", "-r", `${box.main}/d`);
    await box.json(["restore", id, "--discard"]);
    for (const root of [box.main, fork.path, live.path]) {
      assertEquals([modeOf(`${root}/d`), modeOf(`${root}/d/in`)], ["755", "1700"], root);
    }
    assert(namesIn(`${box.control}/snapshots`).includes(id));
    for (const name of ["d", "d/in"]) {
      assertEquals((Deno.lstatSync(`${box.control}/snapshots/${id}/${name}`).mode ?? 0) & 0o4000, 0);
    }
    assertEquals((await box.json<{ severity: string }>(["verify", id])).severity, "ok");
  },
});
