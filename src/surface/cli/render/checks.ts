import { shortId } from "../../../model/ids.ts";
import type { Finding } from "../../../model/records.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { count, oneLine, pathText, type Renderer, type Style, type Tone } from "./style.ts";
import { ago } from "./words.ts";

type Verified = ResultOf<"verify">;

/** The snapshots that are correct, and what is wrong with the others. */
export const renderVerify: Renderer<"verify"> = (
  { snapshots, findings, tamper_detected: tampered, complete },
  { style, now },
) => {
  const of = (severity: Verified["severity"]) => snapshots.filter((each) => each.severity === severity);
  const good = of("ok").filter(({ message }) => message === null);
  const title = (mark: string, tone: Tone, id: string) =>
    `${style.paint(tone, mark)}  ${style.paint("name", id)}  `;
  const lines = [
    ...of("critical").flatMap((each) => [
      title("TAMPERED", "bad", each.snapshot_id) + reason(each),
      ...each.files.map(({ path, problem }) => `    ${problem}  ${pathText(path)}`),
    ]),
    ...of("unchecked").flatMap((each) => [
      title("UNCHECKED", "notice", each.snapshot_id) + reason(each),
      ...firstOf(each.unchecked, ({ path, owner }) => `of ${owner}  ${pathText(path)}`),
    ]),
    ...of("degraded").flatMap(({ snapshot_id, worn }) => [
      title("DEGRADED", "notice", snapshot_id) + WORN,
      ...firstOf(worn, ({ path, lost }) => `${lost}  ${pathText(path)}`),
    ]),
    ...of("ok").filter(({ message }) => message !== null)
      .map((each) => title("PRUNED", "faint", each.snapshot_id) + reason(each)),
    ...findings.map((finding) => findingLine(finding, style)),
  ];
  const what = good.length === 1
    ? style.paint("name", good[0]?.snapshot_id ?? "")
    : count(good.length, "snapshot");
  if (good.length > 0 || snapshots.length === 0 && !tampered) {
    lines.push(`${style.paint("good", "OK")}  ${what}${unreadText(good, now)}`);
  }
  if (!complete) lines.push("Stopped at the first damage: the rest was not checked.");
  return `${lines.join("\n")}\n`;
};

/** What this run did not read of the snapshots that are well. */
function unreadText(good: Verified["snapshots"], now: number): string {
  const unread = good.filter((each) => each.payload_hash_valid === null);
  const before = unread.flatMap(({ read_at }) => read_at ?? []).sort();
  if (before.length < unread.length) return ", of which only a part was read";
  if (before[0] === undefined) return "";
  const which = good.length === 1 ? "read before" : `${before.length} of them read before`;
  return `, ${which} (${before.length > 1 ? "the first " : ""}${ago(before[0], now)})`;
}

const WORN = "All content is whole, but metadata was lost, as some copiers do; a restore brings it back.";
const MOST_LISTED = 20;

function firstOf<T>(all: readonly T[], lineOf: (each: T) => string): string[] {
  const lines = all.slice(0, MOST_LISTED).map((each) => `    ${lineOf(each)}`);
  const more = all.length - lines.length;
  return more > 0 ? [...lines, `    and ${more} more; --json lists all`] : lines;
}

function reason({ message, checksum_valid }: Verified["snapshots"][number]): string {
  return message ?? (checksum_valid ? "its content is not what was saved" : "its record was changed");
}

/** The findings and repairs of doctor. */
export const renderDoctor: Renderer<"doctor"> = ({ healthy, findings, repaired }, { style }) => {
  const lines = [
    ...repaired.map((each) => `${style.paint("good", "Repaired")}  ${each}`),
    ...(findings.length > 0 ? [style.paint("strong", `Findings: ${findings.length}`)] : []),
    ...findings.map((finding) => findingLine(finding, style)),
    healthy
      ? `The repository is ${style.paint("good", "healthy")}.`
      : `The repository is ${style.paint("bad", "not in order")}: see the findings above.`,
  ];
  return `${lines.join("\n")}\n`;
};

const TONES: Record<Finding["severity"], Tone> = {
  info: "faint",
  warning: "notice",
  error: "bad",
  critical: "bad",
};

/** A finding, with its place and its repair. */
function findingLine(finding: Finding, style: Style): string {
  const { severity, code, message, repair, path, snapshot_id } = finding;
  const place = path === null ? (snapshot_id === null ? null : shortId(snapshot_id)) : oneLine(path);
  const where = place === null || message.includes(place) ? "" : ` [${place}]`;
  const flag = repair === "repair_runtime" ? "--repair-runtime" : `--repair ${repair}`;
  const advice = repair === null ? "" : `\n    repair it with \`jvs doctor ${flag}\``;
  return `  ${style.paint(TONES[severity], severity)}  ${message}${where} ${
    style.paint("faint", `(${code})`)
  }${advice}`;
}
