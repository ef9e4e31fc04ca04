import { formatBytes } from "../../../model/duration.ts";
import { grouped } from "../../../model/grouped.ts";
import { shortId } from "../../../model/ids.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { count, joinTexts, oneLine, pathText, type Renderer, type Style, table } from "./style.ts";
import { ago, contentText, lost, noteText, shortName, signatureText, titled, WAYS_ON } from "./words.ts";

/** The new snapshot. */
export const renderSnapshot: Renderer<"snapshot"> = (result, { style }) => {
  const { created, snapshot: saved, kept_line_as: kept } = result;
  if (!created) {
    return `Nothing changed since ${shortName(saved.snapshot_id, style)}: no snapshot was made.\n`;
  }
  const isBestEffort = saved.consistency_level === "best_effort";
  const changed = formatBytes(saved.stats.changed_bytes);
  return titled(`Created snapshot ${style.paint("name", saved.snapshot_id)}`, [
    ["note", oneLine(saved.note)],
    ["tags", saved.tags.map(oneLine).join(", ")],
    ["content", `${contentText(saved.stats)} (${changed} changed), by ${howText(saved.engine)}`],
    ["quality", isBestEffort ? "best_effort: files changed while it was made" : ""],
    ["old line", kept === null ? "" : `kept as ${kept}`],
    ...lost(saved.degradations),
  ], style);
};

/** Everything about one snapshot. */
export const renderShow: Renderer<"show"> = (result, { style, now }) => {
  const { snapshot: s } = result;
  const title = joinTexts([`Snapshot ${style.paint("name", s.snapshot_id)}`, noteText(s.note)], " ");
  const body = s.note.trim().split("\n").slice(1).map((line) => `\n    ${oneLine(line)}`).join("");
  const shown = titled(title + body, [
    ["made", `${s.created_at} (${ago(s.created_at, now)})`],
    ["kind", s.kind === "manual" ? "" : s.kind],
    ["worktree", result.worktree ?? ""],
    ["parent", s.parent_snapshot_id === null ? "none: the first of its line" : shortId(s.parent_snapshot_id)],
    ["tags", s.tags.map(oneLine).join(", ")],
    ["refs", result.refs.join(", ")],
    ["files in", result.integrity_state === "pruned" ? "none: its content was pruned" : oneLine(result.path)],
    ["paths", (s.paths ?? []).map(oneLine).join(", ")],
    ["content", contentText(s.stats)],
    ["changed", formatBytes(s.stats.changed_bytes)],
    ["engine", s.engine],
    ["consistency", s.consistency_level],
    ["integrity", result.integrity_state],
    ["signed", signatureText(result.signature)],
    ["root hash", s.payload_root_hash?.value ?? "not computed yet"],
    ["left out", s.ignore_rules === null ? "" : "what .jvsignore says"],
    ...lost(s.degradations),
  ], style);
  return result.files === null ? shown : `${shown}\n${fileTable(result.files, style)}`;
};

function fileTable(files: NonNullable<ResultOf<"show">["files"]>, style: Style): string {
  const rows = files.map(({ path, type, mode, size, mtime, target }) => [
    `${type === "file" ? "" : `${type} `}${mode}`,
    type === "file" ? grouped(size) : "",
    new Date(Number(mtime) * 1000).toISOString().slice(0, 19).replace("T", " "),
    `${pathText(path)}${type === "dir" ? "/" : ""}${target === null ? "" : ` → ${pathText(target)}`}`,
  ]);
  return table(["mode", "size", "time", "path"], rows, style, "size");
}

/** What a restore changed and kept. */
export const renderRestore: Renderer<"restore"> = (result, { style }) => {
  const { preview, snapshot_id, sentence, verified, autosave_snapshot_id, second_autosave_id } = result;
  const lines = [sentence.replace(shortId(snapshot_id), shortName(snapshot_id, style))];
  if (result.detached && !preview) {
    const detached = style.paint("notice", "DETACHED");
    lines.push(`The worktree is ${detached}: this is not the newest of its line. ${WAYS_ON}`);
  }
  if (result.pending_recovery.length > 0) {
    lines.push(
      `${
        style.paint("notice", "Interrupted")
      }: an operation did not finish, and this preview shows what it ` +
        "left. The next change, or `jvs doctor --repair-runtime`, first completes or undoes it.",
    );
  }
  const autosave = (id: string | null, what: string) => id === null ? "" : `${shortName(id, style)}: ${what}`;
  // A program that only has its working folder here is not affected.
  const openers = result.processes.filter(({ uses }) => uses === "file")
    .map(({ name, pid }) => `${name} (process ${pid})`);
  return titled(lines.join("\n"), [
    ["autosave", autosave(autosave_snapshot_id, "unsaved work")],
    ["autosave", autosave(second_autosave_id, "written meanwhile")],
    ["content", verified || preview ? "" : "was not verified; `jvs verify` does it"],
    ...lost(result.degradations),
  ], style) +
    listed("Kept, though the snapshot does not have it", result.kept) +
    listed(
      "Not touched: not in the snapshot, or it cannot be read, entered or made here",
      result.left_alone,
    ) +
    listed("These programs have files open here, perhaps replaced ones", openers);
};

const LISTED = 20;

function listed(title: string, paths: readonly string[]): string {
  if (paths.length === 0) return "";
  const lines = paths.slice(0, LISTED).map((path) => `    ${pathText(path)}`);
  if (paths.length > LISTED) lines.push(`    … and ${count(paths.length - LISTED, "more", "more")}`);
  return `  ${title}:\n${lines.join("\n")}\n`;
}

/** The engine; on a volume that other hosts may write to, with what it cannot see. */
function howText(engine: string): string {
  return engine === "juicefs-clone" ? `${engine}, as this host's mount saw it` : engine;
}
