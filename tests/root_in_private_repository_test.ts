import { assertEquals, assertStringIncludes } from "@std/assert";
import { asUser } from "./support/as_user.ts";
import { BlackBox } from "./support/black_box.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";

const ANN = 61001;
/** The usual umask, and one that closes what is made to everybody else. */
const UMASKS = ["022", "077"];
/** What decides what is done for root, and what root's JVS deletes: nobody else may write there. */
const ROOTS_OWN = "project/.jvs/runtime/users/0";

function under(umask: string): string[] {
  return ["sh", "-c", `umask ${umask}; exec "$0" "$@"`];
}

function find(box: BlackBox, ...tests: string[]): string[] {
  const [folder, repository] = [box.outside, box.path.slice(box.outside.length + 1)];
  const stdout = mustRun("sh", "-c", `cd '${folder}'; find '${repository}' ${tests.join(" ")}`);
  return stdout.split("\n").filter((line) => line !== "").sort();
}

/** Works as root in Ann's repository, after root has said that Ann is trusted. */
async function byRoot(box: BlackBox, umask: string): Promise<void> {
  const as = { user: 0, under: under(umask) };
  const run = (...args: string[]) => box.json(args, as);
  await run("config", "trust", "--repository", box.path);
  await run("snapshot", "by root");
  mustRun(...asUser(ANN, "sh", ["-c", `cd '${box.main}'; echo changed > a`]));
  await run("restore", "LATEST");
  await run("worktree", "create", "empty");
  await run("worktree", "fork", "HEAD", "forked");
  await run("ref", "create", "mine");
  await run("gc", "pin", "HEAD");
  await run("config", "set", "lock_timeout", "5s");
  await run("lock", "acquire", "--worktree", "empty", "--session", "s");
  await run("gc", "run", "--yes");
  await run("verify", "--all");
  await run("config", "trust", "--remove", box.path);
}

for (const umask of UMASKS) {
  Deno.test({
    name: `what root makes in a user's private repository belongs to that user, with umask ${umask} of root`,
    ...requires("root", "user"),
    async fn() {
      using box = await BlackBox.make({ user: ANN });
      mustRun(...asUser(ANN, "sh", ["-c", `cd '${box.main}'; echo a > a; mkdir d; echo b > d/b`]));
      await box.save("hers");
      await byRoot(box, umask);
      assertEquals(find(box, "-user 0 -prune"), [ROOTS_OWN]);
      await box.json(["snapshot", "hers again"]);
      await box.json(["lock", "release", "--worktree", "empty", "--session", "s"]);
      for (const name of ["empty", "forked"]) {
        const cwd = `${box.path}/worktrees/${name}`;
        mustRun(...asUser(ANN, "sh", ["-c", `echo more > '${cwd}/more'`]));
        await box.json(["snapshot"], { cwd });
      }
      await box.json(["restore", "HEAD~1"]);
      await box.json(["worktree", "remove", "forked"]);
      await box.json(["gc", "run", "--yes"]);
      await box.audit();
    },
  });

  Deno.test({
    name:
      `doctor --repair-runtime by root leaves the user's runtime to the user, with umask ${umask} of root`,
    ...requires("root", "user"),
    async fn() {
      using box = await BlackBox.make({ user: ANN });
      mustRun(...asUser(ANN, "sh", ["-c", `cd '${box.main}'; echo a > a`]));
      await box.save("hers");
      const before = find(box, "-path '*/runtime*' -type d -printf '%p %u\\n'").filter((line) =>
        !line.includes("hosts/")
      );
      Deno.removeSync(`${box.control}/runtime`, { recursive: true });
      const as = { user: 0, under: under(umask) };
      await box.json(["config", "trust", "--repository", box.path], as);
      await box.json(["doctor", "--repair-runtime"], as);
      await box.json(["config", "trust", "--remove", box.path], as);
      assertEquals(find(box, "-user 0 -prune"), [ROOTS_OWN]);
      const after = find(box, "-path '*/runtime*' -type d -printf '%p %u\\n'").filter((line) =>
        !line.includes("hosts/") && !line.includes("/users")
      );
      assertEquals(after, before);
      mustRun(...asUser(ANN, "sh", ["-c", `cd '${box.main}'; echo b > a`]));
      await box.save("goes on");
      await box.json(["restore", "HEAD~1"]);
      await box.audit();
    },
  });
}

Deno.test({
  name:
    "what a user's own repository says gives no rights of root's where root brings it out, and that is said",
  ...requires("root", "user"),
  async fn() {
    using box = await BlackBox.make({ user: ANN });
    // In a name space of her own every user is root, and may save what belongs to "root".
    const saved = await box.json<{ snapshot: { snapshot_id: string } }>(["snapshot"], {
      under: ["unshare", "-Ur", "sh", "-c", 'cp /bin/true tool; chmod 4755 tool; exec "$0" "$@"'],
    });
    const id = saved.snapshot.snapshot_id;
    mustRun(...asUser(ANN, "rm", [`${box.main}/tool`]));
    await box.json(["snapshot"]);
    await box.json(["config", "trust", "--repository", box.path], { user: 0 });
    for (const args of [["restore", id], ["worktree", "fork", id, "forked"]]) {
      const { code, stderr } = await box.run(args, { user: 0 });
      assertEquals(code, 0, stderr);
      assertStringIncludes(stderr, "Set-id bits");
    }
    assertEquals(find(box, "-perm /6000 -type f"), []);
  },
});

Deno.test({
  name:
    "what root saved in a user's private repository gives root's rights back to root, and only while it is that",
  ...requires("root", "user"),
  async fn() {
    using box = await BlackBox.make({ user: ANN });
    mustRun(...asUser(ANN, "sh", ["-c", `cd '${box.main}'; echo a > a`]));
    await box.save("hers");
    const as = { user: 0 };
    await box.json(["config", "trust", "--repository", box.path], as);
    const tool = `${box.main}/tool`;
    mustRun("sh", "-c", `cp /bin/true '${tool}'; chmod 4755 '${tool}'`);
    const { snapshot: { snapshot_id } } = await box.json<{ snapshot: { snapshot_id: string } }>(
      ["snapshot"],
      as,
    );
    const restored = async () => {
      mustRun("rm", "-f", tool);
      const { code } = await box.run(["restore", snapshot_id, "--discard"], as);
      return [code, find(box, "-name tool -perm -4000 -user 0 -not -path '*/.jvs/*'").length];
    };
    assertEquals(await restored(), [0, 1]);
    const saved = `${box.control}/snapshots/${snapshot_id}/tool`;
    mustRun(...asUser(ANN, "sh", ["-ec", `cp /bin/false '${saved}.x'; mv -f '${saved}.x' '${saved}'`]));
    assertEquals(await restored(), [1, 0]);
  },
});
