import { HeadSignature, publicKey, signature, snapshotId, time, uuid } from "./records.ts";
import { type Infer, integer, list, literal, nullable, oneOf, record, text } from "./schema.ts";

/** Records of signatures, and of what a user trusts. docs/design/signing.md. */

/** A place in the audit log: the record with which there were so many, and its hash. */
export const TrailEnd = record({
  count: integer({ min: 0 }).about("How many records there were."),
  hash: text({ pattern: /^[0-9a-f]{64}$/, what: "64 hex digits" }).about(
    "The `record_hash` of the newest of them.",
  ),
});
export type TrailEnd = Infer<typeof TrailEnd>;

/** A signature of a snapshot's descriptor, and with it of all that the descriptor proves. */
export const SnapshotSignature = record({
  signs: literal("jvs snapshot").about("What is signed: no signature stands for one of another kind."),
  repo_id: uuid().about("The id of the repository."),
  snapshot_id: snapshotId().about("The snapshot."),
  descriptor_checksum: text({ pattern: /^[0-9a-f]{64}$/, what: "64 hex digits" })
    .about("That of its descriptor, which proves manifest and content."),
  trail: TrailEnd.about(
    "The end of the audit log as the signer found it, before the record of this snapshot.",
  ),
  actor: text().about("Who signed: `user@host`, or the name that the caller gave."),
  reason: nullable(text()).about("The reason that the user gave; null if none."),
  signed_at: time().about("When it was signed, by the clock of the signer."),
  public_key: publicKey().about("The key that signed."),
  signature: signature().about("Of all other fields, as canonical JSON."),
});
export type SnapshotSignature = Infer<typeof SnapshotSignature>;

/** Any signature. */
export type AnySignature = SnapshotSignature | HeadSignature;

/** A key that a user trusts. */
export const TrustedKey = record({
  public_key: publicKey().about("The key."),
  name: text().about("What the user calls its owner."),
  repo_id: nullable(uuid()).about("The repository in which it is trusted; null: in every one."),
  trusted_at: time().about("Since when."),
});
export type TrustedKey = Infer<typeof TrustedKey>;

/** A key that is not trusted any more. */
export const RevokedKey = record({
  public_key: publicKey().about("The key."),
  revoked_at: time().about("Since when its owner may not be the only one who has it."),
  reason: nullable(text()).about("The reason that the user gave; null if none."),
  repo_id: nullable(uuid()).optional().about(
    "The repository in which the user said so without naming a time; null, or missing: the time holds in every one.",
  ),
});
export type RevokedKey = Infer<typeof RevokedKey>;

/** An end of the audit log that a user saw. */
export const SeenHead = record({
  ...TrailEnd.fields,
  seen_at: time().about("When the user's own JVS saw it."),
});
export type SeenHead = Infer<typeof SeenHead>;

/** What a user expects of one repository. */
export const Expected = record({
  repo_id: uuid().about("The id of the repository."),
  root: text().about("Where it was: a repository with another id there is another one."),
  required_since: nullable(SeenHead).about(
    "Snapshots that the audit log did not have then must be signed by a key that is trusted; null if unsigned ones may come.",
  ),
  heads: list(SeenHead).about(
    "Ends of its audit log that were seen, the oldest first: its log still has these records.",
  ),
});
export type Expected = Infer<typeof Expected>;

/** What a user trusts: a file in the user's own config folder, out of reach for those who write to repositories. */
export const OwnTrust = record({
  keys: list(TrustedKey).about("The keys that the user trusts."),
  revoked: list(RevokedKey).about("The keys that the user trusts no more."),
  repositories: list(Expected).about("The repositories of which the user expects something."),
});
export type OwnTrust = Infer<typeof OwnTrust>;

/** What is known of a signature. */
export const SIGNED = {
  state: oneOf("valid", "untrusted", "revoked", "unsigned", "invalid").about(
    "`valid`: by a key that is trusted; `untrusted`: right, by a key that is not; `revoked`: by one that is not any more; " +
      "`invalid`: not that of what it stands beside, or damaged.",
  ),
  signer: nullable(text()).about("The name of the key that signed; null if you have none for it."),
  public_key: nullable(publicKey()).about("The key that signed; null without a signature."),
  signed_at: nullable(time()).about("When, as the signer says; null without a signature."),
  problem: nullable(text()).about("Why it is not as it must be; null if it is."),
};

/** What is known of the signature of a snapshot. */
export const SignatureState = record(SIGNED);
export type SignatureState = Infer<typeof SignatureState>;
