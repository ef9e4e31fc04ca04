import { ratioOf, type Report, type RowResult } from "./report.ts";
import { targetText, timeText } from "./table.ts";

const WIDTH = 960;
/** Where the names of rows end and the plot begins and ends; figures come behind it. */
const NAMES = 470;
const PLOT = { left: 484, right: 756 };
const LINE = 22;
const BAR = 16;

/** Colours for light and dark pages; where pictures cannot ask, those for light ones, with their own background. */
const STYLE = `
  .page { fill: #ffffff; } text { fill: #1f2328; font: 12px system-ui, sans-serif; }
  .title { font-size: 15px; font-weight: 600; } .quiet { fill: #59636e; }
  .axis { stroke: #d1d9e0; } .limit { stroke: #1f2328; stroke-width: 1.5; }
  .met { fill: #1a7f37; stroke: #1a7f37; } .missed { fill: #bc4c00; stroke: #bc4c00; } .undecided { fill: #818b98; stroke: #818b98; }
  .ours { fill: #0969da; } .other { fill: #9aa4af; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; } text { fill: #f0f6fc; } .quiet { fill: #9198a1; }
    .axis { stroke: #3d444d; } .limit { stroke: #f0f6fc; }
    .met { fill: #3fb950; stroke: #3fb950; } .missed { fill: #f0883e; stroke: #f0883e; } .ours { fill: #4493f8; } .other { fill: #656c76; }
  }`;

/** The results as a picture: how each row stands to its target, and how long a day's work takes with which tool. */
export function picture({ rows }: Report): string {
  const promised = rows.filter(({ share }) => share !== null);
  const work = rows.filter(({ name, countsCpu }) => name.includes("and 1 GB") && !countsCpu);
  const first = targets(promised, 24);
  const second = tools(work, first.end + 36);
  const height = second.end + 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    "<title>How JVS stands to its targets, and beside other tools</title>",
    `<style>${STYLE}\n</style>`,
    `<rect class="page" width="${WIDTH}" height="${height}" rx="6"/>`,
    ...first.parts,
    ...second.parts,
    "</svg>\n",
  ].join("\n");
}

/** Parts of the picture, and where they end. */
interface Drawn {
  readonly parts: readonly string[];
  readonly end: number;
}

/** One line a row: a dot for the part of the limit that JVS took, with its range, on a logarithmic scale. */
function targets(rows: readonly RowResult[], top: number): Drawn {
  const ticks = [0.125, 0.25, 0.5, 1, 2, 4, 8];
  const first = top + 52;
  const end = first + rows.length * LINE;
  const parts = [
    text(16, top, "How much of its limit each row takes", "title"),
    text(
      16,
      top + 18,
      "Left of the line: within the limit. A square misses it; grey means that chance still decides.",
      "quiet",
    ),
    ...ticks.flatMap((tick) => [
      line({ x1: place(tick), y1: first - 10, x2: place(tick), y2: end - 8 }, tick === 1 ? "limit" : "axis"),
      text(place(tick), first - 14, tick < 1 ? `1/${1 / tick}` : String(tick), "quiet", "middle"),
    ]),
    ...rows.flatMap((row, at) => targetLine(row, first + at * LINE + 4)),
  ];
  return { parts, end };
}

function targetLine(row: RowResult, y: number): string[] {
  const { median = NaN, low = NaN, high = NaN } = row.share ?? {};
  const mark = row.verdict ?? "undecided";
  const figures = `${ratioOf(row).median.toFixed(2)} x (at most ${targetText(row.target)})`;
  return [
    text(NAMES, y + 4, row.name, "", "end"),
    line({ x1: place(low), y1: y, x2: place(high), y2: y }, mark),
    // The form tells it too, for those who do not see the colours.
    mark === "missed"
      ? `<rect class="missed" x="${round(place(median) - 5)}" y="${y - 5}" width="10" height="10"/>`
      : `<circle class="${mark}" cx="${round(place(median))}" cy="${y}" r="5"/>`,
    text(PLOT.right + 10, y + 4, figures, "quiet"),
  ];
}

/** Where a part of the limit is on the scale from an eighth to eight times. */
function place(share: number): number {
  const within = (Math.log2(Math.min(8, Math.max(0.125, share))) + 3) / 6;
  return PLOT.left + within * (PLOT.right - PLOT.left);
}

/** For each work a bar for JVS and for each other tool. */
function tools(rows: readonly RowResult[], top: number): Drawn {
  const longest = Math.max(...rows.flatMap((row) => barsOf(row).map(({ ms }) => ms)));
  const parts = [text(16, top, "How long the same work takes, with 20,000 files and 1 GB", "title")];
  let y = top + 18;
  for (const row of rows) {
    const bars = barsOf(row);
    parts.push(text(16, y + 12, row.name.replace(/, 20,000 files and 1 GB/, "")));
    for (const { name, ms, mark } of bars) {
      const width = round((PLOT.right - PLOT.left) * ms / longest);
      parts.push(text(NAMES, y + 12, name, mark === "ours" ? "" : "quiet", "end"));
      parts.push(
        `<rect class="${mark}" x="${PLOT.left}" y="${y + 2}" width="${width}" height="${BAR - 4}" rx="2"/>`,
      );
      parts.push(text(PLOT.left + width + 6, y + 12, timeText(ms), "quiet"));
      y += BAR;
    }
    y += 10;
  }
  return { parts, end: y };
}

function barsOf(
  { ours, reference, beside }: RowResult,
): { name: string; ms: number; mark: "ours" | "other" }[] {
  const others = [
    ...reference.map(({ wallMs, times, name }) => ({ name, ms: wallMs * times })),
    ...beside.map(({ wallMs, name }) => ({ name, ms: wallMs })),
  ];
  return [
    { name: "JVS", ms: ours.wallMs, mark: "ours" },
    ...others.map((each) => ({ ...each, mark: "other" as const })),
  ];
}

function text(x: number, y: number, words: string, mark = "", anchor = "start"): string {
  const escaped = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${round(x)}" y="${y}" class="${mark}" text-anchor="${anchor}">${escaped}</text>`;
}

function line(ends: { x1: number; y1: number; x2: number; y2: number }, mark: string): string {
  const { x1, y1, x2, y2 } = ends;
  return `<line class="${mark}" x1="${round(x1)}" y1="${y1}" x2="${round(x2)}" y2="${y2}"/>`;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
