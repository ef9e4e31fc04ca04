import type { Degradations } from "../../model/records.ts";
import { Box, type Laboratory, writeIn } from "../black_box/laboratory.ts";
import { must, mustBe, NotRun } from "../black_box/promises.ts";
import type { Rule } from "../black_box/rule.ts";
import { described, differing } from "./described_tree.ts";

/* What is kept of metadata, and left alone: rules 36, 38 and 41. */

/** The rules on metadata. */
export const METADATA_RULES: readonly Rule[] = [
  {
    number: 36,
    promise: "restore touches only what differs",
    means: "Restores rewrite files that are in use, or that other programs take for changed.",
    check: checkOnlyDiffering,
  },
  {
    number: 38,
    promise: "metadata kept as SPEC 4 lists it",
    means: "On this file system something of your files does not come back, and nothing says so.",
    check: checkRoundTrip,
  },
  {
    number: 41,
    promise: "an ordinary user's read-only folders",
    means: "Folders that you closed to writing cannot be saved or brought back.",
    needs: "ordinary user",
    check: checkReadOnly,
  },
];

/** How to change one entry, and the entries that a restore may touch for it. */
const CHANGES: readonly [script: string, touched: readonly string[]][] = [
  ["printf changed > folder/a.txt", ["folder", "folder/a.txt"]],
  ["rm folder/a.txt", ["folder", "folder/a.txt"]],
  ["printf new > folder/new", ["folder"]],
  ["rm -r folder/below", ["folder", "folder/below", "folder/below/b.txt"]],
  ["ln -sfn elsewhere folder/link", ["folder", "folder/link"]],
  ["chmod 700 folder/c.txt", ["folder/c.txt"]],
  ["chmod 700 folder/below", ["folder/below"]],
];

async function checkOnlyDiffering(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  await box.shell("mkdir -p folder/below; printf one > folder/a.txt; printf two > folder/below/b.txt");
  await box.shell("ln -s a.txt folder/link; printf three > folder/c.txt; echo other > other.txt");
  await box.save("whole");
  const { ino } = Deno.statSync(box.main);
  for (const [script, touched] of laboratory.isThorough ? CHANGES : CHANGES.slice(-3)) {
    const before = await touchedBy(box);
    await box.shell(script);
    await box.json(["restore", "HEAD", "--discard"]);
    const after = await touchedBy(box);
    const others = [...before].filter(([path]) => !touched.includes(path));
    for (const [path, was] of others) {
      mustBe(after.get(path), was, `Inode and ctime of ${path} after \`${script}\``);
    }
  }
  const before = [...await touchedBy(box)];
  await box.json(["restore", "HEAD"]);
  mustBe([...await touchedBy(box)], before, "Inodes and change times after a restore of what was there");
  mustBe(Deno.statSync(box.main).ino, ino, "The inode of the worktree, in which shells stand");
  await box.audit();
}

/** Inode and change time of all in a worktree, by path. Deno gives whole seconds, which do not show every change. */
async function touchedBy(box: Box): Promise<Map<string, string>> {
  const lines = (await box.shell("find . -mindepth 1 -printf '%P\\t%i %C@\\n' | sort")).trimEnd().split("\n");
  return new Map(lines.map((line) => line.split("\t") as [string, string]));
}

/** A tree with a little of each kind; attributes where the file system and the system's tools have them. */
const TREE =
  `mkdir -p folder/below 'odd names' empty closed; printf one > folder/a.txt; printf two > folder/below/b.txt
  printf x > 'odd names/"quotes"'; printf x > "$(printf 'odd names/no-utf8-\\377')" 2>/dev/null || true
  ln folder/a.txt folder/below/hard; ln -s a.txt folder/link; ln -s /nowhere dangling; mkfifo pipe
  printf x > script; chmod 4750 script; printf x > closed/in; chmod 400 closed/in
  dd if=/dev/zero of=sparse bs=1 count=1 seek=4000000 2>/dev/null
  setfattr -n user.color -v green folder/a.txt 2>/dev/null || true; setfacl -m u:12345:r folder/below/b.txt 2>/dev/null || true
  touch -d '2001-09-09T01:46:40.123456789Z' folder/a.txt folder/below/b.txt empty
  touch -h -d '2002-01-01T00:00:00.5Z' dangling; chmod 1755 empty; chmod 555 closed`;

async function checkRoundTrip(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  try {
    await box.shell(TREE);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new NotRun(`a tree with links, a FIFO and modes could not be made here: ${why}`);
  }
  const before = await described(box);
  const { snapshot_id: id, degradations } = await box.save("everything");
  const upheavals = [
    "chmod -R u+rwX .; rm -rf -- * .[!.]*",
    'chmod -R u+rwX .; for name in *; do rm -rf "$name"; mkdir "$name"; printf x > "$name/x"; done',
    "find . ! -type l -exec chmod 0755 {} +; find . -exec touch -h -d 2003-01-01T00:00:00Z {} +",
  ];
  for (const upheaval of laboratory.isThorough ? upheavals : upheavals.slice(0, 1)) {
    await box.shell(upheaval);
    must(differing(before, await described(box)).length > 5, `\`${upheaval}\` must change the tree`);
    const restored = await box.json<{ degradations: Degradations }>(["restore", id, "--discard"]);
    const lost = unsaid(differing(before, await described(box)), [degradations, restored.degradations]);
    mustBe(lost, [], `What did not come back, unsaid, after \`${upheaval}\` and a restore`);
  }
  const forked = await box.json<{ path: string; degradations: Degradations }>([
    "worktree",
    "fork",
    id,
    "other",
  ]);
  const lost = unsaid(differing(before, await described(box, forked.path)), [
    degradations,
    forked.degradations,
  ]);
  mustBe(lost, [], "What is missing in a fork, unsaid");
  await box.audit();
}

const CONTENT = ["content", "size", "target"];

/** The differences that JVS did not report as degraded. A report on the whole tree never covers its content. */
function unsaid(lines: readonly string[], reported: readonly Degradations[]): string[] {
  const paths = reported.flatMap(({ first }) => first.map(({ path }) => `./${path}`));
  return lines.filter((line) => {
    const [path = "", aspect = ""] = line.split("\t");
    return !paths.includes(path) && (CONTENT.includes(aspect) || !paths.includes("./"));
  });
}

async function checkReadOnly(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  writeIn(box.main, "read-only/below/deep/c", "3");
  await box.shell(
    `printf 1 > read-only/a; mkdir locked closed; printf 4 > closed/d; printf 7 > locked/g; printf 6 > f
    chmod 400 read-only/a f; chmod 500 read-only/below/deep read-only/below; chmod 555 read-only closed; chmod 500 locked`,
  );
  const before = await described(box);
  const { snapshot_id: id } = await box.save("read-only", {}, "--strict");
  const changes = [
    "chmod u+w read-only/a; printf x > read-only/a; chmod u-w read-only/a",
    "chmod -R u+w read-only; rm -r read-only",
    "mkdir -p new/below; printf x > new/below/x; chmod 500 new/below new",
    "chmod -R u+w closed; rm -r closed; printf x > closed; chmod 400 closed",
    "rm -f f; mkdir -p f/below; printf x > f/below/x; chmod 500 f/below f",
    "chmod -R u+rwX .; rm -rf *",
  ];
  for (const change of changes) {
    await box.shell(change);
    const changed = await described(box);
    const { autosave_snapshot_id: kept } = await box.json<{ autosave_snapshot_id: string | null }>([
      "restore",
      id,
      "--strict",
    ]);
    mustBe(differing(before, await described(box)), [], `What differs after \`${change}\` and a restore`);
    if (kept === null) continue;
    await box.json(["restore", kept, "--strict"]);
    mustBe(differing(changed, await described(box)), [], "What differs from the unsaved work");
    await box.json(["restore", id, "--strict"]);
  }
  await box.json(["worktree", "fork", id, "other"]);
  await box.json(["worktree", "remove", "other"]);
  await box.audit();
}
