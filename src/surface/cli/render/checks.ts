import { shortId } from "../../../model/ids.ts";
import type { Finding } from "../../../model/records.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { count, oneLine, pad, pathText, type Renderer, type Style, type Tone, widest } from "./style.ts";
import { ago } from "./words.ts";

type Verified = ResultOf<"verify">;

/** The snapshots that are correct, and what is wrong with the others. */
export const renderVerify: Renderer<"verify"> = (
  { snapshots, findings, tamper_detected: tampered, complete },
  { style, now },
) => {
  const of = (severity: Verified["severity"]) => snapshots.filter((each) => each.severity === severity);
  const good = of("ok").filter(({ message }) => message === null);
  const title = (mark: string, tone: Tone, id: string, text: string, code: string | null) =>
    `${style.paint(tone, mark)}  ${style.paint("name", id)}  ${text}${codeText(code, style)}`;
  const lines = [
    ...of("critical").flatMap((each) => [
      title("TAMPERED", "bad", each.snapshot_id, reason(each), each.error),
      ...each.files.map(({ path, problem }) => `    ${problem}  ${pathText(path)}`),
    ]),
    ...of("unchecked").flatMap((each) => [
      title("UNCHECKED", "notice", each.snapshot_id, reason(each), each.error),
      ...firstOf(
        each.unchecked,
        ({ path, owner }) =>
          `closed by ${/^\d+$/.test(owner) ? "user " : ""}${oneLine(owner)}  ${pathText(path)}`,
      ),
    ]),
    ...of("degraded").flatMap(({ snapshot_id, worn }) => [
      title("DEGRADED", "notice", snapshot_id, WORN, "E_DEGRADED"),
      ...firstOf(worn, ({ path, lost }) => `${lost}  ${pathText(path)}`),
    ]),
    ...of("ok").filter(({ message }) => message !== null)
      .map((each) => title("PRUNED", "faint", each.snapshot_id, reason(each), null)),
    ...findingLines(findings, style),
  ];
  const what = good.length === 1
    ? style.paint("name", good[0]?.snapshot_id ?? "")
    : count(good.length, "snapshot");
  // What scripts and people look for at the end must not be there where something else is wrong.
  if (findings.some(({ severity }) => severity === "error" || severity === "critical")) {
    if (good.length > 0) lines.push(`As saved: ${what}${unreadText(good, now)}. But see the findings above.`);
  } else if (good.length > 0 || snapshots.length === 0 && !tampered) {
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
    ...findingLines(findings, style),
    healthy
      ? findings.length === 0
        ? `The repository is ${style.paint("good", "healthy")}.`
        : `${style.paint("good", "No damage")} was found; see what is said above.`
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

function findingLines(findings: readonly Finding[], style: Style): string[] {
  const width = widest(findings.map(({ severity }) => severity));
  return findings.map((finding) => findingLine(finding, width, style));
}

/** A finding, with its place and its repair. The words for how bad it is take this width. */
function findingLine(finding: Finding, width: number, style: Style): string {
  const { severity, code, message, repair, path, snapshot_id } = finding;
  const place = path === null ? (snapshot_id === null ? null : shortId(snapshot_id)) : oneLine(path);
  const where = place === null || message.includes(place) ? "" : ` [${place}]`;
  const flag = repair === "repair_runtime" ? "--repair-runtime" : `--repair ${repair}`;
  const advice = repair === null ? "" : `\n    repair it with \`jvs doctor ${flag}\``;
  return `  ${pad(style.paint(TONES[severity], severity), width)}  ${message}${where}${
    codeText(code, style)
  }${advice}`;
}

/** The code under which docs/recovery.md says what to do. */
function codeText(code: string | null, style: Style): string {
  return code === null ? "" : ` ${style.paint("faint", `(${code})`)}`;
}
