import { equalBytes } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { AuditHead, AuditRecord, type HeadSignature } from "../model/records.ts";
import { nextTurn } from "../platform/clock.ts";
import { SchemaMismatch } from "../model/schema.ts";
import { archivesOf, linesOf, LogFile } from "./audit_files.ts";
import { hashOfRecord, isTorn, lineOf, NO_HASH, parseLine } from "./audit_record.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";

/** A place in the log or in HEAD. */
export interface LinePlace {
  readonly file: string;
  /** Counted from 1; null when it is not in a line. */
  readonly line: number | null;
}

/** Where the chain is broken, and why. */
export interface Break extends LinePlace {
  readonly why: string;
}

/** The result of a check of the whole chain. */
export interface ChainState {
  /** How many records there are, with a pending one; when the chain is broken, how many are before the break. */
  readonly count: number;
  readonly last_hash: string;
  /** The last record is whole in HEAD but not yet in the log: the next append completes it. */
  readonly pending: boolean;
  readonly broken?: Break;
  /** The signature in HEAD, and whether the record that it names is there with that hash; missing if there is none. */
  readonly signed?: { readonly record: HeadSignature; readonly fits: boolean };
}

/** Stands for a HEAD that does not exist yet. */
const EMPTY_HEAD: AuditHead = { count: 0, last_hash: NO_HASH, next: null };
// A look takes less than a millisecond and an append takes several, so this many changed looks in a row are no appends.
const MOST_LOOKS = 1000;

/** The error for a break in the chain. */
export class ChainBroken extends JvsError {
  readonly broken: Break;

  constructor({ file, line }: LinePlace, why: string) {
    const place = line === null ? "" : ` at line ${line}`;
    super("E_AUDIT_CHAIN_BROKEN", `Cannot follow the audit log ${quoted(file)}${place}: ${why}`, {
      hint: "The file was cut or edited, or the disk damaged it: compare it with a copy of the repository. " +
        "`jvs doctor --repair audit_repair` continues the log from there and records the repair.",
      details: { file, line, why },
    });
    this.broken = { file, line, why };
  }
}

/** What HEAD says; `ChainBroken` when it is damaged. */
export function readHead(layout: Layout): AuditHead {
  return parseHead(layout, layout.auditHead.readFresh());
}

/** HEAD as the place of a break. */
export function headOf({ auditHead }: Layout): LinePlace {
  return { file: auditHead.path, line: null };
}

function parseHead(layout: Layout, content: string | undefined): AuditHead {
  if (content === undefined) return EMPTY_HEAD;
  try {
    return AuditHead.check(JSON.parse(content));
  } catch (error) {
    const why = error instanceof SchemaMismatch ? error.message : "it is no whole JSON";
    throw new ChainBroken(headOf(layout), `HEAD is damaged: ${why}`);
  }
}

/** HEAD and the log's files at one moment, oldest first; the files are open until this is disposed. */
export interface LogView extends Disposable {
  readonly files: readonly LogFile[];
  readonly head: AuditHead;
}

/** Opens the log and HEAD as they are at one moment. Other processes may append meanwhile. */
export async function viewLog(layout: Layout): Promise<LogView> {
  for (let look = 1; look <= MOST_LOOKS; look++) {
    const before = stateOf(layout);
    const head = parseHead(layout, before.head);
    const log = openLog(layout, before.archives);
    const after = stateOf(layout);
    if (before.head === after.head && String(before.archives) === String(after.archives)) {
      return { ...log, head };
    }
    log[Symbol.dispose](); // another process appended between the two looks
    await nextTurn();
  }
  const message = `Cannot read the audit log ${quoted(layout.audit.path)}: it changes all the time`;
  throw new JvsError("E_BUSY", message);
}

/** Opens the log: these archives (all of them by default), then the file that is being written. */
export function openLog(layout: Layout, archives: readonly ControlPath[] = archivesOf(layout)) {
  using opened = new DisposableStack();
  const files = [...archives, layout.auditLog].flatMap((place) => opened.use(LogFile.open(place)) ?? []);
  const all = opened.move();
  return { files, [Symbol.dispose]: () => all.dispose() };
}

function stateOf(layout: Layout): { head: string | undefined; archives: ControlPath[] } {
  return { head: layout.auditHead.readFresh(), archives: archivesOf(layout) };
}

interface Line extends LinePlace {
  readonly line: number;
  readonly bytes: Uint8Array;
}

/** Follows the chain from its first record and proves each record. */
export class Chain {
  /** How many records were proved so far. */
  count = 0;
  lastHash = NO_HASH;
  /** Set at the end of the chain. */
  isPending = false;
  /** Whether it has the record that the signature in HEAD names. */
  hasSigned = false;
  /** The last line that was proved. */
  last: Line | undefined;

  constructor(private readonly layout: Layout, private readonly view: Pick<LogView, "files" | "head">) {}

  /** All records in order, many at a time, with a pending one; `ChainBroken` where the chain breaks. */
  async *records(): AsyncGenerator<AuditRecord[]> {
    const { files, head } = this.view;
    const rest: Line[] = [];
    for (const file of files) {
      let line = 0;
      for (const lines of linesOf(file)) {
        const placed = lines.map((bytes) => ({ bytes, file: file.path, line: ++line }));
        const counted = placed.splice(0, head.count - this.count);
        rest.push(...placed);
        yield* this.#prove(counted);
        if (rest.length > 1) break; // the pending line may follow; a second one is already a break
      }
    }
    if (this.count < head.count) {
      throw this.#brokenBehind(`the log ends after ${this.count} of ${head.count} records`);
    }
    if (this.lastHash !== head.last_hash) throw this.#brokenBehind("HEAD names another record as the last");
    if (head.next !== null) yield [await this.#announced(head.next, rest.shift())];
    if (rest[0] !== undefined) throw new ChainBroken(rest[0], "HEAD does not know it");
  }

  async *#prove(lines: readonly Line[]): AsyncGenerator<AuditRecord[]> {
    const parsed = lines.map(({ bytes }) => parseLine(bytes));
    // All at once: the hashes are computed in parallel.
    const hashes = await Promise.all(
      parsed.map((each) => typeof each === "string" ? "" : hashOfRecord(each)),
    );
    const good: AuditRecord[] = [];
    for (const [i, record] of parsed.entries()) {
      const line = lines[i] as Line;
      const why = typeof record === "string" ? record : this.#whyWrong(record, hashes[i]);
      if (why !== undefined) {
        yield good;
        throw new ChainBroken(line, why);
      }
      good.push(this.#follow(record as AuditRecord));
      this.last = line;
    }
    yield good;
  }

  #whyWrong(record: AuditRecord, hash: string | undefined): string | undefined {
    if (record.prev_hash !== this.lastHash) return "it does not follow the record before it";
    return record.record_hash === hash ? undefined : "its hash is not that of its content";
  }

  #follow(record: AuditRecord): AuditRecord {
    this.lastHash = record.record_hash;
    this.count++;
    const { signed } = this.view.head;
    if (signed?.count === this.count && signed.hash === this.lastHash) this.hasSigned = true;
    return record;
  }

  /** Checks the record that HEAD announces. The log may have all of its line, a part of it, or nothing. */
  async #announced(next: AuditRecord, line: Line | undefined): Promise<AuditRecord> {
    if (next.prev_hash !== this.lastHash || await hashOfRecord(next) !== next.record_hash) {
      throw new ChainBroken(headOf(this.layout), "the record in HEAD was changed");
    }
    const expected = lineOf(next);
    if (line !== undefined && !isTorn(line.bytes, expected)) {
      throw new ChainBroken(line, "it is not the record that HEAD announces");
    }
    this.isPending = line === undefined || !equalBytes(line.bytes, expected);
    return this.#follow(next);
  }

  #brokenBehind(why: string): ChainBroken {
    return new ChainBroken(this.last ?? headOf(this.layout), why);
  }
}
