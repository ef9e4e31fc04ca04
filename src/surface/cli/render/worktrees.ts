import { shortId } from "../../../model/ids.ts";
import type { worktreeFork } from "../../../operation/worktree_fork.ts";
import type { worktreeList } from "../../../operation/worktree_list.ts";
import type { worktreeRemove } from "../../../operation/worktree_remove.ts";
import type { worktreeRename } from "../../../operation/worktree_rename.ts";
import { pathText, table } from "./style.ts";
import type { Renderer, ResultOf } from "./view.ts";
import { facts, lost, shortName } from "./words.ts";

type Item = ResultOf<typeof worktreeList>["worktrees"][number];

const STATES: Readonly<Record<Item["state"], string>> = {
  ok: "",
  missing: "its folder is gone",
  replaced: "its folder is another one now",
  damaged: "its record cannot be read",
};

/** The worktrees there are and where each stands. */
export const renderWorktrees: Renderer<ResultOf<typeof worktreeList>> = ({ worktrees }, { style }) => {
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

/** A worktree that was made. */
export const renderNewWorktree: Renderer<ResultOf<typeof worktreeFork>> = (result, { style }) => {
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

/** A worktree that has another name now. */
export const renderRenamed: Renderer<ResultOf<typeof worktreeRename>> = (
  { name, old_name, path },
  { style },
) =>
  `Renamed worktree ${old_name} to ${style.paint("strong", name)}\n${
    facts([["folder", pathText(path)]], style, "  ")
  }`;

/** A worktree that is gone, and what of it is not. */
export const renderRemoved: Renderer<ResultOf<typeof worktreeRemove>> = (result, { style }) => {
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

/** A path by itself, for scripts: `cd $(jvs worktree path x)`. */
export const renderPath: Renderer<{ readonly path: string }> = ({ path }) => `${path}\n`;
