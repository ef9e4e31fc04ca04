import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { diskImage, type DiskKind } from "./disk_image.ts";
import { USER } from "./as_user.ts";
import { requires } from "./requires.ts";
import { mustRun } from "./run.ts";
import { tempDir } from "./temp_dir.ts";
import { describeTree, independentRootHash, makeRichTree } from "./trees.ts";

const KINDS: DiskKind[] = ["xfs", "btrfs", "ext4", "tmpfs", "overlay"];

for (const kind of KINDS) {
  Deno.test({
    name: `makeRichTree() makes the same tree every time on ${kind}, and leaves nothing out`,
    ...requires("root", "python3", kind),
    async fn() {
      await using disk = await diskImage(kind);
      for (const name of ["one", "two"]) {
        Deno.mkdirSync(`${disk.path}/${name}`);
        assertEquals(await makeRichTree(`${disk.path}/${name}`), []);
      }
      const one = await describeTree(`${disk.path}/one`);
      assert(one.length > 400, `only ${one.length} aspects were found`);
      assertEquals(await describeTree(`${disk.path}/two`), one);
      assertEquals(
        await independentRootHash(`${disk.path}/two`),
        await independentRootHash(`${disk.path}/one`),
      );
    },
  });
}

Deno.test({
  name: "makeRichTree() makes an ordinary user's tree without what only root can make",
  ...requires("user", "python3"),
  async fn() {
    using folder = tempDir(Deno.uid() === 0 ? { owner: USER } : {});
    const leftOut = await makeRichTree(folder.path, { user: USER });
    const expected = Deno.uid() === 0
      ? ["block device", "capability", "character device", "owner", "trusted xattr"]
      : [];
    for (const what of expected) assert(leftOut.some((line) => line.startsWith(what)), `${what}: ${leftOut}`);
    const owners = (await describeTree(folder.path)).filter((line) => line.includes("\towner\t"));
    assertEquals(new Set(owners.map((line) => line.split("\t")[2])).size, 1);
  },
});

/** Ways in which one entry can change, and the aspects that must show it. */
const CHANGES: [aspect: string, command: string][] = [
  ["content", "printf B > file; touch -d @1 file"],
  ["size", "printf AB > file; touch -d @1 file"],
  ["mode", "chmod 4755 file"],
  ["mtime", "touch -d @1.000000001 file"],
  ["mtime", "touch -h -d @2 link"],
  ["target", "ln -sfn elsewhere link; touch -h -d @1 link"],
  ["links", "rm also; cp -p file also"],
  ["data", "cp --sparse=never holes filled; mv filled holes; touch -d @1 holes"],
  ["type", "rm fifo; touch -d @1 fifo"],
  ["xattr user.a", "setfattr -n user.a -v 2 file"],
  ["xattr system.posix_acl_access", "setfacl -m u:1234:r file"],
  ["xattr system.posix_acl_default", "setfacl -d -m u:1234:r folder"],
];

Deno.test({
  name: "describeTree() shows each aspect that changes",
  ...requires("python3", "acl", "attr"),
  async fn() {
    for (const [aspect, command] of CHANGES) {
      using folder = tempDir();
      const sh = (script: string) => mustRun("sh", "-ec", `cd '${folder.path}'; ${script}`);
      sh("printf A > file; ln file also; ln -s file link; mkfifo fifo; mkdir folder; truncate -s 1M holes");
      sh("setfattr -n user.a -v 1 file; touch -h -d @1 file link fifo folder holes .");
      const before = new Set(await describeTree(folder.path));
      sh(`${command}; touch -d @1 .`);
      const changed = [...before.symmetricDifference(new Set(await describeTree(folder.path)))];
      assert(changed.some((line) => line.includes(`\t${aspect}\t`)), `${command}: ${changed.join("; ")}`);
    }
  },
});

Deno.test({
  name: "describeTree() leaves out and adds aspects on demand",
  ...requires("python3"),
  async fn() {
    using folder = tempDir();
    Deno.writeTextFileSync(`${folder.path}/file`, "A");
    const lines = await describeTree(folder.path, { omit: ["mtime", "owner"], add: ["inode"] });
    const aspects = lines.filter((line) => line.startsWith("file\t")).map((line) => line.split("\t")[1]);
    assertEquals(aspects, ["type", "mode", "inode", "size", "content", "data"]);
  },
});

Deno.test({
  name: "independentRootHash() gives the hash of SPEC 4's worked example",
  ...requires("python3"),
  async fn() {
    using folder = tempDir();
    Deno.mkdirSync(`${folder.path}/a`);
    Deno.writeTextFileSync(`${folder.path}/a.txt`, "");
    Deno.chmodSync(`${folder.path}/a.txt`, 0o644);
    Deno.writeTextFileSync(`${folder.path}/a/b:c`, "hi\n");
    Deno.chmodSync(`${folder.path}/a/b:c`, 0o640);
    Deno.symlinkSync("a.txt", `${folder.path}/link`);
    const hash = await independentRootHash(folder.path);
    assertEquals(hash, "984fceb383a3e68a4ba25b43d9d7fc881c44f25f70786b71c208711c1e8bfa17");
    Deno.chmodSync(`${folder.path}/a/b:c`, 0o600);
    assertNotEquals(await independentRootHash(folder.path), hash);
  },
});
