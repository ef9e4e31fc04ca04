import { formatBytes } from "../../../model/duration.ts";
import { displayWidth, grouped, oneLine, pad, type Style } from "../style.ts";
import type { history } from "../../../operation/history.ts";
import type { Renderer, ResultOf } from "./view.ts";
import { ago, shortName } from "./words.ts";

type History = ResultOf<typeof history>;
type HistoryItem = History["snapshots"][number];

/** The line as a graph, the newest above; what hangs off a snapshot stands at its side, above it. */
export const renderHistory: Renderer<History> = (result, { style, now, input }) => {
  const { snapshots, worktree, detached, total } = result;
  if (snapshots.length === 0) return emptyText(result, input);
  const width = Math.max(...snapshots.map(({ created_at }) => displayWidth(ago(created_at, now))));
  const title = detached
    ? `Worktree ${worktree} is ${style.paint("notice", "DETACHED")}: newer snapshots follow its head.\n`
    : "";
  const lines = graph(snapshots).map(({ rail, item }) => {
    if (item === undefined) return style.paint("faint", rail);
    const age = style.paint("faint", pad(ago(item.created_at, now), width));
    const size = input.size === true ? formatBytes(item.stats.bytes) : "";
    const words = [markText(item, style), size, oneLine(item.note), tagText(item.tags, style)];
    const shown = `${railText(rail, item, style)}  ${shortName(item.snapshot_id, style)}  ${age}`;
    return [shown, ...words.filter((word) => word !== "")].join("  ");
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

/** One row for each snapshot, and one where a side branch meets its line. */
function graph(snapshots: readonly HistoryItem[]): Row[] {
  const main = snapshots.filter(({ side }) => !side);
  const onLine = new Set(main.map(({ snapshot_id }) => snapshot_id));
  const sides = Map.groupBy(
    snapshots.filter(({ side }) => side),
    ({ parent_snapshot_id }) => parent_snapshot_id,
  );
  const rows: Row[] = [];
  // A side branch whose parent is not shown (--limit, --grep) hangs in the air.
  for (const [parent, items] of sides) {
    if (parent === null || !onLine.has(parent)) {
      rows.push(...items.map((item) => ({ rail: `  ${node(item)}`, item })));
    }
  }
  main.forEach((item, i) => {
    for (const [j, leaf] of (sides.get(item.snapshot_id) ?? []).entries()) {
      const open = i > 0 || j > 0;
      rows.push({ rail: `${open ? "│" : " "} ${node(leaf)}`, item: leaf }, { rail: `${open ? "├" : "╭"}─╯` });
    }
    rows.push({ rail: node(item), item });
  });
  return rows;
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
