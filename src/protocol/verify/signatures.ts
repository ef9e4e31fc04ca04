import { isJvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import type { Finding } from "../../model/records.ts";
import type { SignatureState } from "../../model/signing.ts";
import { otherRepository } from "../../repo/trust_policy.ts";
import type { RepositoryContext } from "../context.ts";
import { finding, problemFound } from "./finding.ts";
import { FROM_COPY } from "./ways_out.ts";
import { isOnlyUnsignedEnd, judgeTrail, saysWayOut, type TrailSignature } from "../signing/check_trail.ts";
import { codeOfSignature, type JudgeOptions, SignatureJudge } from "../signing/judge.ts";

/** Checks what is signed, and whether the repository is what the user noted of it. */
export async function checkSignatures(
  { store }: RepositoryContext,
  { trail, ...options }: JudgeOptions & {
    /** What is known of the audit log's signature, if that was judged before. */
    readonly trail?: TrailSignature | undefined;
  } = {},
): Promise<Finding[]> {
  let judge: SignatureJudge;
  try {
    judge = await SignatureJudge.open(store, options);
  } catch (error) {
    if (!isJvsError(error, "E_DESCRIPTOR_CORRUPT", "E_PERMISSION")) throw error;
    return [problemFound(error, error.hint)]; // what the user trusts cannot be read
  }
  const { isOther, repoId } = judge.policy;
  return [
    ...isOther ? [problemFound(otherRepository(store.layout.root, repoId))] : [],
    ...trailFindings(store, trail ?? await judgeTrail(judge)),
    ...await snapshotFindings(store, judge),
  ];
}

const COMPARE = "Compare it with a copy of the repository.";
const ACCEPT = "If you brought back a copy yourself, say so: `jvs key trust` notes the log as it is now.";

/** What is wrong with the signature of the audit log, as it was judged. */
export function trailFindings({ layout }: RepositoryContext["store"], judged: TrailSignature): Finding[] {
  const code = codeOfSignature(judged);
  if (code === undefined) return [];
  const isEnd = isOnlyUnsignedEnd(judged);
  const way = isEnd
    ? "See them with `jvs audit`; the next change with a trusted key signs them too."
    : saysWayOut(judged)
    ? ""
    : `${COMPARE} ${ACCEPT}`;
  const message = `${judged.problem}. ${way}`.trimEnd();
  return [finding(isEnd ? "error" : "critical", code, message, { path: layout.auditHead.path })];
}

/** What a person does about the signature of a snapshot, as docs/recovery.md says it. */
function wayOut({ state }: SignatureState, id: string): string {
  const again = `save it again: \`jvs path ${id}\` names its files.`;
  switch (state) {
    case "unsigned":
      return `Bring its signature back from a copy of the repository. If you know that its content is yours, ${again}`;
    case "untrusted":
      return "If you know whose key it is, compare it with what `jvs key export` prints for its owner, and trust it: `jvs key trust KEY NAME`.";
    case "revoked":
      return `If you know that its content is right, ${again}`;
    case "valid": // without the record that made it
      return "Compare it, and the audit log, with a copy of the repository.";
    case "invalid":
      return FROM_COPY;
  }
}

/** One finding for each snapshot whose signature is not as it must be, pruned ones too. */
async function snapshotFindings(
  { snapshots }: RepositoryContext["store"],
  judge: SignatureJudge,
): Promise<Finding[]> {
  if (!judge.isNeeded) return [];
  const findings: Finding[] = [];
  for (const id of snapshots.listKnown()) {
    const descriptor = await snapshots.readable(id);
    if (descriptor === undefined) continue; // another check reports it
    try {
      const judged = await judge.judge(descriptor);
      const code = codeOfSignature(judged);
      if (code === undefined) continue;
      const message = `Snapshot ${shortId(id)}: ${judged.problem}. ${wayOut(judged, shortId(id))}`;
      findings.push(finding("critical", code, message, { snapshot_id: id }));
    } catch (error) {
      if (!isJvsError(error, "E_PERMISSION")) throw error;
      findings.push(problemFound(error)); // somebody closed this one to the user: the others are checked all the same
    }
  }
  return findings;
}

/** Checks that the key is there with which the settings say to sign. */
export async function checkSigningKey({ store }: RepositoryContext): Promise<Finding[]> {
  try {
    await store.signing.key();
    return [];
  } catch (error) {
    if (!isJvsError(error, "E_SIGNING_KEY_MISSING", "E_PERMISSION")) return []; // the settings are another finding
    if (error.code === "E_PERMISSION") return [problemFound(error)];
    return [finding("warning", "E_SIGNING_KEY_MISSING", `${error.message}. ${error.hint}`)];
  }
}
