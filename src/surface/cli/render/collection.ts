import { formatBytes } from "../../../model/duration.ts";
import { grouped } from "../../../model/grouped.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { shellWord } from "../../../model/path_text.ts";
import {
  count,
  displayWidth,
  fit,
  joinTexts,
  oneLine,
  type Renderer,
  roomAfter,
  type Style,
  table,
  wrap,
} from "./style.ts";
import { ago, type Facts, momentToCome, noteText, shortName, titled } from "./words.ts";

type Plan = ResultOf<"gc plan">;
type Planned = Plan["snapshots"][number];

const MOST_LISTED = 20;

/** What would go and what it frees, why the others stay, and how to go on, unless `gc run --yes` shows what it is about to do. */
export const renderPlan: Renderer<"gc plan"> = (plan, { style, now, input }) => {
  const { candidates, plan_id, snapshots } = plan;
  const name = `GC Plan ${style.paint("name", plan_id)}, by the policy ${
    style.paint("strong", oneLine(plan.policy.name))
  }`;
  const going = snapshots.filter(({ action }) => action !== "keep");
  const listed = input["all"] === true ? snapshots : going.slice(0, MOST_LISTED);
  const kept: Facts = [["stays", keptText(plan)], ...otherReasons(plan, style)];
  const head = candidates.length === 0 ? titled(`${name}: nothing can go`, kept, style) : titled(name, [
    ["goes", goingText(going)],
    ["frees", freedText(plan)],
    ...kept,
    ["limit", limitText(plan)],
  ], style);
  if (listed.length === 0) return head;
  const isRunning = input["yes"] === true;
  const more = input["all"] === true ? 0 : going.length - listed.length;
  const rest = more > 0
    ? `${style.paint("faint", `… and ${grouped(more)} more${whereAll(plan, isRunning)}`)}\n`
    : "";
  return `${head}\n${plannedTable(listed, plan, now, style)}${rest}${isRunning ? "" : wayOn(plan, style)}`;
};

/** Where those are named that are not listed: what a run takes is in no plan afterwards, but in the audit trail. */
function whereAll({ policy: { name } }: Plan, isRunning: boolean): string {
  if (isRunning) return ': `jvs audit --operation "gc run" --json` names what went';
  const word = shellWord(name);
  if (word === undefined) return ""; // no command line can show this name
  return `: \`jvs gc plan${name === USUAL ? "" : ` --policy ${word}`} --all\` lists each snapshot`;
}

/** The policy of the settings, which needs no flag. */
const USUAL = "default";

function wayOn({ candidates, plan_id }: Plan, style: Style): string {
  if (candidates.length === 0) return "";
  return `Nothing was changed. Do it with ${style.paint("name", `jvs gc run --plan-id ${plan_id}`)}\n`;
}

/** Of the first that go, or of all, it shows what people wrote of them, of what stays the reasons, in as many lines as they take. */
function plannedTable(planned: readonly Planned[], { going }: Plan, now: number, style: Style): string {
  const written = new Map(going.slice(0, planned.length).map((each) => [each.snapshot_id, each]));
  const facts = planned.map(({ action, bytes, snapshot_id: id }) => [
    shortName(id, style),
    ago(new Date(Number(id.slice(0, 13))).toISOString(), now),
    action,
    action === "keep" ? "" : formatBytes(bytes),
  ]);
  const room = Math.max(LEAST_ROOM, roomAfter(TITLES, facts, style));
  const rows = planned.flatMap(({ reasons, snapshot_id: id }, i) => {
    const goes = written.get(id);
    const [first = "", ...lines] = goes === undefined
      ? wrap(oneLine(reasons.join(", ")), room).split("\n")
      : [writtenText(goes, room, style)];
    return [[...facts[i] ?? [], first], ...lines.map((line) => [...TITLES.map(() => ""), line])];
  });
  const isAnyKept = planned.some(({ action }) => action === "keep");
  const isAnyWritten = rows.some((row) => row.at(-1) !== "");
  const last = isAnyKept ? "tags and note, or why it stays" : isAnyWritten ? "tags and note" : "";
  return table([...TITLES, last], rows, style);
}

const TITLES = ["snapshot", "made", "what", "frees"];
/** So much is shown of a note in the narrowest terminal. */
const LEAST_ROOM = 16;

/** `[release-0] "what was noted"`, cut to fit: the tags before the note. */
function writtenText({ note, tags }: Plan["going"][number], room: number, style: Style): string {
  const labels = fit(tags.map((tag) => `[${oneLine(tag)}]`).join(" "), room);
  const left = room - (labels === "" ? 0 : displayWidth(labels) + 1);
  return joinTexts([style.paint("notice", labels), left < 2 ? "" : fit(noteText(note), left)], " ");
}

/** `the content of 3 snapshots (pruned: …), 2 snapshots whole (deleted)`. */
function goingText(going: readonly Planned[]): string {
  const of = (action: Planned["action"]) => going.filter((each) => each.action === action).length;
  const [pruned, deleted] = [of("prune"), of("delete")];
  return joinTexts([
    pruned > 0 ? `the content of ${count(pruned, "snapshot")} (pruned: kept ones descend from them)` : "",
    deleted > 0 ? `${count(deleted, "snapshot")} whole (deleted)` : "",
  ], ", ");
}

function freedText({ deletable_bytes_estimate: bytes, is_exact, total_bytes }: Plan): string {
  const share = total_bytes > 0 ? ` of ${formatBytes(total_bytes)}` : "";
  return `${formatBytes(bytes)}${share}${is_exact ? "" : ", about: not all of it could be looked at"}`;
}

/** `5 snapshots, 1 of them pruned: 4 on lines of worktrees, 2 by refs (some for several reasons)`. */
function keptText({ snapshots, ...plan }: Plan): string {
  const reasons = ([
    [plan.protected_by_lineage, "on lines of worktrees"],
    [plan.protected_by_ref, "by refs"],
    [plan.protected_by_pin, "by pins"],
    [plan.protected_by_retention, "by age, number or tag"],
    [plan.protected_by_other, "for other reasons"],
  ] as const).filter(([number]) => number > 0);
  const kept = snapshots.length - plan.candidate_count;
  if (kept === 0) return "";
  const overlap = reasons.reduce((sum, [number]) => sum + number, 0) > kept
    ? " (some for several reasons)"
    : "";
  const parts = reasons.map(([number, why]) => `${grouped(number)} ${why}`);
  const pruned = plan.kept_pruned > 0 ? `, ${grouped(plan.kept_pruned)} of them pruned` : "";
  return `${joinTexts([`${count(kept, "snapshot")}${pruned}`, parts.join(", ")], ": ")}${overlap}`;
}

/** The reasons that are no names, lines or settings: with them a person learns why nothing goes. */
function otherReasons({ other_reasons: reasons }: Plan, style: Style): Facts {
  const shown = reasons.slice(0, MOST_REASONS);
  const isDamage = reasons.some((each) => each.is_damage);
  const lines = [
    ...shown.map(({ count, why }) => `${grouped(count)} ${oneLine(why)}`),
    reasons.length > shown.length ? `… and for ${grouped(reasons.length - shown.length)} reasons more` : "",
    isDamage ? "`jvs doctor` says what to do about what is damaged or missing" : "",
  ].filter((line) => line !== "");
  const broken = lines.flatMap((line) => wrap(line, style.rowWidth - INDENT).split("\n"));
  return broken.map((line, i) => [i === 0 ? "others" : "", line]);
}

const MOST_REASONS = 3;
/** What `titled` has before each value here. */
const INDENT = 10;

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
export const renderCollected: Renderer<"gc run"> = (result, { style }) => {
  const { deleted, finished, freed_bytes, in_use, pruned, replaced_bytes } = result;
  const gone = pruned.length + deleted.length + finished.length;
  const title = gone === 0 && replaced_bytes === 0
    ? "Nothing was left to collect"
    : `Freed ${style.paint("strong", formatBytes(freed_bytes + replaced_bytes))}`;
  return titled(title, [
    [
      "pruned",
      pruned.length === 0 ? "" : `${count(pruned.length, "snapshot")}: the place in the history stays`,
    ],
    ["deleted", deleted.length === 0 ? "" : count(deleted.length, "snapshot")],
    [
      "finished",
      finished.length === 0
        ? ""
        : `${count(finished.length, "snapshot")} that an earlier run took out of the history`,
    ],
    [
      "replaced",
      replaced_bytes === 0
        ? ""
        : `${
          formatBytes(replaced_bytes)
        } that restores had replaced, kept long enough by restore.keep_replaced`,
    ],
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
      : `until ${momentToCome(expires_at, now)}`,
    oneLine(reason),
  ]);
  return table(["pin", "snapshot", "", "made", "kept", "reason"], rows, style);
};

/** A new pin. */
export const renderPinned: Renderer<"gc pin"> = (
  { pin: { expires_at, keeps_line, snapshot_id } },
  { now, style },
) =>
  `Pinned ${shortName(snapshot_id, style)}${keeps_line ? " and what is before it" : ""}: kept ${
    expires_at === null ? "forever" : `until ${momentToCome(expires_at, now)}`
  }\n`;

/** Pins that were removed. */
export const renderUnpinned: Renderer<"gc unpin"> = ({ pins }, { style }) =>
  `Removed ${count(pins.length, "pin")} of ${shortName(pins[0]?.snapshot_id ?? "", style)}\n`;
