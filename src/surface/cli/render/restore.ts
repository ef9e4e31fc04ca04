import { shortId } from "../../../model/ids.ts";
import type { restore } from "../../../operation/restore.ts";
import { count, pathText } from "./style.ts";
import type { Renderer, ResultOf } from "./view.ts";
import { facts, lost, shortName } from "./words.ts";

/** What restore brought back, and what it kept. */
export const renderRestore: Renderer<ResultOf<typeof restore>> = (result, { style }) => {
  const { preview, snapshot_id, sentence, verified, autosave_snapshot_id, second_autosave_id } = result;
  const lines = [sentence.replace(shortId(snapshot_id), shortName(snapshot_id, style))];
  if (result.detached && !preview) {
    lines.push(
      `The worktree is ${style.paint("notice", "DETACHED")}: newer snapshots follow this one. ` +
        "Go on from here with `jvs worktree fork NAME`, or go back with `jvs restore HEAD`.",
    );
  }
  if (result.pending_recovery.length > 0) {
    lines.push(
      `${
        style.paint("notice", "Interrupted")
      }: an operation did not finish, and this is about what it left. ` +
        "The next change, or `jvs doctor --repair-runtime`, mends that first.",
    );
  }
  const saved = facts(
    [
      [
        "autosave",
        autosave_snapshot_id === null ? "" : `${shortName(autosave_snapshot_id, style)}: unsaved work`,
      ],
      [
        "autosave",
        second_autosave_id === null ? "" : `${shortName(second_autosave_id, style)}: written meanwhile`,
      ],
      ["content", verified || preview ? "" : "was not verified; `jvs verify` does it"],
      ...lost(result.degradations),
    ],
    style,
    "  ",
  );
  return `${lines.join("\n")}\n${saved}` +
    listed("Kept, though the snapshot does not have it", result.kept) +
    listed(
      "Left alone, as the snapshot does not hold it, or it cannot be read, entered or made here",
      result.left_alone,
    ) +
    listed("Have files open here, perhaps as they were before", openers(result.processes));
};

/** Who only stands in the worktree is well: its folder is the same. */
function openers(processes: ResultOf<typeof restore>["processes"]): string[] {
  return processes.filter(({ uses }) => uses === "file").map(({ name, pid }) => `${name} (process ${pid})`);
}

const LISTED = 20;

function listed(title: string, paths: readonly string[]): string {
  if (paths.length === 0) return "";
  const lines = paths.slice(0, LISTED).map((path) => `    ${pathText(path)}`);
  if (paths.length > LISTED) lines.push(`    … and ${count(paths.length - LISTED, "more", "more")}`);
  return `  ${title}:\n${lines.join("\n")}\n`;
}
