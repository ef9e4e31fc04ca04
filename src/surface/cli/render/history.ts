import { formatBytes } from "../../../model/duration.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { grouped, oneLine, pad, type Style, widest } from "./style.ts";
import type { Renderer } from "./view.ts";
import { ago, shortName } from "./words.ts";

type History = ResultOf<"history">;
type HistoryItem = History["snapshots"][number];

/** The line as a graph with the newest snapshot first. Branches, autosaves and partial snapshots are above their parent. */
export const renderHistory: Renderer<"history"> = (result, { style, now, input }) => {
  const { snapshots, worktree, detached, total } = result;
  if (snapshots.length === 0) return emptyText(result, input);
  const width = widest(snapshots.map(({ created_at }) => ago(created_at, now)));
  const title = detached
    ? `Worktree ${worktree} is ${
      style.paint("notice", "DETACHED")
    }: its head is not the newest of its line.\n`
    : "";
  const lines = graph(snapshots).map(({ rail, item }) => {
    if (item === undefined) return style.paint("faint", rail);
    const size = input.size === true ? formatBytes(item.stats.bytes) : "";
    const words = [markText(item, style), size, oneLine(item.note), tagText(item.tags, style)]
      .filter((word) => word !== "");
    const age = ago(item.created_at, now);
    const when = style.paint("faint", words.length === 0 ? age : pad(age, width));
    return [railText(rail, item, style), shortName(item.snapshot_id, style), when, ...words].join("  ");
  });
  const more = total - snapshots.length;
  if (more > 0) {
    lines.push(style.paint("faint", `… and ${grouped(more)} more: see them with a higher --limit`));
  }
  return `${title}${lines.join("\n")}\n`;
};

interface Row {
  readonly rail: string;
  readonly item?: HistoryItem;
}

const HEAD = "●";
const NODE = "○";

/** One row for each snapshot, and one where a branch joins its line. */
function graph(snapshots: readonly HistoryItem[]): Row[] {
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
  const rows: Row[] = [];
  const draw = (root: HistoryItem, before: string): void => {
    const chain = [root];
    for (let next = nextOf(root); next !== undefined; next = nextOf(next)) chain.push(next);
    for (const item of chain.reverse()) {
      const next = nextOf(item);
      let open = next !== undefined;
      for (const branch of branches(item).filter((each) => each !== next)) {
        draw(branch, `${before}${open ? "│" : " "} `);
        rows.push({ rail: `${before}${open ? "├" : "╭"}─╯` });
        open = true;
      }
      rows.push({ rail: `${before}${node(item)}`, item });
    }
  };
  const roots = children.get(null) ?? [];
  const isBeside = (root: HistoryItem) => root.side && !line.has(root);
  for (const root of roots.filter(isBeside)) draw(root, "  ");
  for (const root of roots.filter((each) => !isBeside(each))) draw(root, "");
  return rows;
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

function node({ is_head }: HistoryItem): string {
  return is_head ? HEAD : NODE;
}

function railText(rail: string, { is_head }: HistoryItem, style: Style): string {
  const [mark = NODE, before] = [rail.at(-1), rail.slice(0, -1)];
  return style.paint("faint", before) + (is_head ? style.paint("good", mark) : mark);
}

function markText(item: HistoryItem, style: Style): string {
  const { is_head, is_latest, kind, consistency_level, pruned } = item;
  const places = [...(is_head ? ["HEAD"] : []), ...(is_latest ? ["LATEST"] : [])];
  const notes = [
    ...(kind === "manual" ? [] : [kind]),
    ...(consistency_level === "best_effort" ? ["best_effort"] : []),
    ...(pruned ? ["pruned"] : []),
  ];
  return [style.paint("good", places.join(" ")), style.paint("notice", notes.join(" "))].filter((t) =>
    t !== ""
  ).join("  ");
}

function tagText(tags: readonly string[], style: Style): string {
  return style.paint("notice", tags.map((tag) => `[${tag}]`).join(" "));
}

function emptyText(
  { latest_snapshot_id, head_snapshot_id }: History,
  input: Readonly<Record<string, unknown>>,
): string {
  const asked = ["tag", "tag_grep", "grep", "since", "until"].some((name) => input[name] !== undefined);
  if (asked && (latest_snapshot_id ?? head_snapshot_id) !== null) return "No snapshot matches.\n";
  return "No snapshots yet. Make the first one with `jvs snapshot`.\n";
}
