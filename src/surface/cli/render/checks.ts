import { shortId } from "../../../model/ids.ts";
import type { Finding } from "../../../model/records.ts";
import { count, pathText, type Style, type Tone } from "../style.ts";
import type { Renderer } from "./view.ts";

interface Verified {
  readonly snapshots: readonly {
    readonly snapshot_id: string;
    readonly checksum_valid: boolean;
    readonly payload_hash_valid: boolean | null;
    readonly tamper_detected: boolean;
    readonly severity: string;
    readonly files: readonly unknown[];
  }[];
  readonly tamper_detected: boolean;
  readonly findings?: readonly Finding[];
}

/** Which snapshots are what they were, and what is wrong with the others. */
export const renderVerify: Renderer<Verified> = (
  { snapshots, tamper_detected: tampered, findings = [] },
  { style },
) => {
  const bad = snapshots.filter((each) => each.tamper_detected);
  const lines = bad.flatMap((each) => [
    `${style.paint("bad", "TAMPERED")}  ${style.paint("name", each.snapshot_id)}  ${reason(each)}`,
    ...each.files.map((file) => `    ${fileText(file)}`),
  ]);
  lines.push(...findings.map((finding) => findingLine(finding, style)));
  const good = snapshots.length - bad.length;
  if (!tampered && snapshots.length === 1) {
    lines.push(`${style.paint("good", "OK")}  ${style.paint("name", snapshots[0]?.snapshot_id ?? "")}`);
  } else if (good > 0) lines.push(`${style.paint("good", "OK")}  ${count(good, "snapshot")}`);
  if (snapshots.length === 0 && !tampered) {
    lines.push(`${style.paint("good", "OK")}  there are no snapshots to verify`);
  }
  return `${lines.join("\n")}\n`;
};

function reason(each: Verified["snapshots"][number]): string {
  if (!each.checksum_valid) return "its record was changed";
  return each.payload_hash_valid === false ? "its content is not what was saved" : "its records disagree";
}

/** A path, or a path with what is wrong with it. */
function fileText(file: unknown): string {
  if (typeof file === "string") return pathText(file);
  if (typeof file !== "object" || file === null) return String(file);
  const { path, ...rest } = file as { path?: unknown };
  const why = Object.values(rest).flat().filter((value) =>
    typeof value === "string" || typeof value === "number"
  );
  return `${typeof path === "string" ? pathText(path) : ""}  ${why.join(", ")}`.trim();
}

interface Examined {
  readonly healthy: boolean;
  readonly findings: readonly Finding[];
  readonly repaired: readonly unknown[];
}

/** What doctor found and mended. */
export const renderDoctor: Renderer<Examined> = ({ healthy, findings, repaired }, { style }) => {
  const lines = repaired.map((each) => `${style.paint("good", "Repaired")}  ${repairText(each)}`);
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

/** A finding, with where and what mends it. */
export function findingLine(
  { severity, code, message, repair, path, snapshot_id }: Finding,
  style: Style,
): string {
  const place = path ?? (snapshot_id === null ? null : shortId(snapshot_id));
  const where = place === null || message.includes(place) ? "" : ` [${place}]`;
  const way = repair === null
    ? ""
    : `\n    mend it with: ${repair.includes(" ") ? repair : `jvs doctor --repair ${repair}`}`;
  return `  ${style.paint(TONES[severity], severity)}  ${message}${where} ${
    style.paint("faint", `(${code})`)
  }${way}`;
}

function repairText(each: unknown): string {
  if (typeof each === "string") return each;
  if (typeof each !== "object" || each === null) return String(each);
  return Object.values(each).filter((value) => typeof value === "string" || typeof value === "number").join(
    ": ",
  );
}
