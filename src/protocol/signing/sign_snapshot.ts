import { JvsError } from "../../model/errors.ts";
import type { Descriptor } from "../../model/records.ts";
import { nowIso } from "../../platform/clock.ts";
import type { SigningKey } from "../../repo/signing_key.ts";
import type { RepositoryContext } from "../context.ts";

/**
 * The key with which a snapshot is to be signed; undefined where none is. Asked before anything is cloned: `E_SIGNING_KEY_MISSING` or
 * `E_PERMISSION` where the key cannot or must not be used, `E_TRUST_POLICY_VIOLATION` where the next `verify`, the user's or the team's, would refuse the snapshot, or the user saw another audit log here.
 */
export async function signerOf({ store }: RepositoryContext): Promise<SigningKey | undefined> {
  const { layout, signing } = store;
  const key = await signing.key();
  if (key?.path !== undefined) (await import("../../repo/key_place.ts")).requireKeyOutside(store, key.path);
  if (key !== undefined || signing.mayRequire) (await signing.policy()).requireSigner(key?.publicKey);
  if (key !== undefined && !await signing.isKnown()) throw notKnown(layout.root);
  return key;
}

function notKnown(root: string): JvsError {
  return new JvsError(
    "E_TRUST_POLICY_VIOLATION",
    "Cannot save: the audit log is not the one that you saw in the repository with this id, and nothing is signed in another one",
    {
      hint:
        "What you sign here could be put into the one that you know. Compare the repository with a copy. If you brought it here " +
        "yourself, say so: `jvs key trust`, without a key, notes it as it is now.",
      details: { root },
    },
  );
}

/** Signs a descriptor, durably. It is the last step before the snapshot is published. */
export async function signDescriptor(
  { actor, reason, store }: RepositoryContext,
  { descriptor_checksum, snapshot_id }: Descriptor,
  key: SigningKey,
): Promise<void> {
  const { writeSignature } = await import("../../repo/signatures.ts");
  const signed = await key.sign({
    signs: "jvs snapshot",
    repo_id: store.repoId,
    snapshot_id,
    descriptor_checksum: descriptor_checksum.value,
    trail: store.audit.end(),
    actor,
    reason: reason ?? null,
    signed_at: nowIso(),
  });
  writeSignature(store.layout, signed);
}
