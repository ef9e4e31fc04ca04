import { formatBytes } from "../../../model/duration.ts";
import { count, displayWidth, pad, pathText, type Style, type Tone } from "../style.ts";
import type { Renderer } from "./view.ts";
import { shortName } from "./words.ts";

/** How two trees differ in one entry. */
export interface Difference {
  readonly kind: "added" | "removed" | "modified" | "renamed";
  readonly path: string;
  readonly old_path?: string | null;
  readonly type?: string;
  readonly aspects?: readonly string[];
  readonly size_before?: number | null;
  readonly size_after?: number | null;
  readonly patch?: string | null;
}

/** How many entries differ, by the way they do. */
export interface Changes {
  readonly added: number;
  readonly removed: number;
  readonly modified: number;
  readonly renamed?: number;
}

interface Diff {
  readonly from: unknown;
  readonly to: unknown;
  readonly differences: readonly Difference[];
  readonly summary?: Changes;
}

/** What differs between two trees. */
export const renderDiff: Renderer<Diff> = ({ differences, summary }, { style, input }) => {
  if (input.name_only === true) return differences.map(({ path }) => `${pathText(path)}\n`).join("");
  if (input.patch === true) return differences.map((each) => patchText(each, style)).join("");
  if (differences.length === 0) return "No differences.\n";
  const lines = input.stat === true
    ? statLines(differences, style)
    : differences.map((each) => differenceLine(each, style));
  return `${lines.map((line) => `${line}\n`).join("")}${changesText(summary ?? totals(differences))}\n`;
};

/** `2 added, 1 removed`; `nothing` when there is nothing. */
export function changesText({ added, removed, modified, renamed = 0 }: Changes): string {
  const parts = [[added, "added"], [removed, "removed"], [modified, "modified"], [
    renamed,
    "renamed",
  ]] as const;
  return parts.filter(([number]) => number > 0).map(([number, word]) => `${count(number, word, word)}`).join(
    ", ",
  ) ||
    "nothing";
}

const LETTERS: Record<Difference["kind"], readonly [letter: string, tone: Tone]> = {
  added: ["A", "good"],
  removed: ["D", "bad"],
  modified: ["M", "notice"],
  renamed: ["R", "name"],
};

/** One difference on a line: a letter and the path, and where content is the same what else differs. */
export function differenceLine(
  { kind, path, old_path, type, aspects = [] }: Difference,
  style: Style,
): string {
  const [letter, tone] = LETTERS[kind];
  const from = old_path ? `${pathText(old_path)} → ` : "";
  const slash = type === "directory" || type === "dir" ? "/" : "";
  const said = kind === "modified" || kind === "renamed"
    ? aspects.filter((aspect) => aspect !== "content")
    : [];
  const more = said.length === 0 ? "" : style.paint("faint", `  (${said.join(", ")})`);
  return `${style.paint(tone, letter)}  ${from}${pathText(path)}${slash}${more}`;
}

function statLines(differences: readonly Difference[], style: Style): string[] {
  const lines = differences.map((each) => differenceLine(each, style));
  const width = Math.min(Math.max(...lines.map(displayWidth)), style.width - 24);
  return lines.map((line, i) =>
    `${pad(line, width)}  ${style.paint("faint", sizeText(differences[i]))}`.trimEnd()
  );
}

function sizeText(difference: Difference | undefined): string {
  const { size_before: before, size_after: after } = difference ?? {};
  if (typeof before === "number" && typeof after === "number") {
    return before === after ? formatBytes(after) : `${formatBytes(before)} → ${formatBytes(after)}`;
  }
  if (typeof after === "number") return `+${formatBytes(after)}`;
  return typeof before === "number" ? `-${formatBytes(before)}` : "";
}

function patchText(difference: Difference, style: Style): string {
  if (!difference.patch) return `${differenceLine(difference, style)}\n`;
  const tone = (line: string): Tone | undefined =>
    line.startsWith("+++") || line.startsWith("---")
      ? "strong"
      : line.startsWith("+")
      ? "good"
      : line.startsWith("-")
      ? "bad"
      : line.startsWith("@@")
      ? "name"
      : undefined;
  return difference.patch.replace(/^.+$/gm, (line) => {
    const found = tone(line);
    return found === undefined ? line : style.paint(found, line);
  });
}

function totals(differences: readonly Difference[]): Changes {
  const number = (kind: Difference["kind"]) => differences.filter((each) => each.kind === kind).length;
  return {
    added: number("added"),
    removed: number("removed"),
    modified: number("modified"),
    renamed: number("renamed"),
  };
}

interface Status {
  readonly worktree: string;
  readonly path: string;
  readonly head_snapshot_id: string | null;
  readonly latest_snapshot_id: string | null;
  readonly detached: boolean;
  readonly clean: boolean;
  readonly changes: Changes;
  readonly differences: readonly Difference[];
  readonly pending_recovery?: unknown;
  readonly engine?: string;
}

/** Where a worktree stands and what in it is not saved. */
export const renderStatus: Renderer<Status> = (status, { style }) => {
  const { worktree, path, head_snapshot_id: head, latest_snapshot_id: latest, differences } = status;
  const lines = [
    `Worktree ${style.paint("strong", worktree)} in ${pathText(path)}${
      status.engine ? `, saved by ${status.engine}` : ""
    }`,
  ];
  if (head === null) lines.push("No snapshot yet: nothing here is saved. Save it with `jvs snapshot`.");
  else if (status.detached && latest !== null) {
    lines.push(
      `${style.paint("notice", "DETACHED")} at ${shortName(head, style)}; the newest is ${
        shortName(latest, style)
      }. ` +
        "Go on from here with `jvs worktree fork NAME`, or go back with `jvs restore HEAD`.",
    );
  } else lines.push(`At ${shortName(head, style)}, the newest of its line`);
  if (isPending(status.pending_recovery)) {
    lines.push(
      `${style.paint("notice", "Interrupted")}: an operation did not finish; the next change, or ` +
        "`jvs doctor --repair-runtime`, mends it.",
    );
  }
  if (status.clean) {
    lines.push(head === null ? "The folder is empty." : style.paint("good", "Clean: everything is saved."));
  } else if (head !== null) lines.push(`Not saved: ${changesText(status.changes)}`);
  lines.push(...differences.map((each) => `  ${differenceLine(each, style)}`));
  const { added, removed, modified, renamed = 0 } = status.changes;
  const more = added + removed + modified + renamed - differences.length;
  if (differences.length > 0 && more > 0) {
    lines.push(`  … and ${count(more, "more", "more")}: see \`jvs diff\``);
  }
  return `${lines.join("\n")}\n`;
};

function isPending(pending: unknown): boolean {
  return Array.isArray(pending) ? pending.length > 0 : Boolean(pending);
}
