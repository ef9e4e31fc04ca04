import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { madeUp } from "../../../tests/support/made_up_cli.ts";
import { JvsError } from "../../model/errors.ts";
import { findCommand } from "./find_command.ts";

const find = (line: string) => findCommand(line.split(" ").filter((word) => word !== ""), madeUp);
const refusal = (line: string) => assertThrows(() => find(line), JvsError);

Deno.test("findCommand() finds one word and two, among flags that may stand anywhere", () => {
  assertEquals(find("paint wall --dry"), { name: "paint", rest: ["wall", "--dry"] });
  assertEquals(find("tree fork a b"), { name: "tree fork", rest: ["a", "b"] });
  assertEquals(find("-C paint --json tree --repo tree fork a"), {
    name: "tree fork",
    rest: ["-C", "paint", "--json", "--repo", "tree", "a"],
  });
  assertEquals(find("--repo=x paint"), { name: "paint", rest: ["--repo=x"] });
  assertEquals(find("bush list a").name, "tree list");
});

Deno.test("findCommand() takes words after -- for arguments", () => {
  assertEquals(find("paint -- fork"), { name: "paint", rest: ["--", "fork"] });
  assertEquals(find("-- paint").name, "help");
});

Deno.test("findCommand() leads to help whatever else stands on the line", () => {
  assertEquals(find(""), { name: "help", rest: [] });
  assertEquals(find("--help --no-color"), { name: "help", rest: ["--no-color"] });
  assertEquals(find("paint --bogus -h"), { name: "help", rest: ["paint"] });
  assertEquals(find("tree fork --help --json"), { name: "help", rest: ["tree", "fork", "--json"] });
  assertEquals(find("tree --help"), { name: "help", rest: ["tree"] });
  assertEquals(find("help tree fork"), { name: "help", rest: ["tree", "fork"] });
  assertEquals(find("paint -- --help").name, "paint");
});

Deno.test("findCommand() says what was probably meant", () => {
  assertStringIncludes(refusal("pant wall").hint, "Did you mean `jvs paint`?");
  assertStringIncludes(refusal("pai").hint, "Did you mean `jvs paint`?");
  assertStringIncludes(refusal("tree frok x").hint, "Did you mean `jvs tree fork`?");
  assertStringIncludes(refusal("tree").message, "it wants one more word");
  assertStringIncludes(refusal("tree").hint, "There are: tree fork, tree list");
  assertEquals(refusal("entirely-different").hint, "See `jvs help` for all commands.");
  assertEquals(refusal("toString").code, "E_USAGE");
});
