import { capitalized, count, pathText } from "../style.ts";
import type { Renderer, View } from "./view.ts";
import { facts, shortName } from "./words.ts";

interface Restored {
  readonly worktree: string;
  readonly snapshot_id: string;
  readonly sentence: string;
  readonly kept?: readonly unknown[];
  readonly autosave_snapshot_id?: string | null;
  readonly second_autosave_id?: string | null;
  readonly verified?: boolean;
  readonly detached?: boolean;
  readonly preview?: boolean;
  readonly processes?: readonly unknown[];
}

/** What restore brought back, and what it kept. */
export const renderRestore: Renderer<Restored> = (result, view) => {
  const { style } = view;
  const name = shortName(result.snapshot_id, style);
  const title = result.preview
    ? `Would restore ${name} in worktree ${result.worktree}; nothing was changed.`
    : `Restored ${name} in worktree ${result.worktree}.`;
  const lines = [title, `${capitalized(result.sentence.replace(/\.$/, ""))}.`];
  if (result.detached && !result.preview) {
    lines.push(
      `The worktree is ${style.paint("notice", "DETACHED")}: newer snapshots follow this one. ` +
        "Go on from here with `jvs worktree fork NAME`, or go back with `jvs restore HEAD`.",
    );
  }
  return `${lines.join("\n")}\n${more(result, view)}`;
};

function more(result: Restored, { style }: View): string {
  const { kept = [], processes = [] } = result;
  const shown = facts(
    [
      ["autosave", result.autosave_snapshot_id ? shortName(result.autosave_snapshot_id, style) : ""],
      [
        "second autosave",
        result.second_autosave_id
          ? `${shortName(result.second_autosave_id, style)}: what changed while restoring`
          : "",
      ],
      ["content", result.verified === false && !result.preview ? "not verified; `jvs verify` does it" : ""],
    ],
    style,
    "  ",
  );
  return shown + listed("Left alone", kept) + listed("Still in use by", processes);
}

function listed(title: string, items: readonly unknown[], most = 20): string {
  if (items.length === 0) return "";
  const lines = items.slice(0, most).map((item) => `    ${itemText(item)}`);
  if (items.length > most) lines.push(`    … and ${count(items.length - most, "more", "more")}`);
  return `  ${title}:\n${lines.join("\n")}\n`;
}

/** A path, or what is known of a path or a process. */
function itemText(item: unknown): string {
  if (typeof item === "string") return pathText(item);
  if (typeof item !== "object" || item === null) return String(item);
  return Object.values(item).filter((value) => value !== null && typeof value !== "object").map(String).join(
    "  ",
  );
}
