import { assert, assertEquals } from "@std/assert";
import { cpuTimeOf } from "../../tests/support/cpu_time.ts";
import { randomFrom } from "../../tests/support/random.ts";
import { requires } from "../../tests/support/requires.ts";
import { run } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { bytesOf } from "./bytes.ts";
import { diffLines as diffNumbers } from "./line_diff.ts";
import { Lines, numberLines } from "./lines.ts";
import { NO_FILE, patchName, unifiedDiff as diffBytes } from "./unified_diff.ts";

/** The same for texts. */
function unifiedDiff(before: string, after: string, more: Parameters<typeof diffBytes>[2]): string {
  return diffBytes(bytesOf(before), bytesOf(after), more);
}

/** The same for lines without their newlines. */
function diffLines(a: readonly string[], b: readonly string[], mostSteps?: number) {
  const lines = (texts: readonly string[]) =>
    new Lines(bytesOf(texts.map((text) => `${JSON.stringify(text)}\n`).join("")));
  return diffNumbers(...numberLines(lines(a), lines(b)), mostSteps);
}

const names = { oldName: "a/x", newName: "b/x" };

Deno.test("unifiedDiff() gives nothing for equal texts", () => {
  assertEquals(unifiedDiff("", "", names), "");
  assertEquals(unifiedDiff("one\ntwo", "one\ntwo", names), "");
});

Deno.test("unifiedDiff() shows three lines around a change and parts what is far apart", () => {
  const lines = Array.from({ length: 20 }, (_, i) => `${i + 1}\n`);
  const changed = lines.with(4, "five\n").toSpliced(14, 1);
  assertEquals(
    unifiedDiff(lines.join(""), changed.join(""), names),
    `--- a/x
+++ b/x
@@ -2,7 +2,7 @@
 2
 3
 4
-5
+five
 6
 7
 8
@@ -12,7 +12,6 @@
 12
 13
 14
-15
 16
 17
 18
`,
  );
});

Deno.test("unifiedDiff() says where the last line has no end", () => {
  assertEquals(
    unifiedDiff("one\ntwo", "one\ntwo\n", names),
    "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n one\n-two\n\\ No newline at end of file\n+two\n",
  );
});

Deno.test("unifiedDiff() shows a new file as made from nothing", () => {
  assertEquals(
    unifiedDiff("", "one\n", { oldName: NO_FILE, newName: "b/with space" }),
    "--- /dev/null\n+++ b/with space\t\n@@ -0,0 +1 @@\n+one\n",
  );
});

Deno.test("patchName() quotes odd names as git does, and keeps other writing", () => {
  assertEquals(patchName("a/", bytesOf("größe/x y")), "a/größe/x y");
  assertEquals(patchName("b/", bytesOf('a"b\\c\n\x1b')), '"b/a\\"b\\\\c\\n\\033"');
  assertEquals(patchName("a/", Uint8Array.of(0x66, 0xff)), '"a/f\\377"');
  assertEquals(patchName("a/", bytesOf("at the end ")), '"a/at the end "');
  assertEquals(patchName("a/", bytesOf("\u202ex")), '"a/\\342\\200\\256x"');
});

/** A text of few different lines, so that many match, now and then without an end. */
function randomText(random: () => number): string {
  const lines = Array.from({ length: Math.floor(random() * 30) }, () => `${Math.floor(random() * 8)}\n`);
  const text = lines.join("");
  return random() < 0.3 ? text.slice(0, -1) : text;
}

const ODD_NAMES = ["x", "with space", 'q"uote\\', "new\nline", "größe", "deep/er/x", "\x1b[31m"];

Deno.test("unifiedDiff() is what git makes the new text with", requires("git"), () => {
  using folder = tempDir();
  const random = randomFrom(7);
  Deno.mkdirSync(`${folder.path}/deep/er`, { recursive: true });
  for (let round = 0; round < 60; round++) {
    const [before, after] = [randomText(random), randomText(random)];
    const name = ODD_NAMES[round % ODD_NAMES.length] ?? "x";
    const path = `${folder.path}/${name}`;
    const patch = unifiedDiff(before, after, {
      oldName: before === "" ? NO_FILE : patchName("a/", bytesOf(name)),
      newName: after === "" ? NO_FILE : patchName("b/", bytesOf(name)),
    });
    assertEquals(patch === "", before === after);
    if (patch === "") continue;
    if (before !== "") Deno.writeTextFileSync(path, before);
    Deno.writeTextFileSync(`${folder.path}/patch`, patch);
    const { code, stderr } = run("git", "-C", folder.path, "apply", "--whitespace=nowarn", "patch");
    assertEquals(code, 0, `${stderr}\n${patch}`);
    if (after === "") continue;
    assertEquals(Deno.readTextFileSync(path), after, patch);
    Deno.removeSync(path);
  }
});

/** The number of lines that two texts have in common in one order, slowly and surely. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const line of a) {
    const next = [0];
    b.forEach((other, j) =>
      next.push(line === other ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0))
    );
    row = next;
  }
  return row[b.length] ?? 0;
}

function linesGone(changes: ReturnType<typeof diffLines>): number {
  return changes.reduce((sum, { oldStart, oldEnd }) => sum + oldEnd - oldStart, 0);
}

Deno.test("diffLines() changes as few lines as there can be", () => {
  const random = randomFrom(11);
  for (let round = 0; round < 500; round++) {
    const [a, b] = [[...randomText(random)], [...randomText(random)]];
    assertEquals(linesGone(diffLines(a, b)), a.length - longestCommon(a, b), `${a} | ${b}`);
  }
});

/** The new lines, made from the old ones and the changes. */
function applied(
  a: readonly string[],
  b: readonly string[],
  changes: ReturnType<typeof diffLines>,
): string[] {
  let end = 0;
  const made = changes.flatMap(({ oldStart, oldEnd, newStart, newEnd }) => {
    const kept = a.slice(end, oldStart);
    end = oldEnd;
    return [...kept, ...b.slice(newStart, newEnd)];
  });
  return [...made, ...a.slice(end)];
}

Deno.test("diffLines() replaces the rest whole when it may search no longer", () => {
  const random = randomFrom(13);
  for (const steps of [0, 10, 100]) {
    const [a, b] = [[..."<", ...randomText(random), ">"], [..."<", ...randomText(random), ">"]];
    assertEquals(applied(a, b, diffLines(a, b, steps)), b);
  }
  const [change, ...more] = diffLines([..."<1234>"], [..."<4321>"], 0);
  assertEquals([change, more], [{ oldStart: 1, oldEnd: 5, newStart: 1, newEnd: 5 }, []]);
});

Deno.test("diffLines() ends soon on the worst of texts", async () => {
  const random = randomFrom(17);
  const shuffled = () => Array.from({ length: 200_000 }, () => `${Math.floor(random() * 50_000)}`);
  const [a, b] = [shuffled(), shuffled()];
  const took = await cpuTimeOf(() => assertEquals(applied(a, b, diffLines(a, b)), b));
  assert(took < 30_000, `${took} ms: without a bound it takes minutes`);
});

Deno.test("diffLines() finds a few changes in a long text where many other lines are new", () => {
  const a = Array.from({ length: 60_000 }, (_, i) => `${i}`);
  const b = a.map((line, i) => i % 3 === 0 ? `new ${line}` : line);
  assertEquals(diffLines(a, b).length, 20_000);
});
