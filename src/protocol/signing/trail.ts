import type { AuditRecord } from "../../model/records.ts";
import type { SeenHead, TrailEnd } from "../../model/signing.ts";
import type { ChainState } from "../../repo/audit_chain.ts";
import type { Store } from "../../repo/store.ts";

/** An end of the audit log that someone saw at a time: a user's own JVS, or a signer. */
export type Witness = SeenHead;

/** What the audit log says about the order of things. The times in its records prove nothing: who rewrites it chooses them. */
export interface Trail {
  readonly state: ChainState;
  /** Whether the log has a record with this hash at this place. */
  has(end: TrailEnd): boolean;
  /** Whether the log never had that end. What a break, or the repair of one, cut off nobody knows any more. */
  lacks(end: TrailEnd): boolean;
  /** How many records there were with the one that made a snapshot with this descriptor; undefined if none did. */
  positionOf(snapshotId: string, checksum: string): number | undefined;
  /** Whether nothing behind this end can have been cut off by a break or a repair. */
  isWholeSince(end: TrailEnd): boolean;
  /** With which record the settings began to require signatures; undefined if no record tells. */
  readonly requiredFrom: number | undefined;
}

/** Reads the whole log once, and proves it. */
export async function readTrail({ audit }: Store): Promise<Trail> {
  const hashes: string[] = [];
  const made = new Map<string, number>();
  const repairs: number[] = [];
  let requiredFrom: number | undefined;
  const state = await audit.check((record, position) => {
    const { operation, record_hash, target, details } = record;
    hashes.push(record_hash);
    if (operation === "snapshot") {
      const key = `${target} ${details["descriptor_checksum"]}`;
      if (!made.has(key)) made.set(key, position);
    } else if (operation === "audit repair") repairs.push(position);
    else if (requiredFrom === undefined && isRequirement(record)) requiredFrom = position;
  });
  const has = ({ count, hash }: TrailEnd) => count === 0 || hashes[count - 1] === hash;
  const isBroken = state.broken !== undefined;
  const firstCut = repairs[0] ?? (isBroken ? hashes.length + 1 : Infinity);
  return {
    state,
    has,
    lacks: (end) => !has(end) && end.count < firstCut,
    positionOf: (id, checksum) => made.get(`${id} ${checksum}`),
    isWholeSince: (end) => !isBroken && has(end) && end.count >= (repairs.at(-1) ?? 0),
    requiredFrom,
  };
}

function isRequirement({ details, operation }: AuditRecord): boolean {
  return operation === "config set" && details["key"] === "signing.require" && details["value"] === "true";
}
