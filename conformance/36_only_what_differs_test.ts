import { assert, assertEquals } from "@std/assert";
import { BlackBox } from "../tests/support/black_box.ts";
import { type DiskKind, sharedDisk } from "../tests/support/disk_image.ts";
import { requires } from "../tests/support/requires.ts";
import { mustRun } from "../tests/support/run.ts";
import { describeTree, makeRichTree } from "../tests/support/trees.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(36);

const EVERYTHING = { add: ["inode", "ctime"] as const };

/** How to change one entry, by a shell in the worktree; the entries that a restore may touch for it. */
const CHANGES: [command: string, touched: string[]][] = [
  ["printf changed > folder/a.txt", ["folder", "folder/a.txt"]],
  ["rm folder/a.txt", ["folder", "folder/a.txt"]],
  ["printf new > folder/new", ["folder"]],
  ["mkdir -p folder/more/of/it; printf new > folder/more/of/it/x", ["folder"]],
  ["rm -r folder/below", ["folder", "folder/below", "folder/below/b.txt"]],
  ["rm folder/a.txt; mkdir folder/a.txt", ["folder", "folder/a.txt"]],
  ["ln -sfn elsewhere folder/link", ["folder", "folder/link"]],
];

/** The same for what is set in place: the inode stays. */
const IN_PLACE: [command: string, touched: string[]][] = [
  ["chmod 700 folder/a.txt", ["folder/a.txt"]],
  ["touch -d @1 folder/a.txt", ["folder/a.txt"]],
  ["chmod 700 folder/below", ["folder/below"]],
  ["touch -d @1 folder/below", ["folder/below"]],
  ["touch -h -d @1 folder/link", ["folder/link"]],
  ["setfattr -n user.color -v red folder/a.txt", ["folder/a.txt"]],
  ["setfacl -m u:1234:rw folder/a.txt", ["folder/a.txt"]],
  ["touch -d @1 .", []],
];

for (const kind of ["ext4", "xfs"] satisfies DiskKind[]) {
  Deno.test({
    name: `conformance 36: a restore touches nothing but what differs, on ${kind}`,
    ...requires("root", "python3", "attr", "acl", kind),
    async fn() {
      using disk = await sharedDisk(kind);
      using box = await madeBox(disk.path);
      await box.save("whole");
      for (const [command, touched] of [...CHANGES, ...IN_PLACE]) {
        const before = await describeTree(box.main, EVERYTHING);
        mustRun("sh", "-ec", `cd '${box.main}'; ${command}`);
        await box.json(["restore", "HEAD", "--discard"]);
        const after = await describeTree(box.main, EVERYTHING);
        const changed = changedAspects(before, after);
        for (const [path, aspects] of changed) {
          assert(touched.includes(path), `${command}: ${path} was touched: ${aspects}`);
          const inPlace = IN_PLACE.some(([each]) => each === command) || path === "folder";
          const allowed = inPlace ? ["ctime"] : ["ctime", "inode"];
          for (const aspect of aspects) {
            assert(allowed.includes(aspect), `${command}: ${aspect} of ${path} differs afterwards`);
          }
        }
      }
      await box.audit();
    },
  });
}

Deno.test({
  name: "conformance 36: nothing at all is touched when nothing differs, in a tree of everything",
  ...requires("root", "python3"),
  async fn() {
    using box = await BlackBox.make();
    await makeRichTree(box.main);
    await box.save("whole");
    const before = await describeTree(box.main, EVERYTHING);
    for (const flags of [[], ["--verify"], ["--paths", "xattrs"], ["--preview"]]) {
      await box.json(["restore", "HEAD", ...flags]);
      assertEquals([...changedAspects(before, await describeTree(box.main, EVERYTHING))], [], `${flags}`);
    }
    await box.audit();
  },
});

Deno.test({
  name:
    "conformance 36: the payload root keeps its inode when everything else goes, so a shell in it stays in it",
  ...requires("python3"),
  async fn() {
    using box = await madeBox();
    const { snapshot_id: id } = await box.save("whole");
    const { ino } = Deno.statSync(box.main);
    mustRun("sh", "-ec", `cd '${box.main}'; rm -r folder other.txt; printf x > x`);
    await box.save("all else");
    const shell = new Deno.Command("sh", {
      args: ["-c", "read line; cat other.txt; ls"],
      cwd: box.main,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    await box.json(["restore", id]);
    const writer = shell.stdin.getWriter();
    await writer.write(new TextEncoder().encode("now\n"));
    await writer.close();
    const { stdout } = await shell.output();
    assertEquals(new TextDecoder().decode(stdout), "other\nfolder\nother.txt\n");
    assertEquals(Deno.statSync(box.main).ino, ino);
    await box.audit();
  },
});

Deno.test({
  name: "conformance 36: a file with links outside the tree is replaced, and what they name stays as it is",
  ...requires("python3"),
  async fn() {
    using box = await madeBox();
    await box.save("whole");
    Deno.linkSync(`${box.main}/folder/a.txt`, `${box.outside}/outside`);
    Deno.chmodSync(`${box.main}/folder/a.txt`, 0o600);
    const { mode, ino } = Deno.statSync(`${box.outside}/outside`);
    await box.json(["restore", "HEAD"]);
    assert(Deno.statSync(`${box.main}/folder/a.txt`).ino !== ino);
    assertEquals((Deno.statSync(`${box.main}/folder/a.txt`).mode ?? 0) & 0o777, 0o644);
    assertEquals(Deno.statSync(`${box.outside}/outside`).mode, mode);
    await box.audit();
  },
});

async function madeBox(parent?: string): Promise<BlackBox> {
  const box = await BlackBox.make(parent === undefined ? {} : { parent });
  mustRun(
    "sh",
    "-ec",
    `cd '${box.main}'; umask 022; mkdir -p folder/below; printf one > folder/a.txt; printf two > folder/below/b.txt;
     ln -s a.txt folder/link; printf three > folder/c.txt; echo other > other.txt;
     touch -d @1000000000.123456789 folder/* folder/below/* folder other.txt .`,
  );
  return box;
}

/** The aspects that differ between two descriptions, by path. The root's ctime moves when a rename into it is tried. */
function changedAspects(before: readonly string[], after: readonly string[]): Map<string, string[]> {
  const changed = new Map<string, string[]>();
  for (const line of new Set(before).symmetricDifference(new Set(after))) {
    const [path = "", aspect = ""] = line.split("\t");
    if (path === "." && aspect === "ctime") continue;
    const aspects = changed.get(path) ?? [];
    if (!aspects.includes(aspect)) aspects.push(aspect);
    changed.set(path, aspects);
  }
  return changed;
}
