import { assertEquals, assertStringIncludes } from "@std/assert";
import { idOf } from "../../../../tests/support/made_up_results.ts";
import { createStyle, displayWidth, type View } from "./style.ts";
import { renderDiff, renderStatus } from "./changes.ts";

const now = Date.parse("2026-05-01T13:00:00Z");
const view: View = { style: createStyle({ color: false, width: 100 }), now, input: {} };
const [a, b] = [idOf("aaaa0001"), idOf("bbbb0002", 10)];

const differences: Parameters<typeof renderDiff>[0]["differences"] = [
  {
    kind: "added",
    path: "new%3Aname",
    old_path: null,
    type: "file",
    aspects: [],
    size_before: null,
    size_after: 10,
  },
  {
    kind: "removed",
    path: "old",
    old_path: null,
    type: "dir",
    aspects: [],
    size_before: null,
    size_after: null,
  },
  {
    kind: "modified",
    path: "model.bin",
    old_path: null,
    type: "file",
    aspects: ["content", "mode"],
    size_before: 1000,
    size_after: 2000,
  },
  { kind: "renamed", path: "b", old_path: "a", type: "file", aspects: [], size_before: 5, size_after: 5 },
];
const summary = { added: 1, removed: 1, modified: 1, renamed: 1 };

Deno.test("renderDiff() shows each difference and how many there are", () => {
  const result = { from: a, to: b, worktree: "main", hidden: [], differences, summary };
  assertEquals(
    renderDiff(result, view),
    `A  new:name           +10 B
D  old/
M  model.bin  (mode)  1 KB → 2 KB
R  a → b              5 B
1 added, 1 removed, 1 modified, 1 renamed
`,
  );
  assertEquals(renderDiff(result, { ...view, input: { name_only: true } }), "new:name\nold\nmodel.bin\nb\n");
  const nothing = { added: 0, removed: 0, modified: 0, renamed: 0 };
  assertEquals(renderDiff({ ...result, differences: [], summary: nothing }, view), "No differences.\n");
});

const patched: typeof differences = [
  { ...difference("modified", "x"), patch: "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n same\n-\x1b[2J\n+\tnew\n" },
  { ...difference("renamed", "b"), old_path: "a", patch: null },
];

Deno.test("renderDiff() shows patches as they are, and a line for what has none", () => {
  const result = { from: a, to: b, worktree: "main", hidden: [], differences: patched, summary };
  const input = { patch: true };
  assertEquals(renderDiff(result, { ...view, input }), `${patched[0]?.patch}R  a → b\n`);
  const nothing = { ...result, differences: [], summary: { added: 0, removed: 0, modified: 0, renamed: 0 } };
  assertEquals(renderDiff(nothing, { ...view, input }), "No differences.\n");
  assertEquals(renderDiff(result, { ...view, input: { patch: true, name_only: true } }), "x\nb\n");
});

Deno.test("renderDiff() colours patches, and lets nothing in them steer the terminal", () => {
  const result = { from: a, to: b, worktree: "main", hidden: [], differences: patched.slice(0, 1), summary };
  const style = createStyle({ color: true, width: 100 });
  assertEquals(
    renderDiff(result, { ...view, style, input: { patch: true } }),
    [
      "\x1b[1m--- a/x\x1b[22m",
      "\x1b[1m+++ b/x\x1b[22m",
      "\x1b[36m@@ -1,2 +1,2 @@\x1b[39m",
      " same",
      "\x1b[31m-\ufffd[2J\x1b[39m",
      "\x1b[32m+\tnew\x1b[39m",
      "",
    ].join("\n"),
  );
});

function difference(kind: typeof differences[number]["kind"], path: string) {
  return { kind, path, old_path: null, type: "file", aspects: [], size_before: 5, size_after: 5 } as const;
}

const standing = {
  worktree: "main",
  path: "/data/repo/main",
  base_snapshot_id: null,
  head_snapshot_id: a as string | null,
  latest_snapshot_id: a as string | null,
  detached: false,
  clean: true,
  changes: { added: 0, removed: 0, modified: 0, renamed: 0 },
  differences: [] as typeof differences,
  entries: 4,
  hidden: [] as string[],
  ignored: 0,
  lease: null,
  pending_recovery: [] as string[],
};

Deno.test("renderStatus() calls a folder clean only as far as one may look", () => {
  assertStringIncludes(
    renderStatus({ ...standing, hidden: ["closed"] }, view),
    "\nClean, as far as you may look: 1 path not compared.\n",
  );
});

Deno.test("renderStatus() says where the worktree stands and what is not saved", () => {
  assertEquals(
    renderStatus(standing, view),
    "Worktree main in /data/repo/main\nAt aaaa0001, the newest of its line\nClean: everything is saved.\n",
  );
  const changed = { ...standing, clean: false, changes: summary, differences };
  assertStringIncludes(
    renderStatus(changed, view),
    "Not saved: 1 added, 1 removed, 1 modified, 1 renamed\n  A  new:name\n",
  );
  const detached = { ...standing, detached: true, latest_snapshot_id: b };
  assertStringIncludes(renderStatus(detached, view), "DETACHED at aaaa0001; the newest is bbbb0002");
  assertStringIncludes(
    renderStatus({ ...standing, pending_recovery: ["restore"] }, view),
    "jvs doctor --repair-runtime",
  );
  const fresh = { ...standing, head_snapshot_id: null, latest_snapshot_id: null, clean: false };
  assertStringIncludes(renderStatus(fresh, view), "No snapshot yet");
});

const folder = [
  { ...difference("removed", "data"), type: "dir", size_before: null, size_after: null },
  { ...difference("removed", "data/a"), size_after: null },
  { ...difference("added", "other"), size_before: null },
] as const;

Deno.test("renderDiff() and renderStatus() make one line of a folder that is gone, and none with all or name_only", () => {
  const result = {
    from: a,
    to: b,
    worktree: "main",
    hidden: [],
    differences: folder,
    summary: { ...summary, renamed: 0 },
  };
  const total = "1 added, 1 removed, 1 modified\n";
  assertEquals(renderDiff(result, view), `D  data/  (1 file, -5 B)\nA  other  +5 B\n${total}`);
  const all = { ...view, input: { all: true } };
  assertEquals(renderDiff(result, all), `D  data/\nD  data/a  -5 B\nA  other   +5 B\n${total}`);
  assertEquals(renderDiff(result, { ...view, input: { name_only: true } }), "data\ndata/a\nother\n");
  const changed = { ...standing, clean: false, differences: folder };
  assertStringIncludes(renderStatus(changed, view), "\n  D  data/  (1 file, -5 B)\n  A  other\n");
  assertStringIncludes(renderStatus(changed, all), "\n  D  data/\n  D  data/a\n  A  other\n");
});

Deno.test("renderStatus() shows a hundred lines, and how many paths more there are; with all any number", () => {
  const many = Array.from({ length: 150 }, (_, i) => difference("added", `file${i}`));
  const changed = { ...standing, clean: false, differences: many };
  assertStringIncludes(renderStatus(changed, view), "  A  file99\n  … and 50 more: see `jvs status --all`\n");
  const all = { ...view, input: { all: true } };
  assertStringIncludes(renderStatus(changed, all), "  A  file149\n");
  // More than a call can have arguments.
  const huge = Array.from({ length: 300_000 }, (_, i) => difference("added", `file${i}`));
  assertStringIncludes(renderStatus({ ...changed, differences: huge }, all), "  A  file299999\n");
  const result = { from: a, to: b, worktree: "main", hidden: [], differences: huge, summary };
  assertStringIncludes(renderDiff(result, view), "A  file299999");
});

Deno.test("renderDiff() writes a folder that moved as a folder on both sides", () => {
  const [gone, made] = [folder[0], { ...folder[0], kind: "added", path: "new" }] as const;
  const moved = { ...difference("renamed", "new/a"), old_path: "data/a" };
  const result = { from: a, to: b, worktree: "main", hidden: [], differences: [gone, made, moved], summary };
  assertStringIncludes(renderDiff(result, view), "R  data/ → new/  (1 file, 5 B)\n");
});

Deno.test("renderDiff() takes no more columns with paint than without", () => {
  const painted: View = { ...view, style: createStyle({ color: true, width: 100 }) };
  const result = { from: a, to: b, worktree: "main", hidden: [], differences, summary };
  const widths = (text: string) => text.split("\n").map(displayWidth);
  assertEquals(widths(renderDiff(result, painted)), widths(renderDiff(result, view)));
});
