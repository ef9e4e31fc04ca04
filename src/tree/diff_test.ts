import { assert, assertEquals } from "@std/assert";
import { cpuTimeOf } from "../../tests/support/cpu_time.ts";
import {
  bytesOfLatin,
  changedEntries,
  entry,
  latinOf,
  type PlainEntry,
  plainOf,
  type Random,
  randomEntries,
  randomNumbers,
  tableOf,
} from "../../tests/support/random_tables.ts";
import { bytesOf, compareBytes, equalBytes } from "../model/bytes.ts";
import { BLOCK, CHAR, DIR, ENTRY_TYPES, FILE, LOST, SYMLINK } from "../model/entry.ts";
import {
  CHANGED,
  compareEntries,
  type CompareOptions,
  type Difference,
  differsInSubstance,
  diffTables,
  needsHash,
} from "./diff.ts";
import { mergeTables } from "./merge_tables.ts";
import type { TreeTable } from "./table.ts";

const H = (n: number) => n.toString(16).padStart(64, "0");
const file = (path: string, content: number, given: Partial<PlainEntry> = {}) =>
  entry(path, { size: 10, hash: H(content), ...given });

/** A tree, the same tree after a few changes, and both as tables. */
function someTrees(random: Random): [PlainEntry[], PlainEntry[], TreeTable, TreeTable] {
  const entries = randomEntries(random, random(120));
  const a = tableOf(entries);
  const b = tableOf(
    random(5) === 0 ? randomEntries(random, random(120)) : changedEntries(random, entries, random(9)),
  );
  return [plainOf(a), plainOf(b), a, b];
}

const inOrder = (x: string, y: string) => compareBytes(bytesOfLatin(x), bytesOfLatin(y));

function* seeds(count: number): Generator<Random> {
  for (let seed = 1; seed <= count; seed++) yield randomNumbers(seed);
}

Deno.test("mergeTables() pairs equal paths and gives all in the order of bytes", async () => {
  for (const random of seeds(300)) {
    const [plainA, plainB, a, b] = someTrees(random);
    const paths = new Set([...plainA, ...plainB].map(({ path }) => path));
    const expected = [...paths].sort(inOrder).map((path) => [
      plainA.findIndex((plain) => plain.path === path),
      plainB.findIndex((plain) => plain.path === path),
    ]);
    const visited: [number, number][] = [];
    await mergeTables(a, b, (i, j) => void visited.push([i, j]));
    assertEquals(visited, expected as [number, number][]);
  }
});

Deno.test("mergeTables() puts the content of a folder behind names that continue the folder's name", async () => {
  const a = tableOf(["a/x", "a.txt", "a-", "a0", "b"].map((path) => entry(path)));
  const b = tableOf(
    ["a", "a.txt/x", "a/", "a0/y", "b"].filter((path) => path !== "a/").map((path) => entry(path)),
  );
  const visited: string[] = [];
  await mergeTables(a, b, (i, j) => {
    visited.push(`${i === -1 ? "" : latinOf(a.path(i))}|${j === -1 ? "" : latinOf(b.path(j))}`);
  });
  assertEquals(visited, ["|", "a|a", "a-|", "a.txt|a.txt", "|a.txt/x", "a/x|", "a0|a0", "|a0/y", "b|b"]);
});

Deno.test("mergeTables() ends when it is told to", async () => {
  const table = tableOf(["a", "b", "c"].map((path) => entry(path)));
  let visits = 0;
  await mergeTables(table, table, () => ++visits === 2);
  assertEquals(visits, 2);
});

const aspectsOf = (bits: number) =>
  Object.entries(CHANGED).filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name);

Deno.test("compareEntries() names what differs, and times and attributes only with metadata", () => {
  const base = file("x", 1);
  const xattrs = [{ name: "user.a", value: bytesOf("1") }];
  const cases: [before: PlainEntry, after: PlainEntry, aspects: string[], metadata: string[]][] = [
    [base, base, [], []],
    [base, file("x", 2), ["content"], []],
    [base, { ...base, size: 11 }, ["content"], []],
    [base, { ...base, hash: null }, ["unknown"], []],
    [{ ...base, hash: null }, { ...base, hash: null }, ["unknown"], []],
    [{ ...base, size: 11, hash: null }, base, ["content"], []],
    [{ ...base, size: 0, hash: null }, { ...base, size: 0 }, [], []],
    [base, { ...base, mode: 0o600 }, ["mode"], []],
    [base, { ...base, uid: 1 }, ["owner"], []],
    [base, { ...base, gid: 1 }, ["owner"], []],
    [base, { ...base, sec: 1 }, [], ["times"]],
    [base, { ...base, nsec: 1 }, [], ["times"]],
    [base, { ...base, xattrs }, [], ["xattrs"]],
    [{ ...base, xattrs }, { ...base, xattrs: [{ name: "user.a", value: bytesOf("2") }] }, [], ["xattrs"]],
    [{ ...base, xattrs }, { ...base, xattrs: [{ name: "user.a", value: bytesOf("1") }] }, [], []],
    [base, entry("x", { type: SYMLINK, target: "y", uid: 7 }), ["type"], []],
    [entry("x", { type: DIR }), entry("x", { type: DIR, sec: 1, size: 7 }), [], ["times"]],
    [entry("x", { type: SYMLINK, target: "y" }), entry("x", { type: SYMLINK, target: "z" }), ["target"], []],
    [
      entry("x", { type: SYMLINK, target: "y" }),
      entry("x", { type: SYMLINK, target: "y", mode: 0o777 }),
      [],
      [],
    ],
    [
      entry("x", { type: CHAR, device: { major: 1, minor: 2 } }),
      entry("x", { type: CHAR, device: { major: 1, minor: 3 } }),
      ["device"],
      [],
    ],
    [
      entry("x", { type: BLOCK, device: { major: 1, minor: 2 } }),
      entry("x", { type: CHAR, device: { major: 1, minor: 2 } }),
      ["type"],
      [],
    ],
  ];
  for (const [before, after, aspects, metadata] of cases) {
    const [a, b] = [tableOf([before]), tableOf([after])];
    assertEquals(aspectsOf(compareEntries(a, 1, b, 1)), aspects);
    const all = aspectsOf(compareEntries(a, 1, b, 1, { metadata: true }));
    assertEquals(all.sort(), [...aspects, ...metadata].sort());
  }
});

Deno.test("compareEntries() says of hard links only those changed that have another first name", async () => {
  const groups: [before: Record<string, string | null>, after: Record<string, string | null>, string[]][] = [
    [{ a: null, b: null }, { a: "g", b: "g" }, ["b"]],
    [{ a: "g", b: "g" }, { a: "other", b: "other" }, []],
    [{ a: "g", b: "g", c: "g" }, { a: "g", b: "g", c: null }, ["c"]],
    [{ a: "g", b: "g", c: "h", d: "h" }, { a: "g", b: "g", c: "g", d: "g" }, ["c", "d"]],
    [{ b: "g", c: "g" }, { a: "g", b: "g", c: "g" }, ["b", "c"]],
    [{ a: "g", b: "g" }, { a: "g", b: "g", c: "g" }, []],
  ];
  for (const [before, after, expected] of groups) {
    const [a, b] = [before, after].map((names) =>
      tableOf(Object.entries(names).map(([path, group]) => entry(path, { group })))
    ) as [TreeTable, TreeTable];
    const changed: string[] = [];
    await mergeTables(a, b, (i, j) => {
      if (i === -1 || j === -1 || compareEntries(a, i, b, j) === 0) return;
      assertEquals(compareEntries(a, i, b, j), CHANGED.hardlink);
      changed.push(latinOf(b.path(j)));
    });
    assertEquals(changed, expected);
  }
});

/** The same question answered with maps and texts, slowly. */
function naiveDiff(before: PlainEntry[], after: PlainEntry[], { metadata = false }: CompareOptions) {
  const a = new Map(before.map((plain) => [plain.path, plain]));
  const b = new Map(after.map((plain) => [plain.path, plain]));
  const added = after.filter(({ path }) => !a.has(path));
  const removed = before.filter(({ path }) => !b.has(path));
  const movable = ({ type, size, hash }: PlainEntry) => type === FILE && size > 0 && hash !== null;
  const name = ({ path }: PlainEntry) => path.slice(path.lastIndexOf("/") + 1);
  const oldOf = new Map<PlainEntry, PlainEntry>();
  for (const byName of [true, false]) {
    for (const now of added.filter(movable)) {
      if (oldOf.has(now)) continue;
      const old = removed.filter(movable).filter((old) => ![...oldOf.values()].includes(old))
        .find((old) => old.hash === now.hash && (!byName || name(old) === name(now)));
      if (old !== undefined) oldOf.set(now, old);
    }
  }
  const lines: string[] = [];
  const size = (plain: PlainEntry | undefined) => plain?.type === FILE ? plain.size : null;
  for (const path of [...new Set([...a.keys(), ...b.keys()])].sort(inOrder)) {
    const now = b.get(path);
    const old = a.get(path) ?? (now && oldOf.get(now));
    if (now === undefined && [...oldOf.values()].includes(old as PlainEntry)) continue;
    const renamed = old !== undefined && old.path !== path;
    const aspects = old && now
      ? naiveAspects(old, now, metadata).filter((x) => !renamed || x !== "hardlink")
      : [];
    if (old && now && !renamed && aspects.length === 0) continue;
    const kind = old === undefined
      ? "added"
      : now === undefined
      ? "removed"
      : renamed
      ? "renamed"
      : "modified";
    const type = ENTRY_TYPES[(now ?? old as PlainEntry).type];
    lines.push(
      JSON.stringify([kind, path, renamed ? old.path : null, type, aspects.sort(), size(old), size(now)]),
    );
  }
  return lines;
}

function naiveAspects(old: PlainEntry, now: PlainEntry, metadata: boolean): string[] {
  if (old.type !== now.type) return ["type"];
  const linkedTo = ({ group, path }: PlainEntry) => group === path ? null : group;
  const isFile = now.type === FILE;
  const isUnknown = isFile && old.size === now.size && now.size > 0 &&
    (old.hash === null || now.hash === null);
  const differing: Record<string, boolean> = {
    content: isFile && !isUnknown && (old.size !== now.size || (now.size > 0 && old.hash !== now.hash)),
    unknown: isUnknown,
    mode: now.type !== SYMLINK && old.mode !== now.mode,
    owner: old.uid !== now.uid || old.gid !== now.gid,
    target: old.target !== now.target,
    device: JSON.stringify(old.device) !== JSON.stringify(now.device),
    hardlink: linkedTo(old) !== linkedTo(now),
    times: metadata && (old.sec !== now.sec || old.nsec !== now.nsec),
    xattrs: metadata && (old.xattrs.length !== now.xattrs.length ||
      old.xattrs.some(({ value }, k) => !equalBytes(value, now.xattrs[k]?.value ?? new Uint8Array()))),
  };
  return Object.keys(differing).filter((aspect) => differing[aspect]);
}

function lineOf({ kind, path, old_path, type, aspects, size_before, size_after }: Difference): string {
  const old = old_path === null ? null : latinOf(old_path);
  return JSON.stringify([kind, latinOf(path), old, type, aspects.toSorted(), size_before, size_after]);
}

Deno.test("diffTables() says of random trees what a slow comparison says", async () => {
  const seen = new Set<string>();
  for (const random of seeds(600)) {
    const [plainA, plainB, a, b] = someTrees(random);
    for (const metadata of [false, true]) {
      const differences = [...await diffTables(a, b, { metadata })];
      assertEquals(differences.map(lineOf), naiveDiff(plainA, plainB, { metadata }));
      for (const { kind, aspects } of differences) [kind, ...aspects].forEach((word) => seen.add(word));
    }
    const substance = naiveDiff(plainA, plainB, { metadata: true }).some((line) => !isOnlyTimes(line));
    // A renamed file always counts as a difference.
    assertEquals(await differsInSubstance(a, b), substance);
  }
  assertEquals(seen.size, 4 + Object.keys(CHANGED).length);
});

function isOnlyTimes(line: string): boolean {
  const [kind, , , , aspects] = JSON.parse(line) as [string, string, null, string, string[]];
  return kind === "modified" && aspects.every((aspect) => aspect === "times");
}

Deno.test("diffTables() takes a file of the same name for the renamed one, else the first", async () => {
  const a = tableOf([
    file("a/one", 1),
    file("b/two", 1),
    file("c/three", 1),
    file("d/empty", 0, { size: 0 }),
  ]);
  const b = tableOf([
    file("x/three", 1),
    file("y/new", 1),
    file("z/one", 1, { mode: 0o600 }),
    file("z/empty", 0, { size: 0 }),
  ]);
  const files = [...await diffTables(a, b)].filter(({ type }) => type === "file");
  assertEquals(
    files.map(({ kind, path, old_path, aspects }) => [
      `${kind} ${old_path === null ? "" : latinOf(old_path)} ${latinOf(path)}`,
      ...aspects,
    ]),
    [
      ["removed  d/empty"],
      ["renamed c/three x/three"],
      ["renamed b/two y/new"],
      ["added  z/empty"],
      ["renamed a/one z/one", "mode"],
    ],
  );
});

Deno.test("diffTables() is fast where thousands of files have one content", async () => {
  const many = (folder: string) => Array.from({ length: 20_000 }, (_, k) => file(`${folder}/${k}`, 1));
  const [a, b] = [tableOf(many("a")), tableOf(many("b"))];
  const took = await cpuTimeOf(async () => {
    const kinds = Map.groupBy(await diffTables(a, b), ({ kind }) => kind);
    assertEquals([...kinds].map(([kind, all]) => `${all.length} ${kind}`), [
      "1 removed",
      "1 added",
      "20000 renamed",
    ]);
  });
  assert(took < 10_000, `${took} ms: each pair was tried`);
});

Deno.test("needsHash() names just what makes all content known", async () => {
  for (const random of seeds(300)) {
    const [plainA, plainB] = someTrees(random);
    // Content of two sizes has two hashes; some of one size are the same.
    const hashOf = ({ type, size }: PlainEntry) =>
      type === FILE ? `${size.toString(16)}${random(2)}`.padStart(64, "0") : null;
    const a = tableOf(plainA.map((plain) => ({ ...plain, hash: hashOf(plain), lost: 0 })));
    const truth = plainB.map((plain) => ({ ...plain, hash: hashOf(plain) }));
    const b = tableOf(truth.map((plain) => ({ ...plain, hash: random(2) === 0 ? null : plain.hash })));
    const needed = await needsHash(a, b);
    assertEquals(needed, [...new Set(needed)].sort((x, y) => x - y));
    const whole = tableOf(truth);
    for (const j of needed) {
      assertEquals(b.contentHash(j), undefined);
      b.setHash(j, whole.contentHash(j) as Uint8Array);
    }
    assertEquals([...await diffTables(a, b)].map(lineOf), [...await diffTables(a, whole)].map(lineOf));
  }
});

Deno.test("needsHash() leaves out files whose hash decides nothing", async () => {
  const a = tableOf([
    file("other size", 1, { size: 11 }),
    file("empty", 1, { size: 0 }),
    file("known", 1),
    file("unreadable", 1, { hash: null, lost: LOST.type }),
    file("ask", 1),
    file("gone", 1, { size: 77 }),
  ]);
  const b = tableOf([
    ...["other size", "unreadable", "ask"].map((path) => file(path, 1, { hash: null })),
    file("empty", 1, { size: 0, hash: null }),
    file("known", 2),
    file("new", 1, { hash: null }),
    file("new, as large as what is gone", 1, { size: 77, hash: null }),
  ]);
  assertEquals((await needsHash(a, b)).map((j) => latinOf(b.path(j))), [
    "ask",
    "new, as large as what is gone",
  ]);
});

Deno.test("differsInSubstance() counts everything but times, and content that is not known", async () => {
  const base = [file("a", 1), file("b", 2)];
  const a = tableOf(base);
  const changes: [boolean, PlainEntry[]][] = [
    [false, base.map((plain) => ({ ...plain, sec: 7, nsec: 8 }))],
    [false, [...base, entry("", { type: DIR, mode: 0o755, sec: 9 })]],
    [true, [...base, entry("", { type: DIR, mode: 0o700 })]],
    [true, [file("a", 1), file("b", 2, { hash: null })]],
    [true, [file("a", 1), file("b", 2, { xattrs: [{ name: "user.x", value: bytesOf("") }] })]],
    [true, [file("a", 1)]],
    [true, [...base, entry("c", { type: DIR })]],
  ];
  for (const [expected, entries] of changes) {
    assertEquals(await differsInSubstance(a, tableOf(entries)), expected);
  }
});
