import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { descriptorOf, idOf } from "../../../../tests/support/made_up_results.ts";
import { operations } from "../../../operation/registry.ts";
import { createStyle, displayWidth } from "../style.ts";
import { renderDiff, renderStatus } from "./changes.ts";
import { renderDoctor, renderVerify } from "./checks.ts";
import { renderGeneric } from "./generic.ts";
import { renderHistory } from "./history.ts";
import { quietText } from "./quiet.ts";
import { renderRestore } from "./restore.ts";
import { renderSnapshot } from "./snapshot.ts";
import { RENDERERS, textOf } from "./text_of.ts";
import type { View } from "./view.ts";
import { ago } from "./words.ts";

const now = Date.parse("2026-05-01T13:00:00Z");
const view: View = { style: createStyle({ color: false, width: 100 }), now, input: {} };
const [a, b, c, d] = [idOf("aaaa0001"), idOf("bbbb0002", 10), idOf("cccc0003", 20), idOf("dddd0004", 30)];

type Item = Parameters<typeof renderHistory>[0]["snapshots"][number];

function item(id: string, more: Partial<Item> = {}): Item {
  return { ...descriptorOf(id), is_head: false, is_latest: false, side: false, pruned: false, ...more };
}

function history(snapshots: Item[], more: { detached?: boolean; total?: number } = {}): string {
  const head = snapshots.find(({ is_head }) => is_head)?.snapshot_id ?? null;
  const latest = snapshots.find(({ is_latest }) => is_latest)?.snapshot_id ?? null;
  return renderHistory({
    worktree: "main",
    head_snapshot_id: head,
    latest_snapshot_id: latest,
    detached: more.detached ?? false,
    snapshots,
    total: more.total ?? snapshots.length,
  }, view);
}

Deno.test("renderSnapshot() begins with the words that scripts look for", () => {
  const text = renderSnapshot({
    created: true,
    snapshot: descriptorOf(a, {
      note: "first",
      tags: ["v1", "good"],
      consistency_level: "best_effort",
      degradations: {
        counts: { xattr: 2 },
        first: [{ kind: "xattr", path: "a%3Ab", reason: "not supported" }],
      },
    }),
    worktree: "main",
    head_snapshot_id: a,
    kept_line_as: null,
    degradations: { counts: {}, first: [] },
  }, view);
  assertEquals(
    text,
    `Created snapshot ${a}
  note      first
  tags      v1, good
  content   12 files, 3 folders, 1.2 MB (34 KB changed), by copy
  quality   best_effort: files changed while it was made
  not kept  xattr of 2 entries: a:b, … (not supported)
`,
  );
});

Deno.test("renderSnapshot() says when none was needed", () => {
  const snapshot = descriptorOf(a);
  const { degradations } = snapshot;
  const result = {
    created: false,
    snapshot,
    worktree: "main",
    head_snapshot_id: a,
    kept_line_as: null,
    degradations,
  };
  assertEquals(renderSnapshot(result, view), "Nothing changed since aaaa0001: no snapshot was made.\n");
});

Deno.test("renderHistory() draws the line with its head, and leaves beside it", () => {
  assertEquals(
    history([
      item(d, { is_latest: true, parent_snapshot_id: b, note: "newest", tags: ["v2"] }),
      item(c, { side: true, parent_snapshot_id: b, kind: "autosave", consistency_level: "best_effort" }),
      item(b, { is_head: true, parent_snapshot_id: a, note: "second\nwith more" }),
      item(a, { pruned: true }),
    ], { detached: true }),
    `Worktree main is DETACHED: newer snapshots follow its head.
○  dddd0004  30 minutes ago  LATEST  newest  [v2]
│ ○  cccc0003  40 minutes ago  autosave best_effort
├─╯
●  bbbb0002  50 minutes ago  HEAD  second …
○  aaaa0001  1 hour ago      pruned
`,
  );
});

Deno.test("renderHistory() hangs leaves of the newest above the line, and those without a parent in the air", () => {
  assertEquals(
    history([
      item(d, { side: true, parent_snapshot_id: b, kind: "autosave" }),
      item(c, { side: true, parent_snapshot_id: b, kind: "partial" }),
      item(b, { is_head: true, is_latest: true }),
      item(a, { side: true, parent_snapshot_id: idOf("eeee0005"), kind: "autosave" }),
    ], { total: 1004 }),
    `  ○  aaaa0001  1 hour ago      autosave
  ○  dddd0004  30 minutes ago  autosave
╭─╯
│ ○  cccc0003  40 minutes ago  partial
├─╯
●  bbbb0002  50 minutes ago  HEAD LATEST
… and 1,000 more: see them with a higher --limit
`,
  );
});

Deno.test("renderHistory() draws another worktree's line as a branch of the snapshot that it left", () => {
  assertEquals(
    history([
      item(d, { parent_snapshot_id: b, note: "theirs, newer" }),
      item(c, { parent_snapshot_id: a, is_head: true, is_latest: true, note: "ours" }),
      item(b, { parent_snapshot_id: a, note: "theirs" }),
      item(a),
    ]),
    `●  cccc0003  40 minutes ago  HEAD LATEST  ours
│ ○  dddd0004  30 minutes ago  theirs, newer
│ ○  bbbb0002  50 minutes ago  theirs
├─╯
○  aaaa0001  1 hour ago
`,
  );
});

Deno.test("renderHistory() says what to do where there is nothing", () => {
  assertStringIncludes(history([]), "Make the first one with `jvs snapshot`");
});

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
  const result = { from: a, to: b, worktree: "main", differences, summary };
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
  const result = { from: a, to: b, worktree: "main", differences: patched, summary };
  const input = { patch: true };
  assertEquals(renderDiff(result, { ...view, input }), `${patched[0]?.patch}R  a → b\n`);
  const nothing = { ...result, differences: [], summary: { added: 0, removed: 0, modified: 0, renamed: 0 } };
  assertEquals(renderDiff(nothing, { ...view, input }), "No differences.\n");
  assertEquals(renderDiff(result, { ...view, input: { patch: true, name_only: true } }), "x\nb\n");
});

Deno.test("renderDiff() colours patches, and lets nothing in them steer the terminal", () => {
  const result = { from: a, to: b, worktree: "main", differences: patched.slice(0, 1), summary };
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

function difference(kind: "modified" | "renamed", path: string) {
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
  ignored: 0,
  pending_recovery: [] as string[],
};

Deno.test("renderStatus() says where the worktree stands and what is not saved", () => {
  assertEquals(
    renderStatus(standing, view),
    "Worktree main in /data/repo/main\nAt aaaa0001, the newest of its line\nClean: everything is saved.\n",
  );
  const changed = { ...standing, clean: false, changes: { ...summary, added: 200 }, differences };
  assertStringIncludes(
    renderStatus(changed, view),
    "Not saved: 200 added, 1 removed, 1 modified, 1 renamed\n  A  new:name\n",
  );
  assertStringIncludes(renderStatus(changed, view), "… and 199 more: see `jvs diff`");
  const detached = { ...standing, detached: true, latest_snapshot_id: b };
  assertStringIncludes(renderStatus(detached, view), "DETACHED at aaaa0001; the newest is bbbb0002");
  assertStringIncludes(
    renderStatus({ ...standing, pending_recovery: ["restore"] }, view),
    "jvs doctor --repair-runtime",
  );
  const fresh = { ...standing, head_snapshot_id: null, latest_snapshot_id: null, clean: false };
  assertStringIncludes(renderStatus(fresh, view), "No snapshot yet");
});

Deno.test("renderRestore() says what went back, where that leads and what was kept", () => {
  const result = {
    sentence: "rolled back to aaaa0001: 12 files changed; unsaved work kept as cccc0003",
    worktree: "main",
    path: "/data/repo/main",
    snapshot_id: a,
    previous_head: b,
    head_snapshot_id: a,
    detached: true,
    preview: false,
    changed: 12,
    added: 0,
    removed: 0,
    metadata: 0,
    folders_added: 0,
    folders_removed: 0,
    pending_recovery: [],
    kept: ["cache/50%.bin"],
    left_alone: [],
    autosave_snapshot_id: c,
    second_autosave_id: null,
    verified: false,
    processes: [
      { pid: 7, name: "bash", uses: "folder" as const },
      { pid: 8, name: "train", uses: "file" as const },
    ],
    degradations: { counts: {}, first: [] },
  };
  const text = renderRestore(result, view);
  assertEquals(text.split("\n").slice(0, 2), [
    "Restored aaaa0001 in worktree main.",
    "Rolled back to aaaa0001: 12 files changed; unsaved work kept as cccc0003.",
  ]);
  for (
    const words of [
      "DETACHED",
      "cccc0003: unsaved work",
      "was not verified",
      "    cache/50%.bin",
      "train (process 8)",
    ]
  ) {
    assertStringIncludes(text, words);
  }
  assertEquals(text.includes("bash"), false);
  const preview = renderRestore({ ...result, preview: true }, view);
  assertStringIncludes(preview, "Would restore aaaa0001");
  assertEquals(preview.includes("DETACHED"), false);
});

Deno.test("renderVerify() names what is damaged and counts what is well", () => {
  const ok = {
    snapshot_id: a,
    checksum_valid: true,
    payload_hash_valid: true,
    tamper_detected: false,
    severity: "ok" as const,
    error: null,
    message: null,
    files: [],
    worn: [],
  };
  const worn = {
    ...ok,
    severity: "degraded" as const,
    worn: Array.from({ length: 22 }, (_, n) => ({ path: `f${n}%3A`, lost: "times" as const })),
  };
  const bad = {
    ...ok,
    snapshot_id: b,
    payload_hash_valid: false,
    tamper_detected: true,
    severity: "critical" as const,
    files: [{ path: "model%3A.bin", problem: "content" }],
  };
  const rest = { findings: [], verified: 2, checksum_valid: true, severity: "ok" as const };
  const good = { ...rest, snapshots: [ok], payload_hash_valid: true, tamper_detected: false };
  assertEquals(renderVerify(good, view), `OK  ${a}\n`);
  assertEquals(renderVerify({ ...good, snapshots: [] }, view), "OK  0 snapshots\n");
  assertEquals(
    renderVerify({ ...rest, snapshots: [ok, bad], payload_hash_valid: false, tamper_detected: true }, view),
    `TAMPERED  ${b}  its content is not what was saved\n    content  model:.bin\nOK  ${a}\n`,
  );
  const lines = renderVerify({ ...good, snapshots: [worn], severity: "degraded" }, view).split("\n");
  assertMatch(lines[0] ?? "", new RegExp(`^DEGRADED  ${a}  .*a restore brings it back`));
  assertEquals([lines[1], lines.at(-2), lines.length], [
    "    times  f0:",
    "    and 2 more; --json names all",
    23,
  ]);
});

Deno.test("renderDoctor() shows findings with their way out", () => {
  assertEquals(
    renderDoctor({ healthy: true, findings: [], repaired: [] }, view),
    "The repository is healthy.\n",
  );
  const finding = {
    severity: "warning" as const,
    code: "HEAD_ORPHAN",
    message: "A snapshot follows the head.",
    repair: "advance_head",
    path: null,
    snapshot_id: a,
  };
  assertEquals(
    renderDoctor({ healthy: false, findings: [finding], repaired: ["Removed 2 temporary files."] }, view),
    "Repaired  Removed 2 temporary files.\nFindings: 1\n" +
      "  warning  A snapshot follows the head. [aaaa0001] (HEAD_ORPHAN)\n" +
      "    mend it with `jvs doctor --repair advance_head`\n" +
      "The repository is not in order: see the findings above.\n",
  );
});

Deno.test("renderGeneric() shows any result", () => {
  assertEquals(
    renderGeneric({
      name: "main",
      nothing: null,
      many_things: [{ id: "a", size: 10 }, { id: "bb", size: 9 }],
      words: ["x"],
      inner: { deep_value: true },
      none: [],
    }, view),
    `name  main

many things
id  size
a     10
bb     9

words
  x

inner
  deep value  true

none: none
`,
  );
});

Deno.test("textOf() shows what has no renderer of its own", async () => {
  assertEquals(await textOf("no such operation", { a: 1 }, view), "a  1\n");
  assertEquals(await textOf("toString", { a: 1 }, view), "a  1\n");
  assertEquals(await textOf("completion", { script: "x\n" }, view), "x\n");
});

Deno.test("RENDERERS are of operations that there are, and all can be loaded", async () => {
  assertEquals(Object.keys(RENDERERS).filter((name) => operations.resolve(name) !== name), []);
  for (const load of Object.values(RENDERERS)) assertEquals(typeof await load(), "function");
});

Deno.test("quietText() gives a script the one value it cannot know", () => {
  assertEquals(quietText("snapshot", { snapshot: { snapshot_id: a } }), `${a}\n`);
  assertEquals(quietText("ref create", { ref: {} }), "");
  assertEquals(quietText("snapshot", {}), "");
});

Deno.test("ago() speaks of time as people do", () => {
  const before = (ms: number) => ago(new Date(now - ms).toISOString(), now);
  assertEquals(before(0), "just now");
  assertEquals(before(1000), "1 second ago");
  assertEquals(before(90 * 60_000), "1 hour ago");
  assertEquals(before(3 * 86_400_000), "3 days ago");
  assertEquals(before(400 * 86_400_000), "2025-03-27");
  assertEquals(before(-3_600_000), "2026-05-01");
});

Deno.test("renderers take no more columns with paint than without", () => {
  const painted: View = { ...view, style: createStyle({ color: true, width: 100 }) };
  const result = { from: a, to: b, worktree: "main", differences, summary };
  const widths = (text: string) => text.split("\n").map(displayWidth);
  assertEquals(widths(renderDiff(result, painted)), widths(renderDiff(result, view)));
});
