import type { AuditRecord } from "../model/records.ts";
import { Chain, ChainBroken, type ChainState, readHead, viewLog } from "./audit_chain.ts";
import { findEvent, isRotationDue, requireEnd, rotate, settle, writeEntry } from "./audit_end.ts";
import { type AuditEntry, NO_HASH } from "./audit_record.ts";
import { type Repairer, repairLog } from "./audit_repair.ts";
import type { Layout } from "./layout.ts";

/** What the audit log needs of the rest. */
export interface AuditOptions {
  /** Takes the lock that all appending is done under. */
  lock(): Promise<Disposable>;
  /** Over so many bytes the log goes on in a new file. */
  rotateBytes(): number;
  /** Whether there may be no record yet: only while the repository is being made, as that is the first. */
  mayBeEmpty(): boolean;
}

/**
 * The audit log: JSON lines in one chain. HEAD announces each record whole, durably, before it is written to the log; so
 * what a crash leaves is whole or pending, and anything else was done by somebody. SPEC 9.
 */
export class Audit {
  constructor(private readonly layout: Layout, private readonly options: AuditOptions) {}

  /** How many records there are now: what an entry may have for `after`. */
  position(): number {
    const { count, next } = readHead(this.layout);
    return count + (next === null ? 0 : 1);
  }

  /**
   * Adds a record, durable when this returns. Repeatable: for an entry whose `event_id` is in the log it gives the record
   * that is there (without `after`, all of the log is searched for it). `E_AUDIT_CHAIN_BROKEN` when the log's end is not
   * what HEAD says.
   */
  async append(entry: AuditEntry): Promise<AuditRecord> {
    const { layout } = this;
    using _lock = await this.options.lock();
    this.#requireBegun();
    let end = await settle(layout);
    if (entry.event_id !== undefined) {
      const known = findEvent(layout, entry.event_id, end.count - (entry.after ?? 0));
      if (known !== undefined) return known;
    }
    if (isRotationDue(end, this.options.rotateBytes())) end = await rotate(layout, end, entry.actor);
    return await writeEntry(layout, end, entry);
  }

  /** Asks beforehand whether `append` will find the log's end as it must be; `E_AUDIT_CHAIN_BROKEN` when not. */
  async requireEnd(): Promise<void> {
    using _lock = await this.options.lock();
    this.#requireBegun();
    await requireEnd(this.layout);
  }

  /** Mends a broken log, which says so from then on; nothing where it is whole. */
  async repair(by: Repairer): Promise<AuditRecord | undefined> {
    using _lock = await this.options.lock();
    const { broken } = await this.check();
    return broken && await repairLog(this.layout, broken, by);
  }

  /** All records, oldest first, each proved, a pending one included; `E_AUDIT_CHAIN_BROKEN` where that ends. */
  async *read(): AsyncGenerator<AuditRecord> {
    this.#requireBegun();
    using view = await viewLog(this.layout);
    for await (const records of new Chain(this.layout, view).records()) yield* records;
  }

  /** Proves the whole chain in bounded memory; a break is told, not thrown. */
  async check(): Promise<ChainState> {
    let chain: Chain | undefined;
    try {
      this.#requireBegun();
      using view = await viewLog(this.layout);
      chain = new Chain(this.layout, view);
      for await (const _ of chain.records());
      return stateOf(chain);
    } catch (error) {
      if (error instanceof ChainBroken) return { ...stateOf(chain), broken: error.broken };
      throw error;
    }
  }

  /** A log without its HEAD was removed, not never begun: making the repository is the first record. */
  #requireBegun(): void {
    // HEAD twice: between the looks whoever makes the repository may have recorded that.
    if (!isUnbegun(this.layout) || this.options.mayBeEmpty() || !isUnbegun(this.layout)) return;
    const why = "it says that there is no record, and making the repository was one";
    throw new ChainBroken({ file: this.layout.auditHead.path, line: null, why });
  }
}

function isUnbegun(layout: Layout): boolean {
  const { count, next } = readHead(layout);
  return count === 0 && next === null;
}

function stateOf(chain: Chain | undefined): ChainState {
  return {
    count: chain?.count ?? 0,
    last_hash: chain?.lastHash ?? NO_HASH,
    pending: chain?.isPending ?? false,
  };
}
