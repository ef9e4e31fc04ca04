import { formatBytes } from "../../../model/duration.ts";
import { shortId } from "../../../model/ids.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { grouped, oneLine, pathText, type Style, table } from "./style.ts";
import type { Renderer } from "./view.ts";
import { ago, contentText, facts, lost, noteText, shortName } from "./words.ts";

/** The new snapshot. */
export const renderSnapshot: Renderer<"snapshot"> = (result, { style }) => {
  const { created, snapshot: saved, kept_line_as: kept } = result;
  if (!created) {
    return `Nothing changed since ${shortName(saved.snapshot_id, style)}: no snapshot was made.\n`;
  }
  const { stats } = saved;
  const isBestEffort = saved.consistency_level === "best_effort";
  const pairs = [
    ["note", oneLine(saved.note)],
    ["tags", saved.tags.join(", ")],
    ["content", `${contentText(stats)} (${formatBytes(stats.changed_bytes)} changed), by ${saved.engine}`],
    ["quality", isBestEffort ? "best_effort: files changed while it was made" : ""],
    ["old line", kept === null ? "" : `kept as ${kept}`],
    ...lost(saved.degradations),
  ] as const;
  return `Created snapshot ${style.paint("name", saved.snapshot_id)}\n${facts(pairs, style, "  ")}`;
};

/** Everything about one snapshot. */
export const renderShow: Renderer<"show"> = (result, { style, now }) => {
  const { snapshot: s } = result;
  const title = [`Snapshot ${style.paint("name", s.snapshot_id)}`, noteText(s.note)].filter((text) =>
    text !== ""
  );
  const body = s.note.trim().split("\n").slice(1).map((line) => `    ${oneLine(line)}\n`).join("");
  const pairs = [
    ["made", `${s.created_at} (${ago(s.created_at, now)})`],
    ["kind", s.kind === "manual" ? "" : s.kind],
    ["worktree", result.worktree ?? ""],
    ["parent", s.parent_snapshot_id === null ? "none: the first of its line" : shortId(s.parent_snapshot_id)],
    ["tags", s.tags.join(", ")],
    ["refs", result.refs.join(", ")],
    ["files in", oneLine(result.path)],
    ["paths", (s.paths ?? []).join(", ")],
    ["content", contentText(s.stats)],
    ["changed", formatBytes(s.stats.changed_bytes)],
    ["engine", s.engine],
    ["consistency", s.consistency_level],
    ["integrity", result.integrity_state],
    ["root hash", s.payload_root_hash?.value ?? "not computed yet"],
    ["left out", s.ignore_rules === null ? "" : "what .jvsignore says"],
    ...lost(s.degradations),
  ] as const;
  const files = result.files === null ? "" : `\n${fileTable(result.files, style)}`;
  return `${title.join(" ")}\n${body}${facts(pairs, style, "  ")}${files}`;
};

function fileTable(files: NonNullable<ResultOf<"show">["files"]>, style: Style): string {
  const columns = [{ title: "mode" }, { title: "size", align: "right" }, { title: "time" }, {
    title: "path",
  }] as const;
  return table(
    columns,
    files.map(({ path, type, mode, size, mtime, target }) => [
      `${type === "file" ? "" : `${type} `}${mode}`,
      type === "file" ? grouped(size) : "",
      new Date(Number(mtime) * 1000).toISOString().slice(0, 19).replace("T", " "),
      `${pathText(path)}${type === "dir" ? "/" : ""}${target === null ? "" : ` → ${pathText(target)}`}`,
    ]),
    style,
  );
}
