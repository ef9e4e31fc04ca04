import { isJvsError, unlessThrown } from "../../model/errors.ts";
import type { Descriptor } from "../../model/records.ts";
import type { SignatureState, SnapshotSignature } from "../../model/signing.ts";
import { isUnreadableRecord } from "../../repo/control_errors.ts";
import { isFor, readSignature } from "../../repo/signatures.ts";
import { isSigned } from "../../repo/signing_key.ts";
import type { Store } from "../../repo/store.ts";
import type { TrustPolicy } from "../../repo/trust_policy.ts";
import { readTrail, type Trail, type Witness } from "./trail.ts";

/** How to judge. */
export interface JudgeOptions {
  /** Unsigned snapshots are taken, this once. */
  readonly allowUnsigned?: boolean;
}

const UNSIGNED = { signer: null, public_key: null, signed_at: null, problem: null } as const;

/** Judges the signatures of snapshots by what the user trusts. It reads the audit log only where a time matters, and once. */
export class SignatureJudge {
  readonly #named: ReadonlySet<string>;
  #trail: Promise<Dated> | undefined;

  private constructor(
    private readonly store: Store,
    readonly policy: TrustPolicy,
    private readonly options: JudgeOptions,
  ) {
    this.#named = new Set(store.layout.signatures.jsonNames());
  }

  /** Reads what is trusted here. */
  static async open(store: Store, options: JudgeOptions = {}): Promise<SignatureJudge> {
    return new SignatureJudge(store, await store.signing.policy(), options);
  }

  /** Whether anything is signed here, or must be. */
  get isNeeded(): boolean {
    return this.#named.size > 0 || this.policy.isRequired;
  }

  /** Whether the audit log is signed, or must be, or must still have what the user saw. */
  get isTrailNeeded(): boolean {
    return this.policy.isRequired || this.policy.expected !== undefined || this.store.audit.isSigned;
  }

  /** What is known of the signature of a snapshot, whose descriptor was proved by its checksum. */
  async judge(descriptor: Descriptor): Promise<SignatureState> {
    const { snapshot_id: id } = descriptor;
    let signed: SnapshotSignature | undefined;
    try {
      signed = this.#named.has(id) ? readSignature(this.store.layout, id) : undefined;
    } catch (error) {
      if (!isUnreadableRecord(error)) throw error;
      return invalid(error.message);
    }
    if (signed === undefined) return await this.#unsigned(descriptor);
    const { public_key, signed_at } = signed;
    const facts = {
      signer: this.policy.nameOf(public_key),
      public_key,
      signed_at,
      problem: null,
    };
    if (!isFor(signed, descriptor, this.policy.repoId)) {
      return invalid("The signature is not for this snapshot as it is now");
    }
    if (!await isSigned(signed)) return invalid("The signature was not made with the key that it names");
    if (await this.#isOfAnotherLog(signed)) {
      return invalid(
        "The signature was made in another repository: it names an audit log that this one never was",
      );
    }
    return await this.#byKey(descriptor, signed, facts);
  }

  async #unsigned(descriptor: Descriptor): Promise<SignatureState> {
    if (!this.policy.isRequired || this.options.allowUnsigned) return { state: "unsigned", ...UNSIGNED };
    if (await this.#cameBefore(descriptor)) return { state: "unsigned", ...UNSIGNED };
    const problem = "It is not signed, and it must be: it is forged, or its signature was removed";
    return { state: "unsigned", ...UNSIGNED, problem };
  }

  /** A signature that is right: whose is it? */
  async #byKey(
    descriptor: Descriptor,
    signed: SnapshotSignature,
    facts: Omit<SignatureState, "state">,
  ): Promise<SignatureState> {
    const { policy } = this;
    const { public_key } = signed;
    const time = policy.revoked.get(public_key);
    if (time !== undefined) {
      const position = positionIn((await this.dated()).trail, descriptor);
      if (position !== undefined && await this.wasThere(position, time)) return { ...facts, state: "valid" };
      const problem =
        `Its key was revoked at ${time}, and nothing that you trust proves that the snapshot was there before`;
      return { ...facts, state: "revoked", problem };
    }
    if (policy.trusted.has(public_key)) {
      const problem = await this.#isUnrecorded(descriptor, signed)
        ? "It is signed, but no record of the audit log made it: it was put here, or the log was changed"
        : null;
      return { ...facts, state: "valid", problem };
    }
    if (!policy.isRequired || await this.#cameBefore(descriptor)) return { ...facts, state: "untrusted" };
    const problem = `It is signed with the key ${public_key}, which you do not trust`;
    return { ...facts, state: "untrusted", problem };
  }

  /**
   * Whether a signature was made where the audit log was another one: a repository with the same id, which anybody can make. Asked only
   * where something is expected, because it costs reading the log.
   */
  async #isOfAnotherLog({ trail: end }: SnapshotSignature): Promise<boolean> {
    const { expected, isRequired } = this.policy;
    return (expected !== undefined || isRequired) && await this.#isStill((trail) => trail.lacks(end));
  }

  /** Whether a snapshot that must be signed has no record that made it, though none can be missing. */
  async #isUnrecorded(descriptor: Descriptor, { trail: end }: SnapshotSignature): Promise<boolean> {
    if (!this.policy.isRequired) return false;
    const isUnrecorded = (trail: Trail) =>
      positionIn(trail, descriptor) === undefined && trail.isWholeSince(end);
    if (!isUnrecorded((await this.dated()).trail)) return false;
    // The record comes after the snapshot, and before its intent is closed; after a kill, by recovery.
    const isUnderWay = this.store.intents.list().some(({ claims }) =>
      claims.snapshot_id === descriptor.snapshot_id
    );
    return !isUnderWay && await this.#isStill(isUnrecorded);
  }

  /** Whether something is so of the audit log, and of what another process may have added since it was read. */
  async #isStill(isSo: (trail: Trail) => boolean): Promise<boolean> {
    const { trail } = await this.dated();
    if (!isSo(trail)) return false;
    const isSame = trail.state.broken !== undefined || this.store.audit.end().hash === trail.state.last_hash;
    return isSame || isSo(await readTrail(this.store));
  }

  /** Whether a snapshot was there before signatures were required. */
  async #cameBefore(descriptor: Descriptor): Promise<boolean> {
    const { trail } = await this.dated();
    const position = positionIn(trail, descriptor);
    if (position === undefined) return false;
    const since = this.policy.expected?.required_since ?? null;
    if (since !== null) return trail.has(since) && position <= since.count;
    return trail.requiredFrom !== undefined && position < trail.requiredFrom;
  }

  /** Whether somebody whom the user trusts saw the audit log before that time with the record at a position, which it still has. */
  async wasThere(position: number, time: string): Promise<boolean> {
    const { trail, witnesses } = await this.dated();
    return witnesses.some((seen) =>
      Date.parse(seen.seen_at) <= Date.parse(time) && position <= seen.count && trail.has(seen)
    );
  }

  /** The audit log, proved once, and who saw which part of it when. */
  async dated(): Promise<Dated> {
    return await (this.#trail ??= this.#readTrail());
  }

  async #readTrail(): Promise<Dated> {
    const { expected, revoked } = this.policy;
    const signed = revoked.size === 0 ? [] : await this.#signedEnds();
    const since = expected?.required_since ?? null;
    const witnesses = [...expected?.heads ?? [], ...since === null ? [] : [since], ...signed];
    return { trail: await readTrail(this.store), witnesses };
  }

  /** The ends of the audit log that keys have signed which are trusted now: their owners do not lie about the time. */
  async #signedEnds(): Promise<Witness[]> {
    const { layout } = this.store;
    const read = (id: string) => unlessThrown((error) => isJvsError(error), () => readSignature(layout, id));
    const ofHead = (await this.store.audit.check()).signed?.record;
    const all = [...this.#named].flatMap((id) => read(id) ?? []);
    const ends = all.map((signed) => ({ signed, end: signed.trail }));
    const head = ofHead === undefined
      ? []
      : [{ signed: ofHead, end: { count: ofHead.count, hash: ofHead.hash } }];
    const witnesses: Witness[] = [];
    for (const { signed, end } of [...ends, ...head]) {
      const isOurs = signed.repo_id === this.policy.repoId && this.policy.isTrusted(signed.public_key);
      if (isOurs && await isSigned(signed)) witnesses.push({ ...end, seen_at: signed.signed_at });
    }
    return witnesses;
  }
}

/** The audit log, and who saw which part of it when. */
export interface Dated {
  readonly trail: Trail;
  readonly witnesses: readonly Witness[];
}

function positionIn(trail: Trail, { descriptor_checksum, snapshot_id }: Descriptor): number | undefined {
  return trail.positionOf(snapshot_id, descriptor_checksum.value);
}

function invalid(problem: string): SignatureState {
  return { state: "invalid", ...UNSIGNED, problem };
}

/** The class of the error for a signature that is not as it must be; nothing if it is. */
export function codeOfSignature(
  { problem, state }: Pick<SignatureState, "problem" | "state">,
): SignatureError | undefined {
  if (problem === null) return undefined;
  return state === "invalid" ? "E_SIGNATURE_INVALID" : "E_TRUST_POLICY_VIOLATION";
}

/** The classes of errors of signatures. */
export type SignatureError = "E_SIGNATURE_INVALID" | "E_TRUST_POLICY_VIOLATION";
