import { assert, assertEquals } from "@std/assert";
import type { Degradations } from "../src/model/records.ts";
import { BlackBox } from "../tests/support/black_box.ts";
import { type DiskKind, sharedDisk } from "../tests/support/disk_image.ts";
import { asUser, USER } from "../tests/support/as_user.ts";
import { requires } from "../tests/support/requires.ts";
import { mustRun } from "../tests/support/run.ts";
import { tempDir } from "../tests/support/temp_dir.ts";
import { withoutFfi } from "../tests/support/without_ffi.ts";
import { describeTree, makeRichTree } from "../tests/support/trees.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(38);

type WithDegradations = { degradations: Degradations };

const KINDS = ["ext4", "xfs"] as const satisfies DiskKind[];

/** Ways to change everything, by a shell in the worktree. */
const UPHEAVALS: [what: string, command: string][] = [
  ["everything is gone", "chmod -R u+rwX .; rm -rf -- * .[!.]*"],
  [
    "everything is something else",
    `chmod -R u+rwX .; rm -rf deep .READY .jvs-anything; for name in *; do
     if [ -d "$name" ]; then rm -rf "$name"; printf x > "$name"; else rm -f "$name"; mkdir "$name"; printf x > "$name/x"; fi; done`,
  ],
  [
    "all metadata is another",
    `find . -name 'd*' -prune -o -exec touch -h -d @99 '{}' +
     find . -name 'd*' -prune -o ! -type l -exec chmod 0755 '{}' +
     rm links/two a/three; cp links/one links/two
     find xattrs -type f -exec setfattr -x user.color '{}' ';' -exec setfacl -b '{}' ';' 2>&-
     printf more >> sparse/all-hole`,
  ],
];

for (const kind of KINDS) {
  Deno.test({
    name: `conformance 38: a tree of everything comes back equal in every aspect, on ${kind} as root`,
    ...requires("root", "python3", "attr", "acl", kind),
    async fn() {
      using disk = await sharedDisk(kind);
      using box = await BlackBox.make({ parent: disk.path });
      assertEquals(await makeRichTree(box.main), []);
      const before = await describeTree(box.main);
      const saved = await box.save("everything", "--strict");
      assertEquals(saved.degradations.counts, {});
      for (const [what, command] of UPHEAVALS) {
        mustRun("sh", "-c", `cd '${box.main}' || exit; ${command}; true`);
        assert(new Set(before).symmetricDifference(new Set(await describeTree(box.main))).size > 100, what);
        await box.json(["restore", saved.snapshot_id, "--discard", "--strict"]);
        assertEquals(await differing(before, box.main), [], what);
      }
      await box.json(["worktree", "fork", saved.snapshot_id, "other"]);
      assertEquals(await differing(before, `${box.path}/worktrees/other`), []);
      await box.audit();
    },
  });

  Deno.test({
    name:
      `conformance 38: an ordinary user's tree of everything comes back equal in every aspect, on ${kind}`,
    ...requires("root", "user", "python3", "attr", "acl", kind),
    async fn() {
      using disk = await sharedDisk(kind);
      using box = await BlackBox.make({ parent: disk.path, user: USER });
      await makeRichTree(box.main, { user: USER });
      const before = await describeTree(box.main);
      const saved = await box.save("everything", "--strict");
      for (const [what, command] of UPHEAVALS) {
        const [program, ...args] = asUser(USER, "sh", ["-c", `cd '${box.main}' || exit; ${command}; true`]);
        mustRun(program, ...args);
        assert(new Set(before).symmetricDifference(new Set(await describeTree(box.main))).size > 100, what);
        await box.json(["restore", saved.snapshot_id, "--strict"]);
        assertEquals(await differing(before, box.main), [], what);
      }
      await box.audit();
    },
  });
}

/** What root puts into an ordinary user's tree, and what of it that user cannot keep: path, aspect, kind of degradation. */
const ROOTS_OWN: [path: string, aspect: string, kind: string, command: string][] = [
  ["theirs", "owner", "owner", "printf theirs > theirs; chown 12345:23456 theirs; chmod 644 theirs"],
  ["group", "owner", "owner", `printf theirs > group; chown ${USER}:23456 group`],
  ["setuid", "mode", "owner", "printf theirs > setuid; chown 12345:23456 setuid; chmod 4755 setuid"],
  ["folder", "owner", "owner", "mkdir folder; chown 12345:23456 folder; chmod 755 folder"],
  [
    "capable",
    "xattr security.capability",
    "xattr",
    `printf x > capable; chown ${USER}:${USER} capable;
    setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 capable`,
  ],
  ["null", "type", "type", "mknod null c 1 3; chmod 666 null"],
];

Deno.test({
  name:
    "conformance 38: what only root can keep is reported as degraded to an ordinary user, by path, and nothing else differs",
  ...requires("root", "user", "python3", "attr"),
  async fn() {
    using box = await BlackBox.make({ user: USER });
    for (const [, , , command] of ROOTS_OWN) mustRun("sh", "-ec", `cd '${box.main}'; ${command}`);
    const before = await describeTree(box.main);
    const saved = await box.save("with files of others");
    const inSnapshot = namedIn(saved.degradations);
    for (const [path, , kind] of ROOTS_OWN) {
      assert(inSnapshot.includes(`${kind} ${path}`), `${kind} of ${path} must be degraded: ${inSnapshot}`);
    }
    const strict = await box.error("E_DEGRADED", ["snapshot", "--strict"]);
    assert(strict.message.includes("theirs (owner)"), strict.message);
    // What cannot be kept in a snapshot is still there as long as nothing goes.
    await box.json(["restore", saved.snapshot_id]);
    assertEquals(await differing(before, box.main), []);

    const [program, ...args] = asUser(USER, "sh", [
      "-c",
      `cd '${box.main}'; rm -rf theirs group setuid folder capable null`,
    ]);
    mustRun(program, ...args);
    const restored = await box.json<WithDegradations>(["restore", saved.snapshot_id, "--discard"]);
    const reported = namedIn(restored.degradations);
    for (const line of await differing(before, box.main)) {
      const [path = "", aspect = ""] = line.split("\t");
      const expected = ROOTS_OWN.filter(([each]) => each === path);
      assert(expected.length > 0, `${line} differs, and was no business of root`);
      assert(
        reported.some((each) => each.endsWith(` ${path}`)),
        `${line} differs and was not reported: ${reported}`,
      );
      if (path === "null") continue; // with the type all else goes
      const allowed = ["owner", ...expected.map(([, each]) => each)];
      assert(allowed.includes(aspect), `${line} differs`);
    }
    await box.audit();
  },
});

function namedIn({ first }: Degradations): string[] {
  return first.map(({ kind, path }) => `${kind} ${path}`);
}

/** The lines that a tree has more or less than it had. */
async function differing(before: readonly string[], path: string): Promise<string[]> {
  return [...new Set(before).symmetricDifference(new Set(await describeTree(path)))];
}

Deno.test({
  name: "conformance 38: without the C library, what cannot be seen is a degradation, not dropped in silence",
  ...requires("attr"),
  async fn() {
    using folder = tempDir();
    using box = await BlackBox.make({ env: withoutFfi(folder.path) });
    box.write("a.txt", "one\n");
    mustRun("setfattr", "-n", "user.color", "-v", "green", `${box.main}/a.txt`);
    const { degradations, snapshot_id } = await box.save("first");
    assertEquals(degradations.counts, { xattr: 1, acl: 1, holes: 1, times: 1 });
    for (const { path, reason } of degradations.first) {
      assertEquals(path, "");
      assert(reason.includes("without the C library"), reason);
    }
    const { message } = await box.error("E_DEGRADED", ["snapshot", "--strict"]);
    assert(message.includes(". (xattr)"), message);
    assert((await box.run(["show", snapshot_id])).stdout.includes("extended attributes"));
    await box.audit();
  },
});
