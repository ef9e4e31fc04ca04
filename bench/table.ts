import { ratioOf, type Report, type RowResult, type SpaceResult, spaceVerdict } from "./report.ts";
import type { Target } from "./scene.ts";
import type { Verdict } from "./statistics.ts";

/** A time for a reader: three digits say enough. */
export function timeText(ms: number): string {
  return ms < 1000 ? `${ms.toPrecision(ms < 100 ? 2 : 3)} ms` : `${(ms / 1000).toPrecision(3)} s`;
}

/** A limit in words. */
export function targetText(target: Target | null): string {
  if (target === null) return "";
  const times = `${Number(target.times.toFixed(2))} x`;
  const plus = target.plusMs === undefined ? "" : ` + ${target.plusMs} ms`;
  return `${times}${plus}${target.peakMb === undefined ? "" : `, ${target.peakMb} MB`}`;
}

const WORDS: Record<Verdict, string> = { met: "met", missed: "**not met**", undecided: "at the limit" };

/** The table of a page, in Markdown. */
export function markdownTable({ rows, space }: Report): string {
  const titles = ["work", "JVS", "memory", "beside", "ratio", "at most", ""];
  const lines = [titles, titles.map(() => "---"), ...rows.map(cellsOf), ...space.map(spaceCells)];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** What is written into a page: when it was measured, the table, and where the time goes in the rows that miss their target. */
export function pageText(report: Report): string {
  const missed = report.rows.filter(({ verdict, phases }) => verdict === "missed" && phases !== "");
  const profiles = missed.map(({ name, phases }) => `### ${name}\n\n\`\`\`\n${phases}\n\`\`\`\n`);
  const heading = "## Where the time goes in the rows that are not met\n\nBy `--debug`, in one more run.\n";
  return [origins(report.rows), markdownTable(report), ...missed.length > 0 ? [heading, ...profiles] : []]
    .join("\n");
}

/** When, with which JVS and where the rows were measured. */
function origins(rows: readonly RowResult[]): string {
  const groups = Map.groupBy(rows, ({ date, commit, machine, rounds }) => {
    return `${date}, JVS ${commit}, ${machine}, ${rounds} rounds`;
  });
  const texts = [...groups].map(([origin, { length }]) =>
    `${origin}${groups.size > 1 ? ` (${length} rows)` : ""}`
  );
  return `Measured ${texts.join("; ")}.\n`;
}

function cellsOf(row: RowResult): string[] {
  const unit = row.countsCpu ? "cpuMs" : "wallMs";
  const { median, low, high } = ratioOf(row);
  const times = [
    ...row.reference.map(({ name, times, ...each }) =>
      `${times === 1 ? "" : `${times} x `}\`${name}\` ${timeText(each[unit])}`
    ),
    ...row.beside.map(({ name, ...each }) => `${name} ${timeText(each[unit])}`),
  ];
  return [
    row.name,
    `${timeText(row.ours[unit])}${row.countsCpu ? " of the processor" : ""}`,
    `${row.ours.peakMb.toFixed(0)} MB`,
    times.join(", "),
    `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`,
    targetText(row.target),
    row.verdict === null ? "" : WORDS[row.verdict],
  ];
}

function spaceCells(row: SpaceResult): string[] {
  const bytes = `${row.bytesPerEntry.toFixed(0)} bytes an entry`;
  return [row.name, bytes, "", "", "", `${row.atMost} bytes`, WORDS[spaceVerdict(row)]];
}

/** A row for the terminal. */
export function rowText(row: RowResult): string {
  const unit = row.countsCpu ? "cpuMs" : "wallMs";
  const width = 26;
  const timings = [row.ours, ...row.reference, ...row.beside].map((each) =>
    `  ${each.name.padEnd(width)} ${timeText(each[unit]).padStart(8)} ${
      `${each.peakMb.toFixed(0)} MB`.padStart(8)
    }`
  );
  const { median, low, high } = ratioOf(row);
  const goal = row.target === null
    ? ""
    : `; at most ${targetText(row.target)} of ${row.against}: ${row.verdict}`;
  const range = `${low.toFixed(2)} to ${high.toFixed(2)} in ${row.ours.all.length} rounds`;
  return [
    row.name,
    ...timings,
    `  ${"ratio, round by round".padEnd(width)} ${median.toFixed(2).padStart(8)}, ${range}${goal}`,
  ].join("\n");
}
