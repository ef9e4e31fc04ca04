import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { madeUp } from "../../../../tests/support/made_up_cli.ts";
import { JvsError } from "../../../model/errors.ts";
import { type Command, commandOf, outputOf } from "./command.ts";
import { readLine } from "./read_line.ts";

async function parse(command: string, ...args: string[]): Promise<Command> {
  return await commandOf(await readLine([...command.split(" "), ...args], madeUp), madeUp);
}

const DEFAULTS: Record<string, unknown> = { colour: "green", coats: 1, labels: [], dry: false };

/** What a line says to `paint`, without what it would say by default. */
async function input(...args: string[]): Promise<Record<string, unknown>> {
  const { input } = await parse("paint", ...args);
  return Object.fromEntries(
    Object.entries(input).filter(([field, value]) =>
      JSON.stringify(value) !== JSON.stringify(DEFAULTS[field])
    ),
  );
}

async function refusal(command: string, ...args: string[]): Promise<JvsError> {
  const error = await assertRejects(() => parse(command, ...args), JvsError);
  assertEquals(error.code, "E_USAGE");
  return error;
}

Deno.test("commandOf() takes flags in every spelling", async () => {
  const expected = { what: "wall", colour: "red", coats: 2 };
  assertEquals(await input("wall", "--colour", "red", "--coats", "2"), expected);
  assertEquals(await input("--coats=2", "--colour=red", "wall"), expected);
  assertEquals(await input("-c", "red", "wall", "--coats=2"), expected);
  assertEquals(await input("-c=red", "--coats=2", "--", "wall"), expected);
  assertEquals(await input("--what", "wall", "-c", "red", "--coats", "2"), expected);
});

Deno.test("commandOf() gives the defaults of what was not given", async () => {
  assertEquals((await parse("paint", "wall")).input, { what: "wall", ...DEFAULTS });
});

Deno.test("commandOf() gathers what may be repeated and refuses what may not", async () => {
  assertEquals((await input("wall", "--label", "a", "--label=b")).labels, ["a", "b"]);
  assertStringIncludes(
    (await refusal("paint", "wall", "-c", "red", "--colour=green")).message,
    "--colour is given 2 times",
  );
});

Deno.test("commandOf() takes all up to the next flag where a flag wants many", async () => {
  assertEquals(await input("wall", "--paths", "a", "b c", "--dry"), {
    what: "wall",
    paths: ["a", "b c"],
    dry: true,
  });
  assertEquals((await input("--paths=a", "wall", "--paths=b")).paths, ["a", "b"]);
});

Deno.test("commandOf() takes letters in one, and a value that is joined to its letter", async () => {
  const { globals } = await parse("paint", "wall", "-qC/tmp");
  assertEquals([globals.quiet, globals.directory], [true, "/tmp"]);
  assertEquals((await parse("paint", "wall", "-qC", "/a=b")).globals.directory, "/a=b");
  assertEquals((await parse("paint", "wall", "-C/a=b")).globals.directory, "/a=b");
  assertStringIncludes((await refusal("paint", "wall", "-qx")).message, '"-x"');
});

Deno.test("commandOf() lets a flag stand without a value where that means something", async () => {
  assertEquals((await input("wall", "--name")).name, "");
  assertEquals(await input("wall", "--name", "--dry"), { what: "wall", name: "", dry: true });
  assertEquals((await input("wall", "--name", "x")).name, "x");
});

Deno.test("commandOf() keeps values that are empty, begin with a dash or look like something else", async () => {
  assertEquals(await input("wall", "--reason", "", "--coats", "3"), { what: "wall", reason: "", coats: 3 });
  assertEquals((await input("wall", "--reason", "-1 degree")).reason, "-1 degree");
  assertEquals((await input("wall", "--reason=--dry")).reason, "--dry");
  assertEquals((await input("wall", "--reason", "a=b\nc")).reason, "a=b\nc");
  assertEquals((await input("wall", "--label", "007", "--label", "1e3")).labels, ["007", "1e3"]);
  assertEquals((await input("00")).what, "00");
});

Deno.test("commandOf() does not take an argument for a switch's value", async () => {
  assertEquals(await input("--dry", "true"), { what: "true", dry: true });
  assertEquals(await input("--dry", "false"), { what: "false", dry: true });
});

Deno.test("commandOf() tells yes, no and not said apart", async () => {
  assertEquals((await input("wall", "--verify")).verify, true);
  assertEquals((await input("wall", "--no-verify")).verify, false);
  assertEquals((await input("wall")).verify, undefined);
  assertEquals((await parse("paint", "wall", "--no-color", "--no-progress")).globals.color, false);
  assertStringIncludes((await refusal("paint", "wall", "--no-dry")).message, '"--no-dry"');
});

Deno.test("commandOf() takes nothing after -- for a flag", async () => {
  assertEquals((await parse("tree list", "--", "--json", "-x", "--")).input, {
    names: ["--json", "-x", "--"],
  });
});

Deno.test("commandOf() gives the arguments that must be given first", async () => {
  assertEquals((await parse("tree fork", "new")).input, { name: "new" });
  assertEquals((await parse("tree fork", "old", "new")).input, { from: "old", name: "new" });
});

Deno.test("commandOf() reads what may be given with every command", async () => {
  const { globals } = await parse(
    "paint",
    "wall",
    "-C",
    "/tmp",
    "--json",
    "-q",
    "--lock-timeout",
    "5s",
    "--progress=json",
  );
  const { directory, json, quiet, lock_timeout, progress, color, debug } = globals;
  assertEquals({ directory, json, quiet, lock_timeout, progress, color, debug }, {
    directory: "/tmp",
    json: true,
    quiet: true,
    lock_timeout: "5s",
    progress: "json",
    color: true,
    debug: false,
  });
});

Deno.test("commandOf() gives a flag of both the command and all commands to both", async () => {
  const { input, globals } = await parse("paint", "wall", "--reason", "rain");
  assertEquals([input.reason, globals.reason], ["rain", "rain"]);
});

Deno.test("commandOf() says which flag is unknown and which was meant", async () => {
  assertStringIncludes((await refusal("paint", "wall", "--color=red")).message, "--color takes no value");

  const typo = await refusal("paint", "wall", "--colur", "red");
  assertStringIncludes(typo.message, 'there is no flag "--colur"');
  assertStringIncludes(typo.hint, "Did you mean --colour?");
  assertStringIncludes((await refusal("paint", "wall", "-x")).message, '"-x"');
  assertStringIncludes((await refusal("paint", "wall", "--no-verfy")).hint, "--no-verify");
  assertEquals((await refusal("paint", "wall", "--odl=1")).hint.includes("Did you mean"), false);
});

Deno.test("commandOf() names what is missing, too much or of the wrong form", async () => {
  assertStringIncludes((await refusal("paint")).message, "<what> is missing");
  assertStringIncludes((await refusal("tree fork")).message, "<name> is missing");
  assertStringIncludes(
    (await refusal("paint", "wall", "floor")).message,
    '"floor" is one argument too many: the command takes only <what>',
  );
  assertStringIncludes((await refusal("paint", "wall", "--colour")).message, "--colour needs a value");
  assertStringIncludes(
    (await refusal("paint", "wall", "--colour", "--dry")).message,
    "--colour needs a value",
  );
  assertStringIncludes(
    (await refusal("paint", "wall", "--coats", "many")).message,
    "--coats must be a whole number",
  );
  assertStringIncludes(
    (await refusal("paint", "wall", "--coats", "0")).message,
    "--coats must be 1 or more, not 0",
  );
  assertStringIncludes(
    (await refusal("paint", "wall", "--coats", "")).message,
    "--coats must be a whole number",
  );
  const colour = await refusal("paint", "wall", "--colour", "gren");
  assertStringIncludes(colour.message, "--colour must be one of red, green");
  assertStringIncludes(colour.hint, "Did you mean green?");
});

Deno.test("commandOf() leads to help or the version whatever else is wrong with the line", async () => {
  const asked = async (line: string) => {
    const { operation, input, globals } = await parse(line);
    return [operation.name, input.command, globals.color, globals.json];
  };
  assertEquals(await asked("--help --no-color"), ["help", [], false, false]);
  assertEquals(await asked("paint --bogus -h"), ["help", ["paint"], true, false]);
  assertEquals(await asked("tree fork --json a b c --progress=x --help"), [
    "help",
    ["tree", "fork"],
    true,
    true,
  ]);
  assertEquals(await asked("tree --help"), ["help", ["tree"], true, false]);
  assertEquals(await asked("help tree fork"), ["help", ["tree", "fork"], true, false]);
  assertEquals((await parse("paint", "--", "--help")).input.what, "--help");
});

Deno.test("outputOf() is known of a line that cannot be understood", async () => {
  const line = await readLine(["paint", "--bogus", "--no-color", "--coats", "--json"], madeUp);
  assertEquals(outputOf(line), { json: true, color: false, debug: false });
  assertEquals(outputOf(await readLine(["paint", "--", "--json"], madeUp)).json, false);
});
