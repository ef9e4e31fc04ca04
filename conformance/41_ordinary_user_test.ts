import { assert, assertEquals } from "@std/assert";
import type { Degradations } from "../src/model/records.ts";
import { BlackBox } from "../tests/support/black_box.ts";
import { type DiskKind, sharedDisk } from "../tests/support/disk_image.ts";
import { asUser, USER } from "../tests/support/as_user.ts";
import { requires } from "../tests/support/requires.ts";
import { ruleTest } from "../tests/support/rule_test.ts";
import { mustRun } from "../tests/support/run.ts";
import { tempDir } from "../tests/support/temp_dir.ts";
import { describeTree } from "../tests/support/trees.ts";

ruleTest(41);

const NEEDS = requires("root", "user", "python3", "ext4", "xfs");

/** Modes in which a user's folders and files may be, without write or even search rights for himself. */
const TREE = `
  mkdir -p read-only/below/deep closed/below locked empty
  printf 1 > read-only/a; printf 2 > read-only/below/b; printf 3 > read-only/below/deep/c
  printf 4 > closed/d; printf 5 > closed/below/e; printf 6 > f; printf 7 > locked/g
  chmod 400 read-only/a read-only/below/b f; chmod 444 closed/d
  touch -d @1000000000.5 read-only/a read-only/below/deep/c closed/d f
  chmod 500 read-only/below/deep read-only/below; chmod 555 read-only closed/below closed; chmod 500 locked; chmod 1555 empty
  touch -d @1000000001.5 read-only/below/deep read-only/below read-only closed/below closed locked empty
`;

/** What may happen to it before it is restored. */
const CHANGES: [what: string, command: string][] = [
  [
    "a file in a read-only folder was changed",
    "chmod u+w read-only/a; printf x > read-only/a; chmod u-w read-only/a",
  ],
  [
    "a file deep in read-only folders was removed",
    "chmod u+w read-only/below/deep; rm -f read-only/below/deep/c; chmod u-w read-only/below/deep",
  ],
  ["a read-only folder was removed", "chmod -R u+w read-only; rm -r read-only"],
  ["a read-only folder came", "mkdir -p new/below; printf x > new/below/x; chmod 500 new/below new"],
  [
    "a read-only folder became a file",
    "chmod -R u+w closed; rm -r closed; printf x > closed; chmod 400 closed",
  ],
  [
    "a file became a read-only folder",
    "rm -f f; mkdir -p f/below; printf x > f/below/x; chmod 500 f/below f",
  ],
  ["folders got other modes", "chmod 700 read-only read-only/below locked empty; chmod 500 closed"],
  ["everything is gone", "chmod -R u+rwX .; rm -rf *"],
];

for (const kind of ["ext4", "xfs"] satisfies DiskKind[]) {
  Deno.test({
    name:
      `conformance 41: an ordinary user's read-only folders and files are saved, restored and forked, on ${kind}`,
    ...NEEDS,
    async fn() {
      using disk = await sharedDisk(kind);
      using box = await BlackBox.make({ parent: disk.path, user: USER });
      inMain(box, TREE);
      const before = await describeTree(box.main);
      const { snapshot_id: id } = await box.save("read-only", "--strict");
      for (const [what, command] of CHANGES) {
        inMain(box, command);
        const changed = await describeTree(box.main);
        const first = await box.json<{ autosave_snapshot_id: string }>(["restore", id, "--strict"]);
        await assertSame(box.main, before, what);
        // What was there is itself such a tree, and comes back from its autosave.
        if (first.autosave_snapshot_id === null) continue;
        await box.json(["restore", first.autosave_snapshot_id, "--strict"]);
        await assertSame(box.main, changed, `${what}, and back`);
        await box.json(["restore", id, "--strict"]);
        await assertSame(box.main, before, `${what}, and back again`);
      }
      await box.json(["worktree", "fork", id, "other"]);
      await assertSame(`${box.path}/worktrees/other`, before);
      await box.json(["worktree", "remove", "other"]);
      await box.audit();
    },
  });
}

Deno.test({
  name: "conformance 41: a payload root without write rights is restored, and keeps its mode",
  ...NEEDS,
  async fn() {
    using box = await BlackBox.make({ user: USER });
    inMain(box, "printf 1 > a; mkdir b; printf 2 > b/c; chmod 555 b; chmod 555 .");
    const before = await describeTree(box.main);
    const { snapshot_id: id } = await box.save("closed", "--strict");
    inMain(box, "chmod u+w . b; printf x > a; rm b/c; printf new > new; chmod 555 b .");
    await box.json(["restore", id, "--strict"]);
    await assertSame(box.main, before);
    await box.audit();
  },
});

Deno.test({
  name:
    "conformance 41: files of others that can be read are saved, come back as one's own, and that is said",
  ...NEEDS,
  async fn() {
    using box = await BlackBox.make({ user: USER });
    inMain(box, "printf mine > mine; mkdir folder");
    mustRun(
      "sh",
      "-ec",
      `cd '${box.main}'; printf theirs > theirs; printf theirs > folder/theirs; mkdir inner; printf x > inner/x`,
    );
    const before = await describeTree(box.main);
    const { snapshot_id: id, degradations } = await box.save("with files of others");
    assertEquals(degradations.counts.owner, 4);
    inMain(box, "rm -f theirs folder/theirs; printf changed > mine");
    const restored = await box.json<{ degradations: Degradations }>(["restore", id]);
    const named = restored.degradations.first.map(({ kind, path }) => `${kind} ${path}`).sort();
    assertEquals(named, ["owner folder/theirs", "owner theirs"]);
    const differing = new Set(before).symmetricDifference(new Set(await describeTree(box.main)));
    assertEquals(
      new Set([...differing].map((line) => line.split("\t").slice(0, 2).join(" "))),
      new Set(["theirs owner", "folder/theirs owner"]),
    );
    await box.audit();
  },
});

Deno.test({
  name:
    "conformance 41: what cannot be read makes a snapshot fail with the paths, or is left out on demand, and is never lost",
  ...NEEDS,
  async fn() {
    using box = await BlackBox.make({ user: USER });
    inMain(
      box,
      "printf mine > mine; printf closed > closed; chmod 000 closed; mkdir folder; printf in > folder/in",
    );
    mustRun(
      "sh",
      "-ec",
      `cd '${box.main}'; printf theirs > theirs; mkdir shut; printf x > shut/x; chmod 600 theirs; chmod 700 shut`,
    );
    const before = await describeTree(box.main);
    const { message, hint } = await box.error("E_PERMISSION", ["snapshot"]);
    for (const path of ["closed", "shut", "theirs"]) assert(message.includes(path), message);
    assert(hint.includes(".jvsignore"), hint);
    const live = await box.error("E_PERMISSION", ["worktree", "fork", "--live", "other"]);
    for (const path of ["closed", "shut", "theirs"]) assert(live.message.includes(path), live.message);
    assert(live.hint.includes("a live fork takes everything") && !live.hint.includes("--skip"), live.hint);
    const { snapshot_id: id, degradations } = await box.save("without them", "--skip-unreadable");
    const named = degradations.first.filter(({ kind }) => kind === "unreadable").map(({ path }) => path)
      .sort();
    assertEquals(named, ["closed", "shut", "theirs"]);
    inMain(box, "printf changed > mine; printf x > folder/in");
    await box.json(["restore", id]);
    await assertSame(box.main, before);
    // What was closed since is left alone, too, and named; the rest goes back.
    inMain(box, "printf changed > mine; printf x > folder/in; chmod 000 folder");
    const restored = await box.json<{ left_alone: string[] }>(["restore", id]);
    assert(restored.left_alone.includes("folder"), `${restored.left_alone}`);
    assertEquals([box.read("mine"), box.read("folder/in")], ["mine", "x"]);
    await box.audit();
  },
});

function inMain(box: BlackBox, command: string): void {
  const [program, ...args] = asUser(USER, "sh", ["-ec", `cd '${box.main}'; umask 022; ${command}`]);
  mustRun(program, ...args);
}

async function assertSame(path: string, expected: readonly string[], what = ""): Promise<void> {
  const differing = new Set(expected).symmetricDifference(new Set(await describeTree(path)));
  assertEquals([...differing], [], what);
}

Deno.test({
  name: "conformance 41: another user's HOME, as sudo may leave it, is no reason to fail",
  ...NEEDS,
  async fn() {
    using closed = tempDir();
    Deno.mkdirSync(`${closed.path}/.config/jvs`, { recursive: true, mode: 0o700 });
    Deno.chmodSync(`${closed.path}/.config`, 0o700);
    using box = await BlackBox.make({ user: USER, env: { HOME: closed.path } });
    inMain(box, "printf mine > mine");
    await box.save("without my own config");
    await box.audit();
  },
});
