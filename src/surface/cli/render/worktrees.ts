import { shortId } from "../../../model/ids.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { joinTexts, oneLine, pathText, type Renderer, table } from "./style.ts";
import { ago, leaseText, lost, noteText, shortName, titled } from "./words.ts";

const STATES: Readonly<Record<ResultOf<"worktree list">["worktrees"][number]["state"], string>> = {
  ok: "",
  missing: "its folder is gone",
  replaced: "its folder is another one now",
  damaged: "its record cannot be read",
};

/** The list of worktrees, with the snapshot that each stands on. */
export const renderWorktrees: Renderer<"worktree list"> = ({ worktrees }, { style }) => {
  const rows = worktrees.map(({ current, detached, head_snapshot_id: head, lease, name, path, state }) => [
    current ? "*" : "",
    style.paint("strong", name),
    head === null
      ? style.paint("faint", state === "damaged" ? "unknown" : "no snapshot yet")
      : shortName(head, style),
    style.paint(
      "notice",
      joinTexts([detached ? "DETACHED" : "", STATES[state], lease === null ? "" : leaseText(lease)], ", "),
    ),
    path === null ? "" : pathText(path),
  ]);
  return table(["", "worktree", "head", "", "folder"], rows, style);
};

/** A new worktree. */
export const renderNewWorktree: Renderer<"worktree fork"> = (result, { style }) => {
  const { degradations, head_snapshot_id: head, live, name, path, verified } = result;
  const isChecked = verified || live || head === null;
  return titled(`Created worktree ${style.paint("strong", name)}`, [
    ["folder", pathText(path)],
    ["from", live ? "the files as they are now" : head === null ? "" : shortId(head)],
    ["checked", isChecked ? "" : "no: too much to read again; --verify reads it all"],
    ...lost(degradations),
  ], style);
};

/** A renamed worktree. */
export const renderRenamed: Renderer<"worktree rename"> = ({ name, old_name, path }, { style }) => {
  const title = `Renamed worktree ${old_name} to ${style.paint("strong", name)}`;
  return titled(title, [["folder", pathText(path)]], style);
};

/** A removed worktree, and what is kept of it. */
export const renderRemoved: Renderer<"worktree remove"> = (result, { style }) => {
  const { autosave_snapshot_id: autosave, kept_until, latest_snapshot_id: latest, name } = result;
  const until = (kept_until ?? "").slice(0, 10);
  return titled(`Removed worktree ${style.paint("strong", name)}`, [
    ["unsaved work", autosave === null ? "" : `kept as ${shortId(autosave)} until ${until} at least`],
    ["its line", latest === null ? "" : `ends with ${shortId(latest)}, kept until ${until} at least`],
  ], style);
};

/** The path and nothing else, for scripts: `cd $(jvs worktree path x)`. */
export const renderPath: Renderer<"path" | "worktree path"> = ({ path }) => `${path}\n`;

/** The list of refs. */
export const renderRefs: Renderer<"ref list"> = ({ refs }, { style, now }) => {
  if (refs.length === 0) return "No refs. Give a snapshot a name with `jvs ref create NAME`.\n";
  const rows = refs.map(({ ref_name, snapshot_id, created_at, note }) => [
    style.paint("strong", ref_name),
    shortName(snapshot_id, style),
    ago(created_at, now),
    oneLine(note),
  ]);
  return table(["ref", "snapshot", "made", "note"], rows, style);
};

/** A new ref. */
export const renderRefCreated: Renderer<"ref create"> = ({ ref }, { style }) => {
  const line = ref.keeps_line ? " and what is before it" : "";
  const text = `Created ref ${style.paint("strong", ref.ref_name)} for ${
    shortName(ref.snapshot_id, style)
  }${line}`;
  return `${text} ${noteText(ref.note)}`.trimEnd() + "\n";
};

/** A deleted ref. */
export const renderRefDeleted: Renderer<"ref delete"> = ({ ref }, { style }) =>
  `Removed ref ${style.paint("strong", ref.ref_name)}; ${shortName(ref.snapshot_id, style)} stays\n`;
