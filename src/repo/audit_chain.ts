import { equalBytes } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { AuditHead, AuditRecord } from "../model/records.ts";
import { nextTurn } from "../platform/clock.ts";
import { SchemaMismatch } from "../model/schema.ts";
import { archivesOf, linesOf, LogFile } from "./audit_files.ts";
import { hashOfRecord, isTorn, lineOf, NO_HASH, parseLine } from "./audit_record.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";

/** Where the chain is broken, and why. */
export interface Break {
  readonly file: string;
  /** From 1; null where it is no line's fault. */
  readonly line: number | null;
  readonly why: string;
}

/** What a look at the whole chain finds. */
export interface ChainState {
  /** How many records there are, one that is pending included; with a break, how many are before it. */
  readonly count: number;
  readonly last_hash: string;
  /** The last record stands whole in HEAD but not in the log yet: the next append completes it. */
  readonly pending: boolean;
  readonly broken?: Break;
}

/** What HEAD says where there is none yet. */
const EMPTY_HEAD: AuditHead = { count: 0, last_hash: NO_HASH, next: null };
// Each look takes less than a millisecond, and appending takes several: so many times in a row means something else.
const MOST_LOOKS = 1000;

/** A break, as it is thrown. */
export class ChainBroken extends JvsError {
  constructor(readonly broken: Break) {
    const place = broken.line === null ? "" : ` at line ${broken.line}`;
    super(
      "E_AUDIT_CHAIN_BROKEN",
      `Cannot follow the audit log ${quoted(broken.file)}${place}: ${broken.why}`,
      {
        hint: "Somebody cut or edited it, or the disk did: compare it with a copy of the repository. " +
          "`jvs doctor --repair audit_repair` goes on from there, and records that it did.",
        details: { ...broken },
      },
    );
  }
}

/** What HEAD says; damaged is broken. */
export function readHead(layout: Layout): AuditHead {
  return parseHead(layout, layout.auditHead.readFresh());
}

function parseHead(layout: Layout, content: string | undefined): AuditHead {
  if (content === undefined) return EMPTY_HEAD;
  try {
    return AuditHead.check(JSON.parse(content));
  } catch (error) {
    const why = error instanceof SchemaMismatch ? `${error.message}` : "it is no whole JSON";
    throw new ChainBroken({ file: layout.auditHead.path, line: null, why: `HEAD is damaged: ${why}` });
  }
}

/** HEAD and the log's files at one moment; `head` throws when HEAD is damaged. */
export interface LogView extends Disposable {
  readonly files: readonly LogFile[];
  readonly head: AuditHead;
}

/** Opens the log as it is at one moment, without keeping anybody from appending. */
export async function viewLog(layout: Layout): Promise<LogView> {
  for (let look = 1; look <= MOST_LOOKS; look++) {
    const before = stateOf(layout);
    const head = parseHead(layout, before.head);
    const files = openLog(layout, before.archives);
    const after = stateOf(layout);
    const close = () => files.forEach((file) => file[Symbol.dispose]());
    if (before.head === after.head && String(before.archives) === String(after.archives)) {
      return { files, head, [Symbol.dispose]: close };
    }
    close(); // somebody appended between the two looks
    await nextTurn();
  }
  throw new JvsError(
    "E_BUSY",
    `Cannot read the audit log ${quoted(layout.audit.path)}: it changes all the time`,
  );
}

/** The log's files, oldest first. */
export function openLog(layout: Layout, archives: readonly ControlPath[]): LogFile[] {
  using opened = new DisposableStack();
  const files = [...archives, layout.auditLog].flatMap((place) => opened.use(LogFile.open(place)) ?? []);
  opened.move();
  return files;
}

function stateOf(layout: Layout): { head: string | undefined; archives: ControlPath[] } {
  return { head: layout.auditHead.readFresh(), archives: archivesOf(layout) };
}

/** A place in the log. */
export interface Place {
  readonly file: string;
  readonly number: number;
}

interface Line extends Place {
  readonly bytes: Uint8Array;
}

/** Follows the chain from its first record, proving each. */
export class Chain {
  /** How many records were proved so far. */
  count = 0;
  lastHash = NO_HASH;
  /** Known at the end. */
  isPending = false;
  /** The last line that was proved. */
  last: Place | undefined;
  readonly #view: Pick<LogView, "files" | "head">;
  readonly #headFile: string;

  constructor(layout: Layout, view: Pick<LogView, "files" | "head">) {
    this.#view = view;
    this.#headFile = layout.auditHead.path;
  }

  /** All records in order, many at a time, a pending one included; `ChainBroken` where the chain ends too soon. */
  async *records(): AsyncGenerator<AuditRecord[]> {
    const { files, head } = this.#view;
    const rest: Line[] = [];
    for (const file of files) {
      let number = 0;
      for (const lines of linesOf(file)) {
        const placed = lines.map((bytes) => ({ bytes, file: file.path, number: ++number }));
        const counted = placed.splice(0, head.count - this.count);
        rest.push(...placed);
        yield* this.#prove(counted);
        if (rest.length > 1) break; // one line may be there besides; to say that there are more, two are enough
      }
    }
    if (this.count < head.count) {
      throw this.#brokenBehind(`the log ends after ${this.count} of ${head.count} records`);
    }
    if (this.lastHash !== head.last_hash) throw this.#brokenBehind("HEAD names another record as the last");
    if (head.next !== null) yield [await this.#announced(head.next, rest.shift())];
    if (rest[0] !== undefined) throw broken(rest[0], "HEAD does not know it");
  }

  async *#prove(lines: readonly Line[]): AsyncGenerator<AuditRecord[]> {
    const parsed = lines.map(readLine);
    // All at once: they are computed beside each other.
    const hashes = await Promise.all(
      parsed.map((record) => record instanceof ChainBroken ? "" : hashOfRecord(record)),
    );
    const good: AuditRecord[] = [];
    for (const [i, record] of parsed.entries()) {
      const line = lines[i] as Line;
      const why = record instanceof ChainBroken ? record : this.#breakAt(record, hashes[i] ?? "", line);
      if (why !== undefined) {
        yield good;
        throw why;
      }
      good.push(this.#follow(record as AuditRecord));
      this.last = line;
    }
    yield good;
  }

  #breakAt(record: AuditRecord, hash: string, line: Line): ChainBroken | undefined {
    if (record.prev_hash !== this.lastHash) return broken(line, "it does not follow the record before it");
    if (record.record_hash !== hash) return broken(line, "its hash is not that of its content");
    return undefined;
  }

  #follow(record: AuditRecord): AuditRecord {
    this.lastHash = record.record_hash;
    this.count++;
    return record;
  }

  /** The last record, which HEAD has whole; the log may have it whole, in part, or not yet. */
  async #announced(next: AuditRecord, line: Line | undefined): Promise<AuditRecord> {
    if (next.prev_hash !== this.lastHash || await hashOfRecord(next) !== next.record_hash) {
      throw broken({ file: this.#headFile, number: null }, "the record in HEAD was changed");
    }
    const expected = lineOf(next);
    if (line !== undefined && !isTorn(line.bytes, expected)) {
      throw broken(line, "it is not the record that HEAD announces");
    }
    this.isPending = line === undefined || !equalBytes(line.bytes, expected);
    return this.#follow(next);
  }

  #brokenBehind(why: string): ChainBroken {
    return broken(this.last ?? { file: this.#headFile, number: null }, why);
  }
}

function readLine(line: Line): AuditRecord | ChainBroken {
  return parseLine(line.bytes, (why) => broken(line, why));
}

function broken({ file, number }: { file: string; number: number | null }, why: string): ChainBroken {
  return new ChainBroken({ file, line: number, why });
}
