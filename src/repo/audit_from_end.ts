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
  const broken = (why: string) => new ChainBroken(headOf(layout), why);
  const announced = head.next === null ? undefined : lineOf(head.next);
  if (head.next !== null) {
    if (head.next.prev_hash !== wanted || await hashOfRecord(head.next) !== head.next.record_hash) {
      throw broken("the record in HEAD was changed");
    }
    yield head.next;
  }
  let isEnd = true;
  for (const line of linesFromEnd(files)) {
    if (isEnd && line.length === 0) continue; // what follows the last newline
    const isRest = isEnd && announced !== undefined &&
      (equalBytes(line, announced) || isTorn(line, announced));
    isEnd = false;
    if (isRest) continue;
    const record = parseLine(line);
    const place = `the record before the newest ${head.count - left} of ${head.count}`;
    if (typeof record === "string") throw broken(`${place}: ${record}`);
    if (left === 0) throw broken(`the log has records before the first of ${head.count}`);
    if (record.record_hash !== wanted) throw broken(`${place} is not the one that the record after it names`);
    if (await hashOfRecord(record) !== wanted) throw broken(`${place}: its hash is not that of its content`);
    yield record;
    wanted = record.prev_hash;
    left--;
  }
  if (left > 0 || wanted !== NO_HASH) {
    throw broken(`the log has ${head.count - left} of ${head.count} records`);
  }
}
