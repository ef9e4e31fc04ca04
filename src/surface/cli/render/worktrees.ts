import { shortId } from "../../../model/ids.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { pathText, table } from "./style.ts";
import type { Renderer } from "./view.ts";
import { facts, lost, shortName } from "./words.ts";

type Item = ResultOf<"worktree list">["worktrees"][number];

const STATES: Readonly<Record<Item["state"], string>> = {
  ok: "",
  missing: "its folder is gone",
  replaced: "its folder is another one now",
  damaged: "its record cannot be read",
};

/** The list of worktrees, with the snapshot that each stands on. */
export const renderWorktrees: Renderer<"worktree list"> = ({ worktrees }, { style }) => {
  const rows = worktrees.map((each) => {
    const { current, detached, head_snapshot_id: head, name, path, state } = each;
    const standing = head === null
      ? style.paint("faint", state === "damaged" ? "unknown" : "no snapshot yet")
      : shortName(head, style);
    const marks = [detached ? "DETACHED" : "", STATES[state]].filter((mark) => mark !== "").join(", ");
    return [
      current ? "*" : "",
      style.paint("strong", name),
      standing,
      style.paint("notice", marks),
      path === null ? "" : pathText(path),
    ];
  });
  const columns = ["", "worktree", "head", "", "folder"].map((title) => ({ title }));
  return table(columns, rows, style);
};

/** A new worktree. */
export const renderNewWorktree: Renderer<"worktree fork"> = (result, { style }) => {
  const { degradations, head_snapshot_id: head, live, name, path, verified } = result;
  const from = live ? "the files as they are now" : head === null ? "" : shortId(head);
  const pairs = [
    ["folder", pathText(path)],
    ["from", from],
    ["checked", verified || live || head === null ? "" : "no: too much to read again; --verify reads it all"],
    ...lost(degradations),
  ] as const;
  return `Created worktree ${style.paint("strong", name)}\n${facts(pairs, style, "  ")}`;
};

/** A renamed worktree. */
export const renderRenamed: Renderer<"worktree rename"> = (
  { name, old_name, path },
  { style },
) =>
  `Renamed worktree ${old_name} to ${style.paint("strong", name)}\n${
    facts([["folder", pathText(path)]], style, "  ")
  }`;

/** A removed worktree, and what is kept of it. */
export const renderRemoved: Renderer<"worktree remove"> = (result, { style }) => {
  const { autosave_snapshot_id: autosave, kept_until, latest_snapshot_id: latest, name } = result;
  const pairs = [
    ["unsaved work", autosave === null ? "" : `kept as ${shortId(autosave)}`],
    [
      "its line",
      latest === null
        ? ""
        : `ends with ${shortId(latest)}, kept until ${(kept_until ?? "").slice(0, 10)} at least`,
    ],
  ] as const;
  return `Removed worktree ${style.paint("strong", name)}\n${facts(pairs, style, "  ")}`;
};

/** The path and nothing else, for scripts: `cd $(jvs worktree path x)`. */
export const renderPath: Renderer<"path" | "worktree path"> = ({ path }) => `${path}\n`;
