import { JvsError } from "../../model/errors.ts";
import type { Descriptor } from "../../model/records.ts";
import type { Store } from "../../repo/store.ts";

/**
 * Throws where the user knows another repository in this place, where the signature of a snapshot is not one of it, and where signatures
 * are required and it is not as it must be: nothing of it is brought out. Who signs nothing and trusts no keys pays two looks: whether
 * the own config folder has a file, and whether there is a signature.
 */
export async function requireSignature(store: Store, descriptor: Descriptor): Promise<void> {
  const problem = await signatureProblemOf(store, descriptor);
  if (problem !== undefined) throw problem;
}

/** What `requireSignature` would throw; undefined for nothing. */
export async function signatureProblemOf(
  store: Store,
  descriptor: Descriptor,
): Promise<JvsError | undefined> {
  const { snapshot_id: id } = descriptor;
  if (!store.signing.mayRequire && !store.layout.signature(id).isThere()) return undefined;
  const { codeOfSignature, SignatureJudge } = await import("./judge.ts");
  const judge = await SignatureJudge.open(store);
  const { policy } = judge;
  if (policy.isOther) {
    const { otherRepository } = await import("../../repo/trust_policy.ts");
    return otherRepository(store.layout.root, policy.repoId);
  }
  // While the id of the repository is damaged, which is a finding of its own, no signature fits.
  if (policy.repoId === "" && !policy.isRequired) return undefined;
  const judged = await judge.judge(descriptor);
  const code = codeOfSignature(judged);
  if (code === undefined || (code !== "E_SIGNATURE_INVALID" && !policy.isRequired)) return undefined;
  return new JvsError(code, `Cannot use snapshot ${id}: ${judged.problem}`, { details: { snapshot_id: id } });
}
