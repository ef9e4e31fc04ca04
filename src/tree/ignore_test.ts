import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { cpuTimeOf } from "../../tests/support/cpu_time.ts";
import { bytesOfLatin, randomNumbers } from "../../tests/support/random_tables.ts";
import { requires } from "../../tests/support/requires.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { bytesOf, hexOf, textOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { encodePath } from "../model/path_text.ts";
import { MOST_RULES, parseIgnoreRules } from "./ignore.ts";

const DOT = 0x2e;
const SLASH = 0x2f;

/** git itself, asked in an empty repository which paths it would ignore. */
class Git implements Disposable {
  private readonly folder = tempDir();

  static async start(folders: readonly string[]): Promise<Git> {
    const git = new Git();
    await git.run(["init", "-q"]);
    for (const folder of folders) Deno.mkdirSync(`${git.folder.path}/${folder}`, { recursive: true });
    return git;
  }

  /** Hex of those paths that these rules ignore; what is not there as a folder is taken for a file. */
  async ignored(rules: Uint8Array, paths: readonly Uint8Array[]): Promise<Set<string>> {
    Deno.writeFileSync(`${this.folder.path}/.gitignore`, rules);
    // Behind `./` a colon at the beginning means nothing special.
    const input = Uint8Array.from(paths.flatMap((path) => [DOT, SLASH, ...path, 0]));
    const output = await this.run(["check-ignore", "-z", "--stdin"], input);
    const found = new Set<string>();
    for (let start = 0, end; (end = output.indexOf(0, start)) !== -1; start = end + 1) {
      found.add(hexOf(output.subarray(start + 2, end)));
    }
    return found;
  }

  private async run(args: string[], input = new Uint8Array()): Promise<Uint8Array> {
    const process = new Deno.Command("git", {
      args: ["-c", "core.excludesFile=", ...args],
      cwd: this.folder.path,
      env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = process.stdin.getWriter();
    const written = writer.write(input).then(() => writer.close());
    const { code, stdout, stderr } = await process.output();
    await written;
    if (code > 1) throw new Error(`git ${args.join(" ")}: ${textOf(stderr)}`);
    return stdout;
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

/** Rules, and paths that they ignore and do not ignore; a path that ends with a slash is a folder. */
const CASES: [rules: string, ignored: string[], kept: string[]][] = [
  ["", [], ["a", "a/", "a/b"]],
  ["# a\n\\#b\n#", ["#b", "x/#b"], ["a", "# a", "\\#b", "#"]],
  ["\\!a\n", ["!a"], ["a", "\\!a"]],
  ["a", ["a", "a/", "a/b", "x/a", "x/a/y"], ["ab", "ba", "A", "b/ab"]],
  ["a \nb\\ \nc\\  \nd\t", ["a", "b ", "c ", "d\t"], ["a ", "b", "c", "d", "c  "]],
  ["a\r\nb\r", ["a", "b"], ["a\r", "b\r"]],
  ["\xef\xbb\xbfa", ["a"], ["\xef\xbb\xbfa"]],
  ["/a", ["a", "a/b"], ["x/a"]],
  ["a/", ["a/", "a/b", "x/a/"], ["a", "x/a"]],
  ["/a/b", ["a/b"], ["b", "x/a/b", "a/bc"]],
  ["a/b", ["a/b", "a/b/c"], ["x/a/b", "a/c"]],
  ["*.o", ["a.o", ".o", "x/y.o"], ["a.oo", "a.o.c"]],
  ["*.o\n!keep.o", ["a.o"], ["keep.o", "x/keep.o"]],
  ["!keep.o\n*.o", ["keep.o"], ["keep"]],
  ["a\n!a/b", ["a/", "a/b"], ["b"]],
  ["a/*\n!a/b", ["a/c", "a/d/e"], ["a/", "a/b", "a/b/c"]],
  ["/*\n!/a\n/a/*\n!/a/b", ["x", "x/a/b", "a/c"], ["a/", "a/b", "a/b/c"]],
  ["a?c", ["abc", "x/a-c"], ["ac", "abbc"]],
  ["a/?/c", ["a/b/c"], ["a//c", "a/bb/c"]],
  ["a*c/d", ["ac/d", "abbc/d"], ["ab/c/d", "a/c/d"]],
  ["[a-c]x", ["ax", "cx"], ["dx", "-x", "x"]],
  ["[!a-c]x", ["dx", "!x"], ["ax", "x"]],
  ["[^a-c]x", ["dx", "^x"], ["ax"]],
  ["[]a]x\n[!]b]y", ["]x", "ax", "ay"], ["bx", "]y", "by"]],
  ["[a-]x\n[-a]y\n[a\\-c]z", ["ax", "-x", "-y", "ay", "-z", "cz"], ["bx", "bz"]],
  ["[a-c-e]x", ["ax", "bx", "-x", "ex"], ["dx"]],
  ["[c-a]x\n[\\]]y\n[a-\\c]z", ["]y", "bz"], ["bx", "ax", "\\y"]],
  ["[[:digit:]_]x", ["1x", "_x"], ["ax", ":x", "[x"]],
  ["[[:nope:]]x\n[[:digit]y\n[:digit:]z", [":y", "dy", "dz", ":z"], ["1x", "1y", "1z"]],
  ["[a", [], ["[a", "a"]],
  ["a\\", [], ["a", "a\\"]],
  ["a\\b\\*", ["ab*"], ["abc", "a\\b*"]],
  ["x[a/b]y", ["xay", "xby"], ["xa/by", "z/xay"]],
  ["**/a", ["a", "x/a", "x/y/a/z"], ["ba", "x/ba"]],
  ["**/a/b", ["a/b", "x/a/b", "x/y/a/b"], ["a/x/b"]],
  ["a/**", ["a/b", "a/b/c"], ["a/", "a", "x/a/b"]],
  ["a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb", "x/a/b"]],
  ["a/**/**/b", ["a/b", "a/x/y/b"], ["ab"]],
  ["a/**x/b", ["a/x/b", "a/yx/b"], ["a/y/x/b", "a/b"]],
  ["**", ["a", "a/b"], []],
  ["**/\n!**/b/", ["a/", "a/b", "c/d"], ["a", "b/", "b/c"]],
  ["*\n!*/\n!*.c", ["a", "a/b"], ["a/", "a.c", "a/b.c"]],
  ["a**/b", ["ab", "ax/b", "ax/y/b"], ["b", "x/ab", "a"]],
  ["**x", ["x", "ax", "a/bx"], ["xa"]],
  ["/\n!\n//\n/ \n", [], ["a", "a/"]],
  ["\xff*", ["\xff", "\xff\xfe", "d/\xff"], ["\xfe"]],
  ["[\x80-\xff]", ["\x80", "\xff"], ["\x7f", "\xc3\xa4"]],
  ["?", ["\xff", "a"], ["\xc3\xa4"]],
  ["*.o\n!a.o\n*.o\r\n", ["a.o", "b.o"], ["a"]],
  ["!a.o\n*.o\n!a.o\n\n#\n", ["b.o"], ["a.o"]],
];

const isFolder = (path: string) => path.endsWith("/");
const bare = (path: string) => bytesOfLatin(isFolder(path) ? path.slice(0, -1) : path);

Deno.test("ignores() follows gitignore's rules", () => {
  for (const [text, ignored, kept] of CASES) {
    const rules = parseIgnoreRules(bytesOfLatin(text));
    const answers = [...ignored, ...kept].map((path) => [path, rules.ignores(bare(path), isFolder(path))]);
    const expected = [...ignored.map((path) => [path, true]), ...kept.map((path) => [path, false])];
    assertEquals(answers, expected, `rules ${JSON.stringify(text)}`);
  }
});

Deno.test({
  name: "ignores() says in each case of the table what git says",
  ...requires("git"),
  async fn() {
    for (const [text, ignored, kept] of CASES) {
      const all = [...ignored, ...kept].filter((path) => !path.includes("//"));
      for (const kind of [isFolder, (path: string) => !isFolder(path)]) { // one name can be both in the table
        const paths = all.filter(kind);
        using git = await Git.start(paths.filter(isFolder));
        const found = await git.ignored(bytesOfLatin(text), paths.map(bare));
        const answers = paths.map((path) => [path, found.has(hexOf(bare(path)))]);
        assertEquals(answers, paths.map((path) => [path, ignored.includes(path)]), JSON.stringify(text));
      }
    }
  },
});

const NAMES = ["a", "b", "ab", "a.c", "[a]", "*", "x y ", "!b", "#c", "-", "\\", "\xff", "aab", "]"];
const PIECES = [
  ...["a", "b", "ab", ".", "c", "-", " ", "\\ ", "]", "!", "#", "\xff", "x y"],
  ...["*", "*", "?", "**", "***", "/", "/", "**/", "/**", "/**/", "/*"],
  ...["[ab]", "[!a]", "[^b-z]", "[[:alpha:]]", "[]a]", "[a-", "[", "[[:x:]]", "[a/b]", "[\\]]"],
  ...["\\*", "\\a", "\\", "\\/", "\\["],
];

Deno.test({
  name: "ignores() says of random rules and paths what git says",
  ...requires("git"),
  async fn() {
    const random = randomNumbers(7);
    const pick = <T>(from: readonly T[]) => from[random(from.length)] as T;
    const some = (most: number) => Array.from({ length: 1 + random(most) });
    const paths = [...new Set(Array.from({ length: 250 }, () => some(4).map(() => pick(NAMES)).join("/")))];
    const folders = new Set(paths.flatMap((path) => {
      const parts = path.split("/");
      const above = parts.slice(1).map((_, i) => parts.slice(0, i + 1).join("/"));
      return random(4) === 0 && !path.includes("\xff") ? [...above, path] : above;
    }));
    using git = await Git.start([...folders].filter((path) => !path.includes("\xff")));
    const asked = paths.filter((path) => !(folders.has(path) && path.includes("\xff")));
    for (let round = 0; round < 250; round++) {
      const text = some(4).map(() => some(6).map(() => pick(PIECES)).join("")).join("\n");
      const rules = parseIgnoreRules(bytesOfLatin(text));
      const expected = await git.ignored(bytesOfLatin(text), asked.map(bytesOfLatin));
      const wrong = asked.filter((path) =>
        rules.ignores(bytesOfLatin(path), folders.has(path)) !== expected.has(hexOf(bytesOfLatin(path)))
      );
      assertEquals(wrong.map((path) => encodePath(bytesOfLatin(path))), [], `rules ${JSON.stringify(text)}`);
    }
  },
});

Deno.test({
  name: "ignores() has git's POSIX classes",
  ...requires("git"),
  async fn() {
    using git = await Git.start([]);
    const bytes = Array.from({ length: 255 }, (_, i) => i + 1).filter((byte) =>
      byte !== 0x2f && byte !== 0x2e
    );
    const paths = bytes.map((byte) => Uint8Array.of(byte));
    const names = "alnum alpha blank cntrl digit graph lower print punct space upper xdigit word".split(" ");
    for (const name of names) {
      const text = bytesOf(`[[:${name}:]]\n`);
      const found = await git.ignored(text, paths);
      const rules = parseIgnoreRules(text);
      const ignored = paths.filter((path) => rules.ignores(path, false)).map(hexOf);
      assertEquals(ignored, paths.map(hexOf).filter((path) => found.has(path)), name);
    }
  },
});

Deno.test("ignores() answers the same in any order of paths", () => {
  const rules = parseIgnoreRules("/a/b/\n*.o\n");
  const paths = ["a/c/x", "a/b/x", "a/bc/x", "ab/x.o", "a/b", "x", "a/c/d/e.o", "a/b/c/d", "a/c/d/f", ".o/x"];
  const ignored = new Set(["a/b/x", "ab/x.o", "a/c/d/e.o", "a/b/c/d", ".o/x"]);
  for (const first of paths) {
    for (const second of paths) {
      for (const path of [first, second]) {
        assertEquals(rules.ignores(bytesOf(path), false), ignored.has(path), `${first}, ${second}`);
      }
    }
  }
});

Deno.test("ignores() understands patterns of more than 32 steps", () => {
  for (const length of [28, 29, 30, 31, 32, 33, 60, 61, 62, 63, 64, 65, 200]) {
    const rules = parseIgnoreRules(`?${"x".repeat(length)}*/**/${"[yz]".repeat(length)}`);
    const [x, y] = ["x".repeat(length), "y".repeat(length)];
    for (const path of [`x${x}/${y}`, `a${x}xyz/b/c/d/${y}`]) {
      assert(rules.ignores(bytesOf(path), false), path);
    }
    for (const path of [`${x}/${y}`, `x${x}/y${y}`, `x${x}${y}`, `b/x${x}/${y}`]) {
      assert(!rules.ignores(bytesOf(path), false), path);
    }
  }
});

Deno.test("ignores() takes no longer for patterns that make others try everything", async () => {
  const rules = parseIgnoreRules(`${"**/a*/".repeat(40)}c*b\n${"*a".repeat(100)}cb`);
  const path = bytesOf(`${"a/".repeat(2000)}${"a".repeat(250)}b`);
  // 2,001 parts of a path of 4,250 bytes; what goes back and tries again needs years.
  const took = await cpuTimeOf(() => assert(!rules.ignores(path, false)));
  assert(took < 10_000, `${took} ms`);
});

const megabytes = (line: string) => line.repeat(Math.ceil(2 ** 20 / line.length));

Deno.test("parseIgnoreRules() keeps one of many equal lines: the last", () => {
  for (const line of ["!/z\n", "*a\n", "x\r\n", "[b]*c\n"]) {
    const rules = parseIgnoreRules(`${megabytes(line)}*y\n${line}!*y`); // one line alone is below the limit
    assertEquals(rules.ignores(bytesOf("dir/xy"), false), false, line);
    assertEquals(rules.ignores(bytesOf("ba"), false), line.startsWith("*a"), line);
  }
});

Deno.test("parseIgnoreRules() refuses more different rules than each path could be compared with", () => {
  const lines = (count: number) => Array.from({ length: count }, (_, i) => `*a${i}\n# ${i}\n`).join("");
  assert(parseIgnoreRules(lines(MOST_RULES)).ignores(bytesOf("xa7"), false));
  const place = { name: "of it", wayOut: "Leave it." };
  const error = assertThrows(() => parseIgnoreRules(lines(MOST_RULES + 1), place), JvsError);
  assertEquals([error.code, error.hint], ["E_USAGE", "Leave it."]);
  assertStringIncludes(error.message, "Cannot use the ignore rules of it: they are more than 20,000");
});

Deno.test("ignores() makes no tables for a pattern that is longer than all paths", () => {
  const path = bytesOf("x".repeat(40));
  for (const piece of ["?", "[ab]", "*a", "**/a/"]) {
    // Its tables have 32 bytes for each byte of the rule, and each byte of a path goes over them.
    const rules = parseIgnoreRules(`${megabytes(piece)}[x]`);
    const before = Deno.memoryUsage();
    assert(!rules.ignores(path, false));
    const made = Deno.memoryUsage().external - before.external;
    assert(made < 1e6, `${piece}: ${made} bytes`);
  }
});
