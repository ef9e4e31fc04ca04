import { formatBytes } from "../../../model/duration.ts";
import { grouped } from "../../../model/grouped.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { joinTexts, oneLine, pad, type Renderer, type Style, widest } from "./style.ts";
import { ago, shortName } from "./words.ts";

type HistoryItem = ResultOf<"history">["snapshots"][number];

/** The line as a graph with the newest snapshot first. Branches, autosaves and partial snapshots are above their parent. */
export const renderHistory: Renderer<"history"> = (result, { style, now, input }) => {
  const { snapshots, worktree, detached, total, head_snapshot_id, latest_snapshot_id, unread } = result;
  if (snapshots.length === 0) {
    if (unread.length > 0) return "No snapshot that can be read matches.\n";
    const asked = ["tag", "tag_grep", "grep", "since", "until"].some((name) => input[name] !== undefined);
    return asked && (latest_snapshot_id ?? head_snapshot_id) !== null
      ? "No snapshot matches.\n"
      : "No snapshots yet. Make the first one with `jvs snapshot`.\n";
  }
  const width = widest(snapshots.map(({ created_at }) => ago(created_at, now)));
  const mark = style.paint("notice", "DETACHED");
  const title = detached ? `Worktree ${worktree} is ${mark}: its head is not the newest of its line.\n` : "";
  const lines = Array.from(graph(snapshots, new Set(unread)), ({ rail, item, lost }) => {
    if (lost !== undefined) {
      return joinTexts([rail, shortName(lost, style), style.paint("bad", "missing or damaged")], "  ");
    }
    if (item === undefined) return style.paint("faint", rail);
    const size = input.size === true ? formatBytes(item.stats.bytes) : "";
    const tags = style.paint("notice", item.tags.map((tag) => `[${oneLine(tag)}]`).join(" "));
    const words = joinTexts([markText(item, style), size, oneLine(item.note), tags], "  ");
    const age = ago(item.created_at, now);
    const when = style.paint("faint", words === "" ? age : pad(age, width));
    return joinTexts([railText(rail, item, style), shortName(item.snapshot_id, style), when, words], "  ");
  });
  const more = total - snapshots.length;
  if (more > 0) {
    lines.push(style.paint("faint", `… and ${grouped(more)} more: see them with a higher --limit`));
  }
  return `${title}${lines.join("\n")}\n`;
};

const GAP = "┊";
const HEAD = "●";
const NODE = "○";

/** One row for each snapshot, one where a branch joins its line, and one where a line leads to a snapshot that cannot be read. */
function* graph(
  snapshots: readonly HistoryItem[],
  unread: ReadonlySet<string>,
): Generator<{ rail: string; item?: HistoryItem; lost?: string }> {
  const shown = new Map(snapshots.map((item) => [item.snapshot_id, item]));
  // If a parent is not shown (--limit, --grep), its branch has no connection.
  const children = Map.groupBy(
    snapshots,
    ({ parent_snapshot_id: id }) => id !== null && shown.has(id) ? id : null,
  );
  const line = lineOfLatest(shown);
  const branches = ({ snapshot_id }: HistoryItem) => children.get(snapshot_id) ?? [];
  const nextOf = (item: HistoryItem) =>
    branches(item).find((child) => line.has(child)) ?? branches(item).find(({ side }) => !side);
  function* draw(root: HistoryItem, before: string): ReturnType<typeof graph> {
    const chain = [root];
    for (let next = nextOf(root); next !== undefined; next = nextOf(next)) chain.push(next);
    for (const item of chain.reverse()) {
      const next = nextOf(item);
      let open = next !== undefined;
      for (const branch of branches(item).filter((each) => each !== next)) {
        yield* draw(branch, `${before}${open ? "│" : " "} `);
        yield { rail: `${before}${open ? "├" : "╭"}─╯` };
        open = true;
      }
      yield { rail: `${before}${item.is_head ? HEAD : NODE}`, item };
    }
    const { parent_snapshot_id: parent } = root;
    if (parent !== null && unread.has(parent)) yield { rail: `${before}${GAP}`, lost: parent };
  }
  const roots = children.get(null) ?? [];
  const isBeside = (root: HistoryItem) => root.side && !line.has(root);
  for (const root of roots.filter(isBeside)) yield* draw(root, "  ");
  for (const root of roots.filter((each) => !isBeside(each))) yield* draw(root, "");
}

/** The shown part of the worktree's own line, which stays in the first column. */
function lineOfLatest(shown: ReadonlyMap<string, HistoryItem>): ReadonlySet<HistoryItem> {
  const line = new Set<HistoryItem>();
  let item = [...shown.values()].find(({ is_latest }) => is_latest);
  while (item !== undefined && !line.has(item)) {
    line.add(item);
    item = shown.get(item.parent_snapshot_id ?? "");
  }
  return line;
}

function railText(rail: string, { is_head }: HistoryItem, style: Style): string {
  const [mark = NODE, before] = [rail.at(-1), rail.slice(0, -1)];
  return style.paint("faint", before) + (is_head ? style.paint("good", mark) : mark);
}

function markText(item: HistoryItem, style: Style): string {
  const { is_head, is_latest, kind, consistency_level: level, pruned } = item;
  const places = joinTexts([is_head ? "HEAD" : "", is_latest ? "LATEST" : ""], " ");
  const notes = [kind === "manual" ? "" : kind, level === "best_effort" ? level : "", pruned ? "pruned" : ""];
  return joinTexts([style.paint("good", places), style.paint("notice", joinTexts(notes, " "))], "  ");
}
