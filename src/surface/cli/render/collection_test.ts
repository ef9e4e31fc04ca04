import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { idOf } from "../../../../tests/support/made_up_results.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { renderPinned, renderPins, renderPlan } from "./collection.ts";
import { createStyle, displayWidth } from "./style.ts";

type Plan = ResultOf<"gc plan">;
const NOW = Date.parse("2026-05-04T12:00:00Z");

/** A plan by which the first `going` of 40 snapshots are pruned. */
function planOf(going: number, policy: string, more: Partial<Plan> = {}): Plan {
  const ids = Array.from({ length: 40 }, (_, i) => idOf(`0000${1000 + i}`, i));
  const candidates = ids.slice(0, going);
  return {
    plan_version: 1,
    plan_id: "0123456789abcdef",
    repo_id: crypto.randomUUID(),
    created_at: new Date(NOW).toISOString(),
    policy: {
      name: policy,
      prune_ancestors: true,
      keep_last_n: 0,
      keep_days: 0,
      keep_tag_prefixes: [],
      max_repo_bytes: 0,
      keep_autosave_days: 0,
    },
    candidates,
    candidate_count: going,
    protected_by_pin: 0,
    protected_by_lineage: 40 - going,
    protected_by_ref: 0,
    protected_by_retention: 0,
    protected_by_other: 0,
    deletable_bytes_estimate: 0,
    is_exact: true,
    total_bytes: 1_000_000,
    snapshots: ids.map((id, i) => ({
      snapshot_id: id,
      action: i < going ? "prune" as const : "keep" as const,
      reasons: i < going
        ? []
        : ["head of worktree main", "newest of worktree main", "ref some-name-of-usual-length"],
      bytes: i < going ? 123_456_789 : 0,
    })),
    going: candidates.map((id, i) => ({
      snapshot_id: id,
      tags: i === 0 ? ["release-0", "日本"] : [],
      note: i < 2 ? "what was saved here takes more than one row of a terminal" : "",
    })),
    kept_pruned: 0,
    other_reasons: [],
    ...more,
  };
}

function shown(plan: Plan, input: Record<string, unknown> = {}, width = 80): string {
  return renderPlan(plan, { style: createStyle({ color: false, width }), now: NOW, input }) as string;
}

Deno.test("renderPlan() shows tags and note of what goes, cut so that no row is wider than the terminal", () => {
  const rows = (width: number) => shown(planOf(3, "default"), {}, width).split("\n");
  for (const width of [60, 80, 120]) {
    const table = rows(width).slice(rows(width).indexOf("") + 1);
    for (const row of table) assert(displayWidth(row) <= Math.max(width, 70), `${width}: ${row}`);
  }
  const text = rows(80).join("\n");
  assertStringIncludes(text, '[release-0] [日本] "what was');
  assertStringIncludes(text, '"what was saved here takes more');
  assertStringIncludes(rows(120).join("\n"), 'more than one row of a terminal"');
});

Deno.test("renderPlan() says with --all why each stays, whole, in rows that fit", () => {
  const text = shown(planOf(3, "default"), { all: true });
  for (const row of text.split("\n\n")[1]?.split("\n") ?? []) assert(displayWidth(row) <= 80, row);
  const words = text.replaceAll(/\s+/g, " ");
  assertStringIncludes(
    words,
    "head of worktree main, newest of worktree main, ref some-name-of-usual-length",
  );
});

Deno.test("renderPlan() names the command that lists just this plan, or where a run names what went", () => {
  const last = (policy: string, input = {}) =>
    shown(planOf(26, policy), input).split("\n").find((line) => line.startsWith("…"));
  assertEquals(last("default"), "… and 6 more: `jvs gc plan --all` lists each snapshot");
  assertEquals(last("thin"), "… and 6 more: `jvs gc plan --policy thin --all` lists each snapshot");
  assertEquals(last("my own"), "… and 6 more: `jvs gc plan --policy 'my own' --all` lists each snapshot");
  const running = last("thin", { yes: true });
  assertEquals(running, '… and 6 more: `jvs audit --operation "gc run" --json` names what went');
});

Deno.test("renderPlan() counts those that were pruned, and names reasons that are no names, lines or settings", () => {
  const why = "perhaps before 1795452395135-75056347, whose records are missing";
  const text = shown(planOf(0, "thin", {
    kept_pruned: 28,
    protected_by_other: 4,
    other_reasons: [{ why, count: 4, is_damage: true }],
  }));
  assertStringIncludes(
    text,
    "stays   40 snapshots, 28 of them pruned: 40 on lines of worktrees, 4 for other reasons",
  );
  assertStringIncludes(text.replaceAll(/\s+/g, " "), `others 4 ${why} \`jvs doctor\` says what to do`);
});

Deno.test("renderPinned() and renderPins() show until when a pin keeps, to the second where that is soon", () => {
  const view = { style: createStyle({ color: false, width: 80 }), now: NOW, input: {} };
  const told = (hours: number) => {
    const pin = {
      pin_id: crypto.randomUUID(),
      snapshot_id: idOf("00001000"),
      reason: "",
      created_at: new Date(NOW).toISOString(),
      expires_at: new Date(NOW + hours * 3_600_000).toISOString(),
      keeps_line: false,
    };
    const [, until] = (renderPinned({ pin }, view) as string).split(": kept until ");
    assertStringIncludes(
      renderPins({ pins: [{ ...pin, expired: false }] }, view) as string,
      `until ${until}`,
    );
    return until;
  };
  assertEquals(told(1.5), "2026-05-04 13:30:00 UTC\n");
  assertEquals(told(24 * 90), "2026-08-02\n");
});
