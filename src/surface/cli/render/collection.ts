import { formatBytes } from "../../../model/duration.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { count, grouped, joinTexts, oneLine, type Renderer, type Style, table } from "./style.ts";
import { ago, shortName, titled } from "./words.ts";

type Plan = ResultOf<"gc plan">;
type Planned = Plan["snapshots"][number];

const MOST_LISTED = 20;

/** What would go and what it frees, why the others stay, and how to go on. */
export const renderPlan: Renderer<"gc plan"> = (plan, { style, now }) => {
  const { candidates, plan_id, snapshots } = plan;
  const name = `GC Plan ${style.paint("name", plan_id)}, by the policy ${
    style.paint("strong", oneLine(plan.policy.name))
  }`;
  if (candidates.length === 0) return titled(`${name}: nothing can go`, [["stays", keptText(plan)]], style);
  const going = snapshots.filter(({ action }) => action !== "keep");
  const rows = going.slice(0, MOST_LISTED).map((each) => [
    shortName(each.snapshot_id, style),
    ago(new Date(Number(each.snapshot_id.slice(0, 13))).toISOString(), now),
    each.action,
    formatBytes(each.bytes),
  ]);
  const more = going.length - rows.length;
  const lines = more > 0 ? [style.paint("faint", `… and ${grouped(more)} more: --json lists all`), ""] : [""];
  return titled(name, [
    ["goes", goingText(going)],
    ["frees", freedText(plan)],
    ["stays", keptText(plan)],
    ["limit", limitText(plan)],
  ], style) + `\n${table(["snapshot", "made", "what", "frees"], rows, style)}${lines.join("\n")}` +
    `Nothing was changed. Do it with ${style.paint("name", `jvs gc run --plan-id ${plan_id}`)}\n`;
};

/** `3 lose their content, 2 go whole`. */
function goingText(going: readonly Planned[]): string {
  const of = (action: Planned["action"]) => going.filter((each) => each.action === action).length;
  const [pruned, deleted] = [of("prune"), of("delete")];
  return joinTexts([
    pruned > 0 ? `the content of ${count(pruned, "snapshot")} (pruned)` : "",
    deleted > 0 ? `${count(deleted, "snapshot")} whole (deleted)` : "",
  ], ", ");
}

function freedText({ deletable_bytes_estimate: bytes, is_exact, total_bytes }: Plan): string {
  const share = total_bytes > 0 ? ` of ${formatBytes(total_bytes)}` : "";
  return `${formatBytes(bytes)}${share}${is_exact ? "" : ", about: not all of it could be looked at"}`;
}

function keptText({ protected_by_lineage, protected_by_other, protected_by_pin, ...plan }: Plan): string {
  const { protected_by_ref, protected_by_retention } = plan;
  const part = (number: number, why: string) => number > 0 ? `${grouped(number)} ${why}` : "";
  return joinTexts([
    part(protected_by_lineage, "on lines of worktrees"),
    part(protected_by_ref, "by refs"),
    part(protected_by_pin, "by pins"),
    part(protected_by_retention, "by age, number or tag"),
    part(protected_by_other, "for other reasons"),
  ], ", ");
}

function limitText(
  { deletable_bytes_estimate, policy: { max_repo_bytes: limit }, total_bytes }: Plan,
): string {
  const left = total_bytes - deletable_bytes_estimate;
  if (limit === 0 || left <= limit) return "";
  return `${formatBytes(left)} stay, more than ${
    formatBytes(limit)
  }: the rest is kept by names, tags and lines`;
}

/** What went and what that freed. */
export const renderCollected: Renderer<"gc run"> = ({ deleted, freed_bytes, in_use, pruned }, { style }) => {
  const gone = pruned.length + deleted.length;
  const title = gone === 0
    ? "Nothing was left to collect"
    : `Freed ${style.paint("strong", formatBytes(freed_bytes))}`;
  return titled(title, [
    [
      "pruned",
      pruned.length === 0 ? "" : `${count(pruned.length, "snapshot")}: the place in the history stays`,
    ],
    ["deleted", deleted.length === 0 ? "" : count(deleted.length, "snapshot")],
    [
      "in use",
      in_use.length === 0
        ? ""
        : `${names(in_use, style)}; the next run takes ${in_use.length === 1 ? "it" : "them"}`,
    ],
  ], style);
};

function names(ids: readonly string[], style: Style): string {
  const shown = ids.slice(0, 5).map((id) => shortName(id, style)).join(", ");
  return ids.length > 5 ? `${shown} and ${ids.length - 5} more` : shown;
}

/** The list of pins. */
export const renderPins: Renderer<"gc pins"> = ({ pins }, { style, now }) => {
  if (pins.length === 0) {
    return "No pins. Keep a snapshot from garbage collection with `jvs gc pin SNAPSHOT`.\n";
  }
  const rows = pins.map(({ created_at, expired, expires_at, keeps_line, pin_id, reason, snapshot_id }) => [
    pin_id.slice(0, 8),
    shortName(snapshot_id, style),
    keeps_line ? "and what is before it" : "",
    ago(created_at, now),
    expires_at === null
      ? "forever"
      : expired
      ? style.paint("faint", "over")
      : `until ${expires_at.slice(0, 10)}`,
    oneLine(reason),
  ]);
  return table(["pin", "snapshot", "", "made", "kept", "reason"], rows, style);
};

/** A new pin. */
export const renderPinned: Renderer<"gc pin"> = ({ pin: { expires_at, snapshot_id } }, { style }) =>
  `Pinned ${shortName(snapshot_id, style)}: kept ${
    expires_at === null ? "forever" : `until ${expires_at.slice(0, 16)}`
  }\n`;

/** Pins that were removed. */
export const renderUnpinned: Renderer<"gc unpin"> = ({ pins }, { style }) =>
  `Removed ${count(pins.length, "pin")} of ${shortName(pins[0]?.snapshot_id ?? "", style)}\n`;
