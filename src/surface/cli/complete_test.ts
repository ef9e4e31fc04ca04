import { assertEquals, assertStringIncludes } from "@std/assert";
import { FakeIo, madeUp } from "../../../tests/support/made_up_cli.ts";
import { requires } from "../../../tests/support/requires.ts";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { operations } from "../../operation/registry.ts";
import { answerLine, complete } from "./complete.ts";
import { runCli } from "./main.ts";

const words = async (...line: string[]) =>
  (await complete(line, madeUp, new FakeIo())).split("\n").filter((each) => each !== "")
    .map((each) => each.split("\t")[0]);

Deno.test("complete() offers commands, first words first", async () => {
  assertEquals(await words(""), ["paint", "tree", "help"]);
  assertEquals(await words("p"), ["paint"]);
  assertEquals(await words("tree", ""), ["fork", "list"]);
  assertEquals(await words("-C", "/tmp", "--json", "tree", "f"), ["fork"]);
  assertEquals(await words("help", ""), ["paint", "tree", "help"]);
  assertEquals(await words("help", "tree", ""), ["fork", "list"]);
  assertEquals(await words("nonsense", ""), []);
});

Deno.test("complete() offers no word that a shell would not take for one, and shows meanings on one line", () => {
  for (const word of ["v1;touch${IFS}x;", "$(touch x)", "a b", "nl\n:files", "\u001b]0;x", "\u202Ex", ""]) {
    assertEquals(answerLine([word], ""), "", word);
  }
  assertEquals(answerLine(["übung-1.2_a", "one\n:files\u001b[2J"], "--from=").split("\n").length, 2);
  assertEquals(answerLine(["--no-color", "plain"], ""), "--no-color\tplain\n");
});

Deno.test("complete() offers the flags of the command and of all commands", async () => {
  assertEquals(await words("paint", "--co"), ["--colour", "--coats"]);
  assertEquals(await words("paint", "--no-"), ["--no-verify", "--no-color", "--no-progress"]);
  assertEquals(await words("paint", "--ol"), [], "hidden ones are not offered");
  assertEquals(await words("--js"), ["--json"]);
});

Deno.test("complete() offers the values of a flag, however a shell splits it", async () => {
  assertEquals(await words("paint", "--colour", ""), ["red", "green"]);
  assertEquals(await words("paint", "-c", "g"), ["green"]);
  assertEquals(await words("paint", "--colour", "=", "r"), ["red"]);
  assertEquals(await words("paint", "--colour", "="), ["red", "green"]);
  assertEquals(await words("paint", "--colour=r"), ["--colour=red"]);
  assertEquals(await words("paint", "wall", "--progress", ""), ["auto", "json"]);
  assertEquals(await words("paint", "wall", "--paths", ""), [":files"]);
  assertEquals(await words("-C", ""), [":files"]);
});

Deno.test("complete() offers nothing where nothing is known, and never fails", async () => {
  assertEquals(await words("paint", "--reason", ""), []);
  assertEquals(await words("tree", "fork", "a", "b", "c"), []);
  const broken = { ...madeUp, load: () => Promise.reject(new Error("broken")) };
  assertEquals(await complete(["paint", "--"], broken, new FakeIo()), "");
});

Deno.test("complete() offers what the repository has", async () => {
  using dir = tempDir();
  const io = new FakeIo({ JVS_ACTOR: "me" });
  const inMain = ["-C", `${dir.path}/project/main`];
  assertEquals(await runCli(["init", "project", "-C", dir.path], io), 0);
  assertEquals(await runCli(["snapshot", "first try", "--tag", "v1", ...inMain], io), 0, io.stderr);
  assertEquals(await runCli(["ref", "create", "best", ...inMain], io), 0, io.stderr);
  const offer = async (...line: string[]) =>
    (await complete([...inMain, ...line], operations, io)).split("\n").filter((each) => each !== "");
  const snapshots = await offer("restore", "");
  assertEquals(snapshots.map((each) => each.split("\t")[0]?.replace(/^[0-9a-f]{8}$/, "ID")), [
    "HEAD",
    "LATEST",
    "best",
    "ID",
    "v1",
  ]);
  assertStringIncludes(snapshots.join("\n"), "\tfirst try");
  assertEquals(await offer("ref", "delete", "b"), ["best\t"]);
  assertEquals(await offer("worktree", "path", ""), ["main\tmain"]);
  assertStringIncludes((await offer("config", "get", "lock")).join(), "lock_timeout\tHow long");
  assertEquals(await complete(["-C", dir.path, "restore", ""], operations, io), "", "there is no repository");
});

const cli = new URL("../../../cli.ts", import.meta.url).pathname;

/** What a shell would offer after these words, by the real script and the real program. */
async function offered(shell: "bash" | "zsh", script: string, ...line: string[]): Promise<string[]> {
  using folder = tempDir();
  Deno.writeTextFileSync(`${folder.path}/a file`, "");
  const jvs = `jvs() { "${Deno.execPath()}" run -q --no-prompt -P=jvs "${cli}" "$@"; }`;
  const { stdout, stderr } = await new Deno.Command(shell, {
    args: [
      shell === "zsh" ? "-fc" : "-c",
      `${jvs}\ncompdef() { :; }\neval "$(jvs completion ${shell})"\n${script}`,
      shell,
      ...line,
    ],
    cwd: folder.path,
  }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).split("\n").filter((each) => each !== "");
}

const BASH = `COMP_WORDS=(jvs "$@"); COMP_CWORD=$#; _jvs; printf '%s\\n' "\${COMPREPLY[@]}"`;

Deno.test("completion works in bash", async () => {
  assertEquals(await offered("bash", BASH, "sn"), ["snapshot"]);
  assertEquals(await offered("bash", BASH, "snapshot", "--consistency", "=", "best"), ["best_effort"]);
  assertEquals(await offered("bash", BASH, "-C", ""), ["a file"]);
  assertEquals(await offered("bash", "complete -p jvs"), ["complete -F _jvs jvs"]);
});

Deno.test("completion works in zsh", { ...requires("zsh") }, async () => {
  const script =
    `compdef() { :; }; _describe() { printf '%s\\n' "\${candidates[@]}"; }; _files() { echo FILES; }
words=(jvs "$@"); CURRENT=$(( $# + 1 )); _jvs`;
  assertStringIncludes((await offered("zsh", script, "sn")).join(), "snapshot:");
  assertStringIncludes(
    (await offered("zsh", script, "snapshot", "--consistency=best")).join(),
    "--consistency=best_effort:",
  );
  assertEquals(await offered("zsh", script, "-C", ""), ["FILES"]);
});
