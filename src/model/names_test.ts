import { assert, assertEquals, assertThrows } from "@std/assert";
import { JvsError } from "./errors.ts";
import { checkName, checkRefName, checkTag } from "./names.ts";

function codeOf(check: () => unknown): string {
  const error = assertThrows(check, JvsError);
  assert(error.hint.endsWith("."), error.hint);
  return error.code;
}

Deno.test("checkName() takes letters, digits, dot, dash and underscore", () => {
  for (const name of ["a", "main", "Exp_1.2-b", "0", "_x", "a..b", "con", "nul.txt", "x".repeat(128)]) {
    assertEquals(checkName(name, "worktree"), name);
  }
});

Deno.test("checkName() gives the NFC form", () => {
  assertEquals(checkName("\u212a1", "worktree"), "K1"); // the Kelvin sign is, normalised, a K
});

Deno.test("checkName() refuses what breaks a rule and says which", () => {
  const cases: Record<string, string> = {
    "": "empty",
    ".a": "dot",
    ".": "dot",
    "..a": "dot",
    "-a": "dash",
    "a b": "not allowed",
    "é": "not allowed",
    "e\u0301": "not allowed",
    "a\n": "not allowed",
    "a:b": "not allowed",
    "~": "not allowed",
    "main@": "not allowed",
    ["x".repeat(129)]: "129 characters",
  };
  for (const [name, says] of Object.entries(cases)) {
    assertEquals(codeOf(() => checkName(name, "worktree")), "E_NAME_INVALID", name);
    assertThrows(() => checkName(name, "worktree"), JvsError, says);
  }
  assertThrows(() => checkName("a\nb", "key"), JvsError, 'Cannot use "a%0Ab" as key name');
});

Deno.test("checkName() refuses what could lead out of the repository as an escape", () => {
  for (const name of ["..", "../a", "a/b", "/a", "a\\b", "a\0", "a/..", "./a", "/"]) {
    assertEquals(codeOf(() => checkName(name, "worktree")), "E_PATH_ESCAPE", name);
    const { hint } = assertThrows(() => checkName(name, "worktree"), JvsError, "it is a path, not a name");
    assertEquals(hint, "Use letters, digits, dot, dash and underscore.");
  }
});

Deno.test("checkTag() takes the characters of a tag in any order", () => {
  for (const tag of ["v1.0", ".x", "-x", "HEAD", "x".repeat(128)]) assertEquals(checkTag(tag), tag);
  for (const tag of ["", "a b", "a/b", "../x", "é", "a\n", "x".repeat(129)]) {
    assertEquals(codeOf(() => checkTag(tag)), "E_NAME_INVALID", tag);
  }
});

Deno.test("checkRefName() refuses words that mean another snapshot", () => {
  assertEquals(checkRefName("release-1"), "release-1");
  assertEquals(checkRefName("heads"), "heads");
  assertEquals(checkRefName("1760000000000"), "1760000000000");
  for (
    const name of [
      "HEAD",
      "head",
      "Latest",
      "last-good",
      "1760000000000-00abcdef",
      "1760000000000-00ABCDEF",
      "-x",
    ]
  ) {
    assertEquals(codeOf(() => checkRefName(name)), "E_NAME_INVALID", name);
  }
  assertEquals(codeOf(() => checkRefName("a/b")), "E_PATH_ESCAPE");
});
