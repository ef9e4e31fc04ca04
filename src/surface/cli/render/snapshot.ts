import { formatBytes } from "../../../model/duration.ts";
import { shortId } from "../../../model/ids.ts";
import type { Descriptor } from "../../../model/records.ts";
import { oneLine } from "../style.ts";
import type { Renderer } from "./view.ts";
import { ago, contentText, degradationLines, facts, noteText, shortName } from "./words.ts";

interface Saved {
  readonly created: boolean;
  readonly snapshot: Descriptor;
  readonly kept_line_as?: string | null;
}

/** What `snapshot` made. */
export const renderSnapshot: Renderer<Saved> = ({ created, snapshot, kept_line_as: kept }, { style }) => {
  if (!created) {
    return `Nothing changed since ${shortName(snapshot.snapshot_id, style)}: no snapshot was made.\n`;
  }
  const { stats } = snapshot;
  return `Created snapshot ${style.paint("name", snapshot.snapshot_id)}\n` + facts(
    [
      ["note", oneLine(snapshot.note)],
      ["tags", snapshot.tags.join(", ")],
      [
        "content",
        `${contentText(stats)} (${formatBytes(stats.changed_bytes)} changed), by ${snapshot.engine}`,
      ],
      [
        "quality",
        snapshot.consistency_level === "best_effort" ? "best_effort: files changed while it was made" : "",
      ],
      ["old line", kept ? `kept as ${kept}` : ""],
    ],
    style,
    "  ",
  ) + degradationLines(snapshot.degradations, style).map((line) => `  ${line}\n`).join("");
};

interface Shown {
  readonly snapshot: Descriptor;
  readonly integrity_state?: string;
  readonly worktree?: string | null;
  readonly refs?: readonly string[];
}

/** All that is known of one snapshot. */
export const renderShow: Renderer<Shown> = (result, { style, now }) => {
  const { snapshot: s } = result;
  const note = s.note.includes("\n")
    ? s.note.trim().split("\n").map((line) => `\n    ${oneLine(line)}`).join("")
    : "";
  return `Snapshot ${style.paint("name", s.snapshot_id)} ${style.paint("strong", noteText(s.note))}`
    .trimEnd() +
    "\n" +
    (note === "" ? "" : `${note.slice(1)}\n`) + facts(
      [
        ["made", `${s.created_at} (${ago(s.created_at, now)})`],
        ["kind", s.kind === "manual" ? "" : s.kind],
        ["worktree", result.worktree ?? ""],
        [
          "parent",
          s.parent_snapshot_id === null ? "none: the first of its line" : shortId(s.parent_snapshot_id),
        ],
        ["tags", s.tags.join(", ")],
        ["refs", (result.refs ?? []).join(", ")],
        ["paths", (s.paths ?? []).join(", ")],
        ["content", contentText(s.stats)],
        ["changed", formatBytes(s.stats.changed_bytes)],
        ["engine", s.engine],
        ["consistency", s.consistency_level],
        ["integrity", result.integrity_state ?? ""],
        ["root hash", s.payload_root_hash?.value ?? "not computed yet"],
        ["ignored", s.ignore_rules === null ? "" : "by .jvsignore"],
      ],
      style,
      "  ",
    ) + degradationLines(s.degradations, style).map((line) => `  ${line}\n`).join("");
};
