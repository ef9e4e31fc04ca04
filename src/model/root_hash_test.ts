import { assert, assertEquals, assertThrows } from "@std/assert";
import { bytesOf, bytesOfHex, compareBytes, hexOf, textOf } from "./bytes.ts";
import { JvsError } from "./errors.ts";
import { type RootHashEntry, RootHashLines } from "./root_hash.ts";

const NOTHING = bytesOfHex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

function entryOf(path: string | Uint8Array, given: Partial<RootHashEntry> = {}): RootHashEntry {
  return {
    type: "dir",
    path: typeof path === "string" ? bytesOf(path) : path,
    mode: 0o755,
    size: 4096,
    contentHash: null,
    major: 0,
    minor: 0,
    ...given,
  };
}

/** The line of one entry. */
function lineOf(entry: RootHashEntry): string {
  let text = "";
  const lines = new RootHashLines((piece) => text += textOf(piece));
  lines.add(entry);
  lines.finish();
  return text;
}

/** SPEC 4's worked example, in no order. */
const EXAMPLE: readonly RootHashEntry[] = [
  entryOf("link", {
    type: "symlink",
    mode: 0o777,
    size: 5,
    contentHash: bytesOfHex("18b7cb099a9ea3f50ba899b5ba81e0d377a5f3b16f8f6eeb8b3e58cd4692b993"),
  }),
  entryOf("a/b:c", {
    type: "file",
    mode: 0o100640,
    size: 3,
    contentHash: bytesOfHex("98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4"),
  }),
  entryOf("a"),
  entryOf("a.txt", { type: "file", mode: 0o100644, size: 0, contentHash: NOTHING }),
];

const EXAMPLE_TEXT = `dir:a::
file:a.txt:0644:0:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
file:a/b%3Ac:0640:3:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4
symlink:link::18b7cb099a9ea3f50ba899b5ba81e0d377a5f3b16f8f6eeb8b3e58cd4692b993
`;

function inOrder(entries: readonly RootHashEntry[]): RootHashEntry[] {
  return entries.toSorted((a, b) => compareBytes(a.path, b.path));
}

Deno.test("RootHashLines.add() gives the worked example of SPEC 4 and its hash", async () => {
  const text = inOrder(EXAMPLE).map(lineOf).join("");
  assertEquals(text, EXAMPLE_TEXT);
  const hash = await crypto.subtle.digest("SHA-256", bytesOf(text));
  assertEquals(
    hexOf(new Uint8Array(hash)),
    "984fceb383a3e68a4ba25b43d9d7fc881c44f25f70786b71c208711c1e8bfa17",
  );
});

Deno.test("RootHashLines.add() knows every type", () => {
  assertEquals(lineOf(entryOf("p", { type: "fifo" })), "fifo:p::\n");
  assertEquals(lineOf(entryOf("s", { type: "socket" })), "socket:s::\n");
  assertEquals(lineOf(entryOf("c", { type: "char", major: 1, minor: 3 })), "char:c:1:3:\n");
  assertEquals(lineOf(entryOf("b", { type: "block", major: 8, minor: 1 })), "block:b:8:1:\n");
  const sticky = entryOf("f", { type: "file", mode: 0o107001, size: 2 ** 53 - 1, contentHash: NOTHING });
  assertEquals(lineOf(sticky), `file:f:7001:9007199254740991:${hexOf(NOTHING)}\n`);
  assertEquals(lineOf(entryOf(bytesOfHex("2fff0a"))), "dir:/%FF%0A::\n");
  assertEquals(lineOf(entryOf(new Uint8Array(5000).fill(255))), `dir:${"%FF".repeat(5000)}::\n`);
});

Deno.test("RootHashLines.add() refuses the root and content that was not hashed", () => {
  assertThrows(() => lineOf(entryOf("")), JvsError, "root itself");
  assertThrows(() => lineOf(entryOf("f", { type: "file" })), JvsError, "Cannot add f");
  const short = entryOf("l", { type: "symlink", contentHash: NOTHING.subarray(1) });
  assertThrows(() => lineOf(short), JvsError, "hashed");
});

Deno.test("RootHashLines passes on the same text in pieces, however long the paths", () => {
  const entries = inOrder([
    ...EXAMPLE,
    ...Array.from({ length: 3000 }, (_, i) => entryOf(`n${i}/${"x".repeat(i % 50)}`)),
    entryOf(new Uint8Array(40_000).fill(255)),
  ]);
  let text = "";
  let pieces = 0;
  const lines = new RootHashLines((piece) => {
    text += textOf(piece);
    pieces++;
  });
  const reused = new Uint8Array(40_000);
  for (const entry of entries) {
    reused.set(entry.path);
    lines.add({ ...entry, path: reused.subarray(0, entry.path.length) });
  }
  lines.finish();
  lines.finish();
  assertEquals(text, entries.map(lineOf).join(""));
  assert(pieces > 1 && pieces < 10, String(pieces));
});

Deno.test("RootHashLines refuses entries out of order and entries that come twice", () => {
  for (const [first, second] of [["b", "a"], ["a", "a"], ["a/b", "a"], ["a/b", "a.txt"]] as const) {
    const lines = new RootHashLines(() => {});
    lines.add(entryOf(first));
    const error = assertThrows(() => lines.add(entryOf(second)), JvsError, "does not come after");
    assertEquals(error.code, "E_INTERNAL");
  }
});
