import { shortId } from "../../../model/ids.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { count, pathText } from "./style.ts";
import type { Renderer } from "./view.ts";
import { facts, lost, shortName, WAYS_ON } from "./words.ts";

/** What a restore changed and kept. */
export const renderRestore: Renderer<"restore"> = (result, { style }) => {
  const { preview, snapshot_id, sentence, verified, autosave_snapshot_id, second_autosave_id } = result;
  const lines = [sentence.replace(shortId(snapshot_id), shortName(snapshot_id, style))];
  if (result.detached && !preview) {
    lines.push(
      `The worktree is ${style.paint("notice", "DETACHED")}: this is not the newest of its line. ${WAYS_ON}`,
    );
  }
  if (result.pending_recovery.length > 0) {
    lines.push(
      `${
        style.paint("notice", "Interrupted")
      }: an operation did not finish, and this preview shows what it left. ` +
        "The next change, or `jvs doctor --repair-runtime`, first completes or undoes it.",
    );
  }
  const autosave = (id: string | null, what: string) => id === null ? "" : `${shortName(id, style)}: ${what}`;
  const pairs = [
    ["autosave", autosave(autosave_snapshot_id, "unsaved work")],
    ["autosave", autosave(second_autosave_id, "written meanwhile")],
    ["content", verified || preview ? "" : "was not verified; `jvs verify` does it"],
    ...lost(result.degradations),
  ] as const;
  return `${lines.join("\n")}\n${facts(pairs, style, "  ")}` +
    listed("Kept, though the snapshot does not have it", result.kept) +
    listed(
      "Not touched: not in the snapshot, or it cannot be read, entered or made here",
      result.left_alone,
    ) +
    listed("These programs have files open here, perhaps replaced ones", openers(result.processes));
};

/** The programs with open files. A program that only has its working folder here is not affected. */
function openers(processes: ResultOf<"restore">["processes"]): string[] {
  return processes.filter(({ uses }) => uses === "file").map(({ name, pid }) => `${name} (process ${pid})`);
}

const LISTED = 20;

function listed(title: string, paths: readonly string[]): string {
  if (paths.length === 0) return "";
  const lines = paths.slice(0, LISTED).map((path) => `    ${pathText(path)}`);
  if (paths.length > LISTED) lines.push(`    … and ${count(paths.length - LISTED, "more", "more")}`);
  return `  ${title}:\n${lines.join("\n")}\n`;
}
