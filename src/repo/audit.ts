import { unlessThrown } from "../model/errors.ts";
import type { AuditRecord, HeadSignature } from "../model/records.ts";
import type { TrailEnd } from "../model/signing.ts";
import { Chain, ChainBroken, type ChainState, headOf, readHead, viewLog } from "./audit_chain.ts";
import { recordsFromEnd } from "./audit_from_end.ts";
import {
  findEvent,
  isRotationDue,
  requireEnd,
  rotate,
  settle,
  type SignHead,
  writeEntry,
} from "./audit_end.ts";
import { type AuditEntry, NO_HASH } from "./audit_record.ts";
import { type Repairer, repairLog } from "./audit_repair.ts";
import type { Layout } from "./layout.ts";

/** What the audit log needs from the store. */
export interface AuditOptions {
  /** Takes the lock under which records are appended. */
  lock(): Promise<Disposable>;
  /** When the file is larger than this, the log continues in a new file. */
  rotateBytes(): number;
  /** Signs the log up to a record; by default nothing is signed. */
  readonly sign?: SignHead;
  /** Whether the log may be empty: only while the repository is being made, because that is the first record. */
  mayBeEmpty(): boolean;
}

/**
 * The audit log: JSON lines in one chain. HEAD has each record, whole and durable, before it is written to the log. So
 * after a crash the last record is whole or pending; any other damage has another cause. SPEC 9.
 */
export class Audit {
  constructor(private readonly layout: Layout, private readonly options: AuditOptions) {}

  /** How many records there are now; an entry may have this as its `after`. */
  position(): number {
    return this.end().count;
  }

  /** The same, with the hash of the newest of them. */
  end(): TrailEnd {
    const { count, last_hash, next } = readHead(this.layout);
    return next === null ? { count, hash: last_hash } : { count: count + 1, hash: next.record_hash };
  }

  /** Whether the log has a record with this hash at this place: proved from the newest back to it, so one of lately costs little. */
  async has({ count, hash }: TrailEnd): Promise<boolean> {
    using view = await viewLog(this.layout);
    let position = view.head.count + (view.head.next === null ? 0 : 1);
    if (count === 0 || position < count) return count === 0;
    for await (const record of recordsFromEnd(this.layout, view)) {
      if (position-- === count) return record.record_hash === hash;
    }
    return false;
  }

  /** Whether HEAD has a signature; false for a damaged one. */
  get isSigned(): boolean {
    return unlessThrown((error) => error instanceof ChainBroken, () => readHead(this.layout))?.signed !==
      undefined;
  }

  /**
   * Adds a record; it is durable when this returns. Repeatable: when the `event_id` of the entry is in the log, returns
   * that record (without `after`, the whole log is searched). `E_AUDIT_CHAIN_BROKEN` when the end of the log is not what
   * HEAD says.
   */
  async append(entry: AuditEntry): Promise<AuditRecord> {
    const { layout, options: { sign = unsigned } } = this;
    using _lock = await this.options.lock();
    this.#requireBegun();
    let end = await settle(layout);
    if (entry.event_id !== undefined) {
      const known = findEvent(layout, entry.event_id, end.count - (entry.after ?? 0));
      if (known !== undefined) return known;
    }
    if (isRotationDue(end, this.options.rotateBytes())) end = await rotate(layout, end, entry.actor, sign);
    return await writeEntry(layout, end, entry, sign);
  }

  /** Checks before a change that `append` will work: `E_AUDIT_CHAIN_BROKEN` when the end of the log is wrong. */
  async requireEnd(): Promise<void> {
    using _lock = await this.options.lock();
    this.#requireBegun();
    await requireEnd(this.layout);
  }

  /** Repairs a broken log and records the repair; does nothing when the log is whole. */
  async repair(by: Repairer): Promise<AuditRecord | undefined> {
    using _lock = await this.options.lock();
    const { broken } = await this.check();
    return broken && await repairLog(this.layout, broken, by, this.options.sign ?? unsigned);
  }

  /** All records, oldest first, with a pending one; `E_AUDIT_CHAIN_BROKEN` at the first that is not proved. */
  async *read(): AsyncGenerator<AuditRecord> {
    this.#requireBegun();
    using view = await viewLog(this.layout);
    for await (const records of new Chain(this.layout, view).records()) yield* records;
  }

  /** All records, newest first, each proved by the one after it; `E_AUDIT_CHAIN_BROKEN` at the first that is not. */
  async *newestFirst(): AsyncGenerator<AuditRecord> {
    this.#requireBegun();
    using view = await viewLog(this.layout);
    yield* recordsFromEnd(this.layout, view);
  }

  /** Proves the whole chain in bounded memory. Returns a break instead of throwing it. Calls `see` with each record, and how many there were with it. */
  async check(see: (record: AuditRecord, position: number) => void = () => {}): Promise<ChainState> {
    let chain: Chain | undefined;
    let signed: HeadSignature | undefined;
    let position = 0;
    try {
      this.#requireBegun();
      using view = await viewLog(this.layout);
      chain = new Chain(this.layout, view);
      signed = view.head.signed;
      for await (const records of chain.records()) for (const record of records) see(record, ++position);
      return stateOf(chain, signed);
    } catch (error) {
      if (error instanceof ChainBroken) return { ...stateOf(chain, signed), broken: error.broken };
      throw error;
    }
  }

  /** Throws when HEAD counts no record: every repository has one for its making, so the log was removed. */
  #requireBegun(): void {
    // HEAD is read twice: the process that makes the repository may add the first record in between.
    if (!isUnbegun(this.layout) || this.options.mayBeEmpty() || !isUnbegun(this.layout)) return;
    const why = "it says that there is no record, and making the repository was one";
    throw new ChainBroken(headOf(this.layout), why);
  }
}

const unsigned: SignHead = () => Promise.resolve(undefined);

function isUnbegun(layout: Layout): boolean {
  const { count, next } = readHead(layout);
  return count === 0 && next === null;
}

function stateOf(chain: Chain | undefined, signed?: HeadSignature): ChainState {
  return {
    count: chain?.count ?? 0,
    last_hash: chain?.lastHash ?? NO_HASH,
    pending: chain?.isPending ?? false,
    ...signed === undefined ? {} : { signed: { record: signed, fits: chain?.hasSigned ?? false } },
  };
}
