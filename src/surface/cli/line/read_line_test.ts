import { assertEquals, assertStringIncludes } from "@std/assert";
import { madeUp } from "../../../../tests/support/made_up_cli.ts";
import { catalogOf } from "../../../operation/define.ts";
import { operations } from "../../../operation/registry.ts";
import { JvsError } from "../../../model/errors.ts";
import { readLine } from "./read_line.ts";

const read = async (line: string) => await readLine(line.split(" ").filter((word) => word !== ""), madeUp);

/** What a line calls, with what. */
async function called(line: string) {
  const { operation, places, given, problem } = await read(line);
  assertEquals(problem, undefined);
  return { name: operation?.name, places, given: Object.fromEntries(given) };
}

async function refusal(line: string): Promise<JvsError> {
  const { problem } = await read(line);
  if (problem instanceof JvsError) return problem;
  throw new Error(`"${line}" is understood`);
}

Deno.test("readLine() finds one word and two, among flags that may stand anywhere", async () => {
  assertEquals(await called("paint wall --dry"), { name: "paint", places: ["wall"], given: { dry: [true] } });
  assertEquals(await called("tree fork a b"), { name: "tree fork", places: ["a", "b"], given: {} });
  assertEquals(await called("-C paint --json tree --repo tree fork a"), {
    name: "tree fork",
    places: ["a"],
    given: { directory: ["paint"], json: [true], repo: ["tree"] },
  });
  assertEquals((await called("--repo=x paint wall")).given, { repo: ["x"] });
});

Deno.test("readLine() takes flags of a command before its name where it is clear what their value is", async () => {
  assertEquals((await called("--dry --label=a paint wall --label b")).given, {
    dry: [true],
    label: ["a", "b"],
  });
  assertStringIncludes((await refusal("--label a paint wall")).message, '"jvs a"');
  assertStringIncludes((await refusal("--bogus paint wall")).message, 'no flag "--bogus"');
});

Deno.test("readLine() takes a flag behind one word for that command, where it is one and begins others too", async () => {
  const catalog = catalogOf({
    "log": () => madeUp.load("paint"),
    "log check": () => madeUp.load("tree fork"),
  });
  const name = async (...words: string[]) => (await readLine(words, catalog)).operation?.name;
  assertEquals(await name("log", "--colour", "red"), "paint");
  assertEquals(await name("log", "check", "a", "b"), "tree fork");
  assertEquals(await name("log", "--json", "check", "a", "b"), "tree fork");
  const { given, problem } = await readLine(["log", "-c", "red", "wall"], catalog);
  assertEquals([given.get("colour"), problem], [["red"], undefined]);
});

Deno.test("readLine() takes words after -- for arguments", async () => {
  assertEquals((await called("paint -- fork --dry")).places, ["fork", "--dry"]);
  assertEquals(await called("-- paint"), { name: "help", places: ["paint"], given: {} });
  assertEquals((await called("")).name, "help");
});

Deno.test("readLine() loads a command once", async () => {
  let loads = 0;
  const counting = { ...madeUp, load: (name: string) => (loads++, madeUp.load(name)) };
  await readLine(["--json", "tree", "fork", "a", "b"], counting);
  assertEquals(loads, 1);
});

Deno.test("readLine() knows which flag the end of the line belongs to", async () => {
  const open = async (line: string) => (await read(line)).open?.name;
  assertEquals(await open("paint --colour"), "colour");
  assertEquals(await open("paint --colour red"), undefined);
  assertEquals(await open("paint --paths a"), "paths");
  assertEquals(await open("paint --paths a --dry"), undefined);
  assertEquals(await open("--repo"), "repo");
});

Deno.test("readLine() says what was probably meant", async () => {
  assertStringIncludes((await refusal("pant wall")).hint, "Did you mean `jvs paint`?");
  assertStringIncludes((await refusal("pai")).hint, "Did you mean `jvs paint`?");
  assertStringIncludes((await refusal("tree frok x")).hint, "Did you mean `jvs tree fork`?");
  assertStringIncludes((await refusal("tree")).message, "it needs one more word");
  assertStringIncludes((await refusal("tree")).hint, "Use one of these: tree fork, tree list");
  assertEquals((await refusal("entirely-different")).hint, "See `jvs help` for all commands.");
  assertEquals((await refusal("toString")).code, "E_USAGE");
  assertStringIncludes((await refusal("--repo")).message, "Cannot run `jvs`: --repo needs a value");
});

Deno.test("readLine() knows what other programs call a command, and a note", async () => {
  const hint = async (line: string) => {
    const { problem } = await readLine(line.split(" "), operations);
    return problem instanceof JvsError ? problem.hint : "";
  };
  const names = {
    ...{ commit: "snapshot", save: "snapshot", log: "history", checkout: "restore", undo: "restore" },
    ...{ branch: "worktree fork", clone: "worktree fork", tag: "ref create", fsck: "doctor" },
  };
  for (const [word, command] of Object.entries(names)) {
    assertStringIncludes(await hint(`${word} -m x`), `Did you mean \`jvs ${command}\`?`);
  }
  assertStringIncludes(await hint("snapshot -m note"), "Did you mean `jvs snapshot NOTE`?");
  assertStringIncludes(await hint("snapshot --message note"), "Did you mean `jvs snapshot NOTE`?");
  assertEquals(await hint("history -m note"), "See `jvs help history`.");
  assertEquals((await refusal("commit")).hint, "See `jvs help` for all commands.", "only what there is");
});

Deno.test("readLine() takes a word behind a flag for no part of a command's name, if there is none of that name", async () => {
  const error = await refusal("tree --colour red");
  assertStringIncludes(error.message, '"jvs tree": it needs one more word');
  assertStringIncludes(error.hint, "Use one of these: tree fork, tree list");
  assertEquals((await called("tree --json fork a b")).name, "tree fork");
});
