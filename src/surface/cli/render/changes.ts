import { formatBytes } from "../../../model/duration.ts";
import { grouped } from "../../../model/grouped.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { count, oneLine, pad, pathText, type Renderer, type Style, type Tone, widest } from "./style.ts";
import { type Difference, type Row, rowsOf } from "./folders.ts";
import { leaseText, shortName, WAYS_ON } from "./words.ts";

/** The list of differences between two trees. */
export const renderDiff: Renderer<"diff"> = ({ differences, summary }, { style, input }) => {
  if (input.name_only === true) return differences.map(({ path }) => `${pathText(path)}\n`).join("");
  if (input.patch === true && differences.length > 0) {
    // As patch(1) reads them. A difference without a patch is one line, which patch(1) skips.
    return differences.map((each) =>
      each.patch ? paintPatch(each.patch, style) : `${differenceLine(each, style)}\n`
    ).join("");
  }
  const rows = rowsOf(differences, input.all === true);
  const lines = rows.map((row) => rowLine(row, style));
  const plain = lines.values().filter((_, i) => rows[i]?.inside === "");
  const width = Math.min(widest(plain), style.width - ROOM_FOR_SIZES);
  rows.forEach(({ difference, inside }, i) => {
    if (inside !== "") return;
    lines[i] = `${pad(lines[i] ?? "", width)}  ${style.paint("faint", sizeText(difference))}`.trimEnd();
  });
  const total = changesText(summary);
  lines.push(total === "" ? "No differences." : total, "");
  return lines.join("\n");
};

function rowLine({ difference, inside }: Row, style: Style): string {
  const line = differenceLine(difference, style);
  return inside === "" ? line : `${line}  ${style.paint("faint", `(${inside})`)}`;
}

const PATCH_TONES: Readonly<Record<string, Tone>> = { "+": "good", "-": "bad", "@": "name", "\\": "faint" };

/** Colours a patch, and replaces characters that would control the terminal. Without colours the patch stays exact. */
function paintPatch(patch: string, style: Style): string {
  if (style.paint("strong", patch) === patch) return patch;
  let isHeader = true;
  return patch.split("\n").map((line) => {
    isHeader &&= !line.startsWith("@@");
    const tone = isHeader ? "strong" : PATCH_TONES[line.charAt(0)];
    const shown = line.replace(CONTROL_CHARACTERS, "\ufffd");
    return tone === undefined ? shown : style.paint(tone, shown);
  }).join("\n");
}

const CONTROL_CHARACTERS = /(?!\t)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

const ROOM_FOR_SIZES = 24;

/** `2 added, 1 removed`; empty if nothing differs. */
function changesText({ added, removed, modified, renamed }: ResultOf<"diff">["summary"]): string {
  const counts = Object.entries({ added, removed, modified, renamed }).filter(([, number]) => number > 0);
  return counts.map(([word, number]) => `${grouped(number)} ${word}`).join(", ");
}

const LETTERS: Record<Difference["kind"], readonly [letter: string, tone: Tone]> = {
  added: ["A", "good"],
  removed: ["D", "bad"],
  modified: ["M", "notice"],
  renamed: ["R", "name"],
};

/** One difference: a letter, the path, and what differs beside the content. */
function differenceLine({ kind, path, old_path, type, aspects }: Difference, style: Style): string {
  const [letter, tone] = LETTERS[kind];
  const slash = type === "dir" ? "/" : "";
  const from = old_path ? `${pathText(old_path)}${slash} → ` : "";
  const isChange = kind === "modified" || kind === "renamed";
  const said = isChange ? aspects.filter((aspect) => aspect !== "content") : [];
  const more = said.length === 0 ? "" : style.paint("faint", `  (${said.join(", ")})`);
  return `${style.paint(tone, letter)}  ${from}${pathText(path)}${slash}${more}`;
}

function sizeText({ size_before: before, size_after: after }: Difference): string {
  if (before === null) return after === null ? "" : `+${formatBytes(after)}`;
  if (after === null) return `-${formatBytes(before)}`;
  return before === after ? formatBytes(after) : `${formatBytes(before)} → ${formatBytes(after)}`;
}

const MOST_LINES = 100;

/** The snapshot a worktree stands on, and its unsaved work. */
export const renderStatus: Renderer<"status"> = (result, { style, input }) => {
  const { worktree, path, head_snapshot_id: head, latest_snapshot_id: latest, differences, hidden } = result;
  const lines = [`Worktree ${style.paint("strong", worktree)} in ${oneLine(path)}`];
  if (head === null) lines.push("No snapshot yet: nothing here is saved. Save it with `jvs snapshot`.");
  else if (result.detached && latest !== null) {
    const [at, newest] = [shortName(head, style), shortName(latest, style)];
    lines.push(`${style.paint("notice", "DETACHED")} at ${at}; the newest is ${newest}. ${WAYS_ON}`);
  } else lines.push(`At ${shortName(head, style)}, the newest of its line`);
  if (result.lease !== null) lines.push(`Lease ${leaseText(result.lease)}`);
  if (result.pending_recovery.length > 0) {
    lines.push(
      `${style.paint("notice", "Interrupted")}: an operation did not finish. The next change, or ` +
        "`jvs doctor --repair-runtime`, completes or undoes it.",
    );
  }
  if (result.clean && head === null) lines.push("The folder is empty.");
  else if (result.clean && hidden.length === 0) {
    lines.push(style.paint("good", "Clean: everything is saved."));
  } else if (result.clean) {
    const paths = count(hidden.length, "path");
    lines.push(`Clean, as far as you may look: ${paths} not compared.`);
  } else if (head !== null) lines.push(`Not saved: ${changesText(result.changes)}`);
  const rows = rowsOf(differences, input.all === true);
  const shown = input.all === true ? rows : rows.slice(0, MOST_LINES);
  for (const row of shown) lines.push(`  ${rowLine(row, style)}`);
  const more = rows.slice(shown.length).reduce((sum, { paths }) => sum + paths, 0);
  if (more > 0) lines.push(`  … and ${count(more, "more", "more")}: see \`jvs status --all\``);
  return `${lines.join("\n")}\n`;
};
