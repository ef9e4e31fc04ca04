import { assert, assertEquals } from "@std/assert";
import {
  entry,
  type PlainEntry,
  randomEntries,
  randomNumbers,
  tableOf,
} from "../../tests/support/random_tables.ts";
import { CHAR, DIR, SOCKET, SYMLINK } from "../model/entry.ts";
import { sameTable } from "./match_unchanged.ts";

const HASH = "ab".repeat(32);
const DEVICE = { type: CHAR, device: { major: 1, minor: 3 } };
const TREE: readonly PlainEntry[] = [
  entry("a", { hash: HASH, size: 5, xattrs: [{ name: "user.x", value: Uint8Array.of(1) }] }),
  entry("b/c", { hash: HASH, size: 5 }),
  entry("b/de", { hash: HASH, size: 5 }),
  entry("link", { type: SYMLINK, target: "a" }),
  entry("null", DEVICE),
  entry("x/y/z"),
  entry("xyz", { hash: "00".repeat(32) }),
];

Deno.test("sameTable() finds two tables of one tree the same", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const entries = randomEntries(randomNumbers(seed), 30 * seed);
    assert(sameTable(tableOf(entries), tableOf(entries)), `seed ${seed}`);
  }
});

Deno.test("sameTable() does not look at what only a scan knows", () => {
  const [a, b] = [tableOf(TREE), tableOf(TREE)];
  b.inoLo[1] =
    b.ctimeSec[1] =
    b.nlink[1] =
    b.clean[1] =
      1;
  assert(sameTable(a, b));
});

Deno.test("sameTable() sees a difference in any aspect of any entry", () => {
  const changes: Record<string, (tree: PlainEntry[]) => void> = {
    "one more": (tree) => tree.push(entry("z")),
    "one less": (tree) => tree.splice(1, 1),
    "a name of the same length": (tree) => tree[0] = { ...entry("A"), ...tree[0], path: "A" },
    "the same letters, cut otherwise": (tree) => {
      tree[1] = entry("b/cd", { hash: HASH, size: 5 });
      tree[2] = entry("b/e", { hash: HASH, size: 5 });
    },
    "a folder": (tree) => tree.splice(5, 1, entry("x/y", { type: DIR, mode: 0o755 }), entry("x/z")),
    "a type": (tree) => tree[5] = entry("x/y/z", { type: SOCKET }),
    "a mode": (tree) => tree[0] = entry("a", { ...tree[0], mode: 0o600 }),
    "an owner": (tree) => tree[0] = entry("a", { ...tree[0], uid: 1 }),
    "a group": (tree) => tree[0] = entry("a", { ...tree[0], gid: 1 }),
    "a size": (tree) => tree[0] = entry("a", { ...tree[0], size: 6 }),
    "seconds": (tree) => tree[0] = entry("a", { ...tree[0], sec: 1 }),
    "nanoseconds": (tree) => tree[0] = entry("a", { ...tree[0], nsec: 1 }),
    "content": (tree) => tree[2] = entry("b/de", { size: 5, hash: "ab".repeat(31) + "ac" }),
    "whether it was read": (tree) => tree[6] = entry("xyz"),
    "a hard link": (tree) => {
      tree[1] = entry("b/c", { ...tree[1], group: "g" });
      tree[2] = entry("b/de", { ...tree[2], group: "g" });
    },
    "what was lost": (tree) => tree[0] = entry("a", { ...tree[0], lost: 1 }),
    "a target": (tree) => tree[3] = entry("link", { type: SYMLINK, target: "b" }),
    "an attribute's value": (tree) => {
      tree[0] = entry("a", { ...tree[0], xattrs: [{ name: "user.x", value: Uint8Array.of(2) }] });
    },
    "an attribute of another entry": (tree) => {
      tree[1] = entry("b/c", { ...tree[1], xattrs: [{ name: "user.x", value: Uint8Array.of(1) }] });
      tree[0] = entry("a", { ...tree[0], xattrs: [] });
    },
    "a device": (tree) => tree[4] = entry("null", { ...DEVICE, device: { major: 1, minor: 4 } }),
  };
  const missed = Object.entries(changes).filter(([, change]) => {
    const tree = [...TREE];
    change(tree);
    return sameTable(tableOf(TREE), tableOf(tree)) || sameTable(tableOf(tree), tableOf(TREE));
  });
  assertEquals(missed.map(([what]) => what), []);
});
