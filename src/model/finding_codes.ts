/**
 * Every code of a finding of `jvs doctor` and `jvs verify --all`, and what it means. Codes are stable: programs ask for them. Some
 * are classes of errors, the others are words of their own. docs/recovery.md has a section for each: what to do. SPEC 9.
 */
export const FINDING_CODES = {
  SNAPSHOT_MISSING: "A snapshot was made, and nothing of it is left.",
  READY_MISSING: "A snapshot was published, and its commit marker is missing.",
  E_DESCRIPTOR_CORRUPT: "A record of JVS is damaged or missing.",
  E_PAYLOAD_HASH_MISMATCH: "The content of a snapshot is not what was saved.",
  E_LINEAGE_BROKEN: "A snapshot is missing that another snapshot, a worktree, a ref or a pin names.",
  E_SIGNATURE_INVALID: "A signature is damaged, or is not that of what it stands beside.",
  E_TRUST_POLICY_VIOLATION:
    "A signature is missing or not trusted, or the repository is not what you noted of it.",
  E_SIGNING_KEY_MISSING: "The settings ask for signatures, and you have no such key.",
  E_AUDIT_CHAIN_BROKEN: "The audit trail was cut, edited or removed.",
  E_PATH_ESCAPE:
    "A symbolic link is in the place of a file or folder of JVS, or a record leads out of the repository.",
  E_PERMISSION: "Something may not be read, or is in the place of a file or folder of JVS and is none.",
  E_FORMAT_UNSUPPORTED: "A newer version of JVS wrote a file.",
  E_IO: "The system reported an error when a file was read.",
  LAYOUT: "A folder of the repository is missing.",
  WORKTREE_MISSING: "The folder of a worktree is gone.",
  WORKTREE_REPLACED: "Another folder is in the place of a worktree's.",
  E_USAGE: "The settings cannot be read, or have something that does nothing.",
  E_DEGRADED: "The content of a snapshot is whole, but some of its metadata was lost.",
  HEAD_ORPHAN: "A snapshot was made in a worktree whose record does not know it.",
  INTENT_OPEN: "An operation was interrupted.",
  LEFTOVER: "An interrupted operation left something that no operation needs.",
  RUNTIME_MISSING: "A folder is missing that JVS can make again at any time.",
  E_CLOCK_SKEW_EXCEEDED: "A clock is wrong, or was.",
  AUDIT_PENDING: "The last audit record is not in its file yet.",
  FOREIGN_FILE: "A file is in a folder of JVS that JVS did not make.",
} as const satisfies Record<string, string>;

/** The stable code of a finding. */
export type FindingCode = keyof typeof FINDING_CODES;

/** Whether a word is the code of a finding. */
export function isFindingCode(word: string): word is FindingCode {
  return Object.hasOwn(FINDING_CODES, word);
}
