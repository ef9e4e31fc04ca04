import type { HeadSignature } from "../../model/records.ts";
import type { SignatureState } from "../../model/signing.ts";
import { isSigned } from "../../repo/signing_key.ts";
import type { TrustPolicy } from "../../repo/trust_policy.ts";
import type { SignatureJudge } from "./judge.ts";
import type { Trail } from "./trail.ts";

/** What is known of the signature of the audit log. */
export interface TrailSignature extends SignatureState {
  /** Up to which record it is signed. */
  readonly covers: number;
}

const NONE = {
  state: "unsigned",
  signer: null,
  public_key: null,
  signed_at: null,
  problem: null,
  covers: 0,
} as const;

/** Judges the signature of the audit log, and whether it is still the one that the user saw. A broken log is another matter. */
export async function judgeTrail(judge: SignatureJudge): Promise<TrailSignature> {
  if (!judge.isTrailNeeded) return NONE;
  const { trail } = await judge.dated();
  const signature = await signatureOf(judge, trail);
  if (trail.state.broken !== undefined) return { ...signature, problem: null };
  const problem = exchanged(judge.policy, trail) ?? signature.problem;
  return { ...signature, problem };
}

/** Whether nothing is wrong but that the newest records are not signed: those of a user without a key, for one. */
export function isOnlyUnsignedEnd({ problem, state }: TrailSignature): boolean {
  return state === "valid" && problem !== null && problem.startsWith(UNSIGNED_END);
}

/** Whether the problem says itself what to do: another key signs what the revoked one signed. */
export function saysWayOut({ problem }: TrailSignature): boolean {
  return problem?.endsWith(SIGN_AGAIN) === true;
}

/**
 * How many records there may be with one more, so that a signature of that one stands for none that nobody vouched for: each before it was
 * signed, or the user saw it when signatures were first required. None where this is not so.
 */
export async function mostToSign(
  judge: SignatureJudge,
  { covers, problem }: TrailSignature,
): Promise<number> {
  const { trail } = await judge.dated();
  const { broken, count } = trail.state;
  const isVouchedFor = problem === null && count <= Math.max(covers, knownCount(judge, trail));
  return isVouchedFor && broken === undefined ? count + 1 : 0;
}

const SIGN_AGAIN = "compare it with a copy, then let another key sign, by any change such as a snapshot";
const UNSIGNED_END = "The newest records of the audit log are not signed";

/** Judges it by itself. */
async function signatureOf(judge: SignatureJudge, trail: Trail): Promise<TrailSignature> {
  const { policy } = judge;
  const { signed } = trail.state;
  if (signed === undefined) return { ...NONE, problem: requirement(judge, trail, NONE) };
  const { fits, record } = signed;
  const { count, public_key, signed_at } = record;
  const invalid = (problem: string) => ({ ...NONE, state: "invalid" as const, problem });
  if (record.repo_id !== policy.repoId || !await isSigned(record)) {
    return invalid(
      "The signature of the audit log was not made with the key that it names, for this repository",
    );
  }
  if (!fits) return invalid("The audit log is not the one that was signed: records were changed or removed");
  const signature = {
    state: await stateOf(judge, record),
    signer: policy.nameOf(public_key),
    public_key,
    signed_at,
    problem: null,
    covers: count,
  };
  return { ...signature, problem: requirement(judge, trail, signature) };
}

async function stateOf(
  judge: SignatureJudge,
  { count, public_key }: HeadSignature,
): Promise<SignatureState["state"]> {
  const revoked = judge.policy.revoked.get(public_key);
  if (revoked !== undefined) {
    return await judge.wasThere(count, revoked) ? "valid" : "revoked";
  }
  return judge.policy.trusted.has(public_key) ? "valid" : "untrusted";
}

/** What is missing where signatures are required; null if nothing is. */
function requirement(
  judge: SignatureJudge,
  trail: Trail,
  { covers, public_key, state }: TrailSignature,
): string | null {
  const { count } = trail.state;
  const known = knownCount(judge, trail);
  if (!judge.policy.isRequired || count <= known) return null;
  if (state === "unsigned") {
    return "The audit log is not signed, and it must be: it was written again, or its signature was removed";
  }
  if (state === "revoked") {
    return `The audit log is signed with the key ${public_key}, which was revoked, and nothing that you trust saw it before: ${SIGN_AGAIN}`;
  }
  if (state !== "valid") return `The audit log is signed with the key ${public_key}, which you do not trust`;
  const after = count - Math.max(covers, known);
  return after <= 0
    ? null
    : `${UNSIGNED_END} (${after}): a user without a key made them, or they were forged`;
}

/** Up to which record the log was there when the user, or the settings, began to require signatures. */
function knownCount({ policy }: SignatureJudge, { has, requiredFrom }: Trail): number {
  const since = policy.expected?.required_since ?? null;
  if (since !== null) return has(since) ? since.count : 0;
  return requiredFrom ?? 0;
}

/** What the user saw of the log, and it does not have any more, or why it is another log. `isOther`: it is not of the repository that is expected. */
export function exchanged(
  { expected, isOther }: Pick<TrustPolicy, "expected" | "isOther">,
  trail: Pick<Trail, "has">,
): string | undefined {
  if (isOther) {
    return `This is another repository than the one that you know in this place, ${expected?.repo_id}`;
  }
  const since = expected?.required_since ?? null;
  const gone = [...expected?.heads ?? [], ...since === null ? [] : [since]].find((head) => !trail.has(head));
  if (gone === undefined) return undefined;
  const { count, hash, seen_at } = gone;
  return `The audit log had ${count} records at ${seen_at}, the newest with the hash ${hash}, and does not have that one any more: ` +
    "the log, or the whole repository, was exchanged for an earlier one, or another";
}
