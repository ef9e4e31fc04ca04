import { shortId } from "../../../model/ids.ts";
import type { Finding } from "../../../model/records.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { count, pathText, type Style, type Tone } from "./style.ts";
import type { Renderer } from "./view.ts";

type Verified = ResultOf<"verify">;

/** The snapshots that are correct, and what is wrong with the others. */
export const renderVerify: Renderer<"verify"> = (
  { snapshots, findings, tamper_detected: tampered },
  { style },
) => {
  const of = (severity: Verified["severity"]) => snapshots.filter((each) => each.severity === severity);
  const good = of("ok");
  const lines = [
    ...of("critical").flatMap((each) => [
      `${style.paint("bad", "TAMPERED")}  ${style.paint("name", each.snapshot_id)}  ${reason(each)}`,
      ...each.files.map(({ path, problem }) => `    ${problem}  ${pathText(path)}`),
    ]),
    ...of("unchecked").flatMap((each) => [
      `${style.paint("notice", "UNCHECKED")}  ${style.paint("name", each.snapshot_id)}  ${reason(each)}`,
      ...each.unchecked.slice(0, MOST_LISTED).map(({ path, owner }) => `    of ${owner}  ${pathText(path)}`),
      ...moreThan(each.unchecked),
    ]),
    ...of("degraded").flatMap(({ snapshot_id, worn }) => [
      `${style.paint("notice", "DEGRADED")}  ${style.paint("name", snapshot_id)}  ${WORN}`,
      ...worn.slice(0, MOST_LISTED).map(({ path, lost }) => `    ${lost}  ${pathText(path)}`),
      ...moreThan(worn),
    ]),
  ];
  for (const finding of findings) lines.push(findingLine(finding, style));
  const partly = good.some((each) => each.payload_hash_valid === null)
    ? ", of which only a part was read"
    : "";
  const what = good.length === 1
    ? style.paint("name", good[0]?.snapshot_id ?? "")
    : count(good.length, "snapshot");
  if (good.length > 0 || snapshots.length === 0 && !tampered) {
    lines.push(`${style.paint("good", "OK")}  ${what}${partly}`);
  }
  return `${lines.join("\n")}\n`;
};

const WORN = "All content is whole, but metadata was lost, as some copiers do; a restore brings it back.";
const MOST_LISTED = 20;

function moreThan({ length }: readonly unknown[]): string[] {
  return length > MOST_LISTED ? [`    and ${length - MOST_LISTED} more; --json lists all`] : [];
}

function reason({ message, checksum_valid }: Verified["snapshots"][number]): string {
  return message ?? (checksum_valid ? "its content is not what was saved" : "its record was changed");
}

/** The findings and repairs of doctor. */
export const renderDoctor: Renderer<"doctor"> = (
  { healthy, findings, repaired },
  { style },
) => {
  const lines = repaired.map((each) => `${style.paint("good", "Repaired")}  ${each}`);
  if (findings.length > 0) {
    lines.push(style.paint("strong", `Findings: ${findings.length}`));
    for (const finding of findings) lines.push(findingLine(finding, style));
  }
  lines.push(
    healthy
      ? `The repository is ${style.paint("good", "healthy")}.`
      : `The repository is ${style.paint("bad", "not in order")}: see the findings above.`,
  );
  return `${lines.join("\n")}\n`;
};

const TONES: Record<Finding["severity"], Tone> = {
  info: "faint",
  warning: "notice",
  error: "bad",
  critical: "bad",
};

/** A finding, with its place and its repair. */
function findingLine(
  { severity, code, message, repair, path, snapshot_id }: Finding,
  style: Style,
): string {
  const place = path ?? (snapshot_id === null ? null : shortId(snapshot_id));
  const where = place === null || message.includes(place) ? "" : ` [${place}]`;
  const flag = repair === "repair_runtime" ? "--repair-runtime" : `--repair ${repair}`;
  const advice = repair === null ? "" : `\n    repair it with \`jvs doctor ${flag}\``;
  return `  ${style.paint(TONES[severity], severity)}  ${message}${where} ${
    style.paint("faint", `(${code})`)
  }${advice}`;
}
