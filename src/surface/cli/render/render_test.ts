import { assertEquals, assertStringIncludes } from "@std/assert";
import { descriptorOf, idOf } from "../../../../tests/support/made_up_results.ts";
import { operations } from "../../../operation/registry.ts";
import { createStyle, type View } from "./style.ts";
import { renderHistory } from "./history.ts";
import { renderRestore, renderSnapshot } from "./snapshot.ts";
import { QUIET_VALUES, quietText, RENDERERS, textOf } from "./text_of.ts";
import { ago } from "./words.ts";

const now = Date.parse("2026-05-01T13:00:00Z");
const view: View = { style: createStyle({ color: false, width: 100 }), now, input: {} };
const [a, b, c, d] = [idOf("aaaa0001"), idOf("bbbb0002", 10), idOf("cccc0003", 20), idOf("dddd0004", 30)];

type Item = Parameters<typeof renderHistory>[0]["snapshots"][number];

function item(id: string, more: Partial<Item> = {}): Item {
  return { ...descriptorOf(id), is_head: false, is_latest: false, side: false, pruned: false, ...more };
}

function history(
  snapshots: Item[],
  more: { detached?: boolean; total?: number; unread?: string[] } = {},
): string {
  const head = snapshots.find(({ is_head }) => is_head)?.snapshot_id ?? null;
  const latest = snapshots.find(({ is_latest }) => is_latest)?.snapshot_id ?? null;
  return renderHistory({
    worktree: "main",
    head_snapshot_id: head,
    latest_snapshot_id: latest,
    detached: more.detached ?? false,
    snapshots,
    total: more.total ?? snapshots.length,
    unread: more.unread ?? [],
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
    hooks: [],
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
    hooks: [],
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
    `Worktree main is DETACHED: its head is not the newest of its line.
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

Deno.test("renderRestore() says what went back, where that leads and what was kept", () => {
  const result = {
    sentence:
      "Restored aaaa0001 in worktree main, 2 snapshots back: 12 files changed; unsaved work kept as cccc0003.",
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
    lease: null,
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
    hooks: [],
  };
  const text = renderRestore(result, view);
  assertEquals(text.split("\n")[0], result.sentence);
  assertStringIncludes(text.split("\n")[1] ?? "", "DETACHED");
  for (
    const words of [
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
  assertEquals(preview.includes("DETACHED"), false);
});

Deno.test("textOf() shows the fields of a result that has no renderer", async () => {
  const result = { name: "main", nothing: "", many_things: [{ id: "a", size: 10 }] };
  assertEquals(
    await textOf("made up", result, view),
    `name         main\nmany things  [{"id":"a","size":10}]\n`,
  );
});

Deno.test("textOf() shows what has no renderer of its own", async () => {
  assertEquals(await textOf("no such operation", { a: 1 }, view), "a  1\n");
  assertEquals(await textOf("toString", { a: 1 }, view), "a  1\n");
  assertEquals(await textOf("completion", { script: "x\n" }, view), "x\n");
});

Deno.test("RENDERERS are of operations that there are, and all can be loaded", async () => {
  assertEquals(Object.keys(RENDERERS).filter((name) => !operations.has(name)), []);
  for (const load of Object.values(RENDERERS)) assertEquals(typeof await load(), "function");
});

Deno.test("quietText() gives a script the one value it cannot know", () => {
  assertEquals(Object.keys(QUIET_VALUES).filter((name) => !operations.has(name)), []);
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

Deno.test("renderHistory() never says that there are no snapshots where some cannot be read", () => {
  assertEquals(history([], { unread: [a] }), "No snapshot that can be read matches.\n");
});

Deno.test("renderHistory() draws where a line leads to a snapshot that cannot be read", () => {
  const [lost, item1] = [item(a), item(b, { parent_snapshot_id: a, is_latest: true, is_head: true })];
  const lines = history([item1], { unread: [lost.snapshot_id] }).trimEnd().split("\n");
  assertEquals(lines.length, 2);
  assertStringIncludes(lines[1] ?? "", "┊  ");
  assertStringIncludes(lines[1] ?? "", "missing or damaged");
});
