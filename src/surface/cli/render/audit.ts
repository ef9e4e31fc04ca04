import { grouped } from "../../../model/grouped.ts";
import { isSnapshotId } from "../../../model/ids.ts";
import { count, fit, oneLine, type Renderer, table } from "./style.ts";
import { shortName, signatureText, titled } from "./words.ts";

/** The records, one on a line, and how to see more. */
export const renderAudit: Renderer<"audit"> = ({ next, records }, { style }) => {
  if (records.length === 0) return "No record matches.\n";
  const rows = records.map(({ actor, operation, reason, target, timestamp }) => [
    style.paint("faint", timestamp.slice(0, 19).replace("T", " ")),
    style.paint("strong", oneLine(operation)),
    isSnapshotId(target) ? shortName(target, style) : fit(oneLine(target), 40),
    oneLine(actor),
    reason === null ? "" : `"${fit(oneLine(reason), 60)}"`,
  ]);
  const more = next === null ? "" : `${style.paint("faint", `… and more: go on with --before ${next}`)}\n`;
  return table(["when (UTC)", "what", "to what", "by whom", "why"], rows, style) + more;
};

/** Whether the trail is whole, and the hash to note. */
export const renderAuditVerified: Renderer<"audit verify"> = (result, { style }) => {
  const { broken, count: number, expected_found, files, head, pending, signature, whole } = result;
  const where = broken === null
    ? ""
    : `${broken.why} [${oneLine(broken.file)}${broken.line === null ? "" : `, line ${broken.line}`}]`;
  const title = whole
    ? `${style.paint("good", "OK")}  ${grouped(number)} ${
      number === 1 ? "record" : "records"
    }, each follows the one before it`
    : `${style.paint("bad", "BROKEN")}  the audit trail is not what was written`;
  return titled(title, [
    ["broken", where],
    [
      "expected",
      expected_found === false ? "no record has the hash that you gave: the trail was exchanged" : "",
    ],
    ["signed", signatureText(signature)],
    ["head", head],
    ["pending", pending ? "the newest record is announced; the next change writes it" : ""],
    ["in", count(files.length, "file")],
  ], style);
};
