import { equalBytes } from "../model/bytes.ts";
import type { AuditRecord } from "../model/records.ts";
import { ChainBroken, headOf, type LogView } from "./audit_chain.ts";
import { linesFromEnd } from "./audit_files.ts";
import { hashOfRecord, isTorn, lineOf, NO_HASH, parseLine } from "./audit_record.ts";
import type { Layout } from "./layout.ts";

/**
 * The records of the log from the newest on, with a pending one. Each is proved by the one after it, and the newest by HEAD: so a page of
 * a log of gigabytes is proved without reading the rest. (The end of the log may have nothing of the record that HEAD announces, a part of its line, or all of it.) `ChainBroken` where the chain breaks.
 */
export async function* recordsFromEnd(
  layout: Layout,
  { files, head }: Pick<LogView, "files" | "head">,
): AsyncGenerator<AuditRecord> {
  let wanted = head.last_hash;
  let left = head.count;
  const all = head.count + (head.next === null ? 0 : 1);
  // Which of several files it is in, only a count from the first record tells: `jvs audit verify`.
  const file = files.length > 1 ? layout.audit.path : layout.auditLog.path;
  const broken = (why: string) => new ChainBroken({ file, line: null }, why);
  const announced = head.next === null ? undefined : lineOf(head.next);
  if (head.next !== null) {
    if (head.next.prev_hash !== wanted || await hashOfRecord(head.next) !== head.next.record_hash) {
      throw new ChainBroken(headOf(layout), "the record in HEAD was changed");
    }
    yield head.next;
  }
  let isEnd = true;
  let hasAnnounced = false;
  for (const line of linesFromEnd(files)) {
    if (isEnd && line.length === 0) continue; // what follows the last newline
    const isRest = isEnd && announced !== undefined &&
      (equalBytes(line, announced) || isTorn(line, announced));
    isEnd = false;
    hasAnnounced ||= isRest;
    if (isRest) continue;
    const record = parseLine(line);
    const place = `record ${left} of ${all}`;
    if (left === 0) throw broken(`it has records before the first of ${all}`);
    if (typeof record === "string") throw broken(`${place}: ${record}`);
    if (record.record_hash !== wanted) {
      throw broken(left === head.count && !hasAnnounced ? endMissing(all) : `${place} ${NOT_NEXT}`);
    }
    if (await hashOfRecord(record) !== wanted) throw broken(`${place}: its hash is not that of its content`);
    yield record;
    wanted = record.prev_hash;
    left--;
  }
  if (left > 0 || wanted !== NO_HASH) throw broken(`it has ${all - left} of ${all} records`);
}

const NOT_NEXT = "is not the one that the record after it follows";

function endMissing(all: number): string {
  return `its last record is not the last of the ${all} that there were: its end is missing, or was exchanged`;
}
