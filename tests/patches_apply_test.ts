import { assertEquals } from "@std/assert";
import { diff } from "../src/operation/diff.ts";
import { renderDiff } from "../src/surface/cli/render/changes.ts";
import { createStyle } from "../src/surface/cli/render/style.ts";
import { randomFrom } from "./support/random.ts";
import { TestRepository } from "./support/repository.ts";
import { requires } from "./support/requires.ts";
import { mustRun, python, run } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";

type Random = () => number;

/** What `jvs diff --patch` prints from the last snapshot to the worktree. */
async function printed(repository: TestRepository): Promise<string> {
  const result = await repository.call(diff, { patch: true });
  const style = createStyle({ color: false, width: 100 });
  return renderDiff(result, { style, now: 0, input: { patch: true } }) as string;
}

/** One of these. */
function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

/** Few different lines, so that many match; line ends of Windows, long lines, and sometimes no end of the last one. */
function randomText(random: Random): string {
  if (random() < 0.1) return "";
  const end = pick(random, ["\n", "\n", "\r\n"]);
  const lines = Array.from(
    { length: Math.floor(random() * 40) },
    () =>
      random() < 0.02
        ? "long ".repeat(2000)
        : pick(random, ["", " ", "-", "+", "--- a/x", "@@ -1 +1 @@", "ä", "1", "2", "3"]),
  );
  const text = lines.map((line) => `${line}${end}`).join("");
  return random() < 0.3 ? text.slice(0, -end.length) : text;
}

/** A text with some lines more, fewer or other. */
function edited(random: Random, text: string): string {
  if (random() < 0.2) return randomText(random);
  const lines = text.split("\n");
  for (let edits = 1 + Math.floor(random() * 3); edits > 0; edits--) {
    const at = Math.floor(random() * (lines.length + 1));
    lines.splice(at, Math.floor(random() * 3), ...randomText(random).split("\n").slice(0, 2));
  }
  return lines.join("\n");
}

const NAMES = [
  "plain",
  "with space",
  "ends in space ",
  "größe",
  'q"uote',
  "back\\slash",
  "tab\tx",
  "%41",
  "a -> b",
  "\u202e",
];
/** GNU patch refuses a name with a newline; git does not. */
const NEWLINE = "new\nline";

/** Files by path. A path has one character for each byte. */
type Tree = Map<string, { text: string; isProgram: boolean }>;

function randomTree(random: Random, names: readonly string[]): Tree {
  const folders = ["", "folder/", "folder/deep er/", "ö/"];
  const tree: Tree = new Map();
  for (let files = 3 + Math.floor(random() * 8); files > 0; files--) {
    tree.set(pick(random, folders) + pick(random, names), {
      text: randomText(random),
      isProgram: random() < 0.2,
    });
  }
  return tree;
}

/** Edits, removes, adds and renames files. What is renamed has content of its own, or it would be a copy of another file. */
function changed(random: Random, before: Tree, names: readonly string[]): Tree {
  const after: Tree = new Map();
  for (const [path, file] of before) {
    const what = random();
    if (what < 0.2) continue;
    const isProgram = random() < 0.1 ? !file.isProgram : file.isProgram;
    if (what < 0.5) after.set(path, { text: edited(random, file.text), isProgram });
    else if (what < 0.7) after.set(`moved/${path}`, { text: file.text, isProgram });
    else if (what < 0.8) after.set(`moved too/${path}`, { text: edited(random, file.text), isProgram });
    else after.set(path, { ...file, isProgram });
  }
  for (const [path, file] of randomTree(random, names)) if (!after.has(path)) after.set(path, file);
  return after;
}

/** Writes a tree instead of what is in a folder. Python, because Deno writes no names that are not UTF-8. */
function writeTree(folder: string, tree: Tree): void {
  const files = [...tree].map(([path, { text, isProgram }]) => [path, text, isProgram ? 0o755 : 0o644]);
  const program = `
import json, os, shutil, sys
root, files = os.fsencode(sys.argv[1]), json.load(open(sys.argv[2], encoding="utf-8"))
for name in os.listdir(root):
    full = root + b"/" + name
    shutil.rmtree(full) if os.path.isdir(full) else os.remove(full)
for path, text, mode in files:
    full = root + b"/" + path.encode("utf-8", "surrogateescape")
    os.makedirs(os.path.dirname(full), exist_ok=True)
    open(full, "wb").write(text.encode())
    os.chmod(full, mode)
`;
  using scratch = tempDir();
  Deno.writeTextFileSync(`${scratch.path}/files`, JSON.stringify(files));
  mustRun(python(), "-c", program, folder, `${scratch.path}/files`);
}

/** All files of a folder: path, mode and content, in order. */
function readTree(folder: string): string {
  const program = `
import os, sys
root = os.fsencode(sys.argv[1])
found = [os.path.join(at, name) for at, _, names in os.walk(root) for name in names]
for full in sorted(found):
    print(full[len(root):], bool(os.stat(full).st_mode & 0o100), open(full, "rb").read())
`;
  return mustRun(python(), "-c", program, folder);
}

/** Saves one tree, changes it to another, and lets a program make the same change to a copy by the patch. */
async function applies(before: Tree, after: Tree, program: readonly [string, ...string[]]): Promise<void> {
  using repository = await TestRepository.make();
  using scratch = tempDir();
  writeTree(repository.main, before);
  await repository.save();
  mustRun("cp", "-a", repository.main, `${scratch.path}/copy`);
  writeTree(repository.main, after);
  const patch = await printed(repository);
  Deno.writeTextFileSync(`${scratch.path}/patch`, patch);
  const [first, ...args] = program;
  const { code, stdout, stderr } = run("env", "-C", `${scratch.path}/copy`, first, ...args, "../patch");
  assertEquals(code, 0, `${stdout}${stderr}\n${patch}`);
  assertEquals(readTree(`${scratch.path}/copy`), readTree(repository.main), patch);
}

const LONE_BYTE = "\udce4"; // of Python's surrogateescape: the byte 0xe4 alone, which is no UTF-8

Deno.test("jvs diff --patch is what git apply makes the new tree with", requires("git"), async () => {
  const names = [...NAMES, NEWLINE, `byte${LONE_BYTE}`];
  for (let seed = 1; seed <= 25; seed++) {
    const random = randomFrom(seed);
    const before = randomTree(random, names);
    await applies(before, changed(random, before, names), ["git", "apply", "--whitespace=nowarn"]);
  }
});

const gnuPatch = run("patch", "--version").stdout.startsWith("GNU patch 2.7");

Deno.test("jvs diff --patch is what patch(1) makes the new tree with", { ignore: !gnuPatch }, async () => {
  const names = [...NAMES, `byte${LONE_BYTE}`];
  for (let seed = 101; seed <= 125; seed++) {
    const random = randomFrom(seed);
    const before = randomTree(random, names);
    await applies(before, changed(random, before, names), ["patch", "-p1", "--binary", "-s", "-i"]);
  }
});
