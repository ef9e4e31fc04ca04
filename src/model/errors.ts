import { printable, sentence } from "./printable.ts";

/** Every class of error, with its cause and what to do: the source of the reference and of hints. SPEC 12. */
export const ERROR_CLASSES = {
  E_NAME_INVALID: ["A name breaks the rules of SPEC 8.", "Use letters, digits, dot, dash and underscore."],
  E_PATH_ESCAPE: ["A name or path would leave the repository.", "Give a name or path inside it."],
  E_LOCK_CONFLICT: ["Another user holds a lease.", "Wait until it is released."],
  E_LOCK_EXPIRED: ["The lease ran out while the operation ran.", "Acquire it again and repeat."],
  E_LOCK_NOT_HELD: ["The change needs a lease and none is held.", "Acquire one first."],
  E_FENCING_MISMATCH: ["Another user took over the worktree.", "Look at the history, then repeat."],
  E_CLOCK_SKEW_EXCEEDED: ["Clocks differ by more than allowed.", "Set the clocks of all hosts."],
  E_CONSISTENCY_UNAVAILABLE: [
    "Files kept changing while they were captured.",
    "Stop what writes, or say --consistency best_effort.",
  ],
  E_DESCRIPTOR_CORRUPT: ["A record of ours is damaged.", "Run `jvs doctor --strict`."],
  E_PAYLOAD_HASH_MISMATCH: [
    "A snapshot's content differs from what was saved.",
    "See the named files with `jvs verify`; restore from another snapshot or a copy.",
  ],
  E_LINEAGE_BROKEN: ["A snapshot's ancestor or a head is missing.", "Run `jvs doctor --strict`."],
  E_PARTIAL_SNAPSHOT: ["A snapshot holds only some paths.", "Restore those paths, or another snapshot."],
  E_GC_PLAN_MISMATCH: ["The repository changed since the plan.", "Make a new plan."],
  E_FORMAT_UNSUPPORTED: ["The repository has a format this program does not know.", "Use a newer jvs."],
  E_SIGNATURE_INVALID: [
    "A signature is not that of what it stands beside.",
    "It was changed after it was signed: compare the repository with a copy of it.",
  ],
  E_SIGNING_KEY_MISSING: [
    "The key to sign with is missing or cannot be used.",
    "Make one with `jvs key create`, or name one by JVS_SIGNING_KEY.",
  ],
  E_TRUST_POLICY_VIOLATION: [
    "A signature is missing, or its key is not trusted.",
    "See `jvs key list`; compare the repository with a copy of it.",
  ],
  E_AUDIT_CHAIN_BROKEN: ["The audit log was cut or edited.", "See `jvs doctor --strict`."],
  E_USAGE: ["The command was not understood.", "See `jvs help`."],
  E_NOT_FOUND: ["What was named does not exist.", "List what exists and name one of those."],
  E_AMBIGUOUS: ["A name fits more than one thing.", "Give more of it, or the full id."],
  E_NOT_A_REPOSITORY: ["There is no JVS repository here.", "Run `jvs init` or `jvs adopt`, or give --repo."],
  E_ALREADY_EXISTS: ["Something with that name exists.", "Choose another name."],
  E_DETACHED: ["The worktree is on an older snapshot.", "Fork it here, or go back with `jvs restore HEAD`."],
  E_UNSAVED_CHANGES: ["Work that no snapshot holds is in the way.", "Save it, or say --discard."],
  E_BUSY: ["Another operation holds the lock.", "Wait for it, or give a longer --lock-timeout."],
  E_NO_SPACE: ["The disk or quota is full.", "Free space; nothing was changed."],
  E_PERMISSION: ["The system refused access.", "Change the rights, or run it as a user who has them."],
  E_UNTRUSTED: ["A repository of another owner is not trusted.", "Look at it, then trust it on purpose."],
  E_ENGINE_UNAVAILABLE: ["A way of cloning does not work here.", "Choose another engine."],
  E_ENGINE_FAILED: ["Cloning failed half-way.", "Nothing was published; see the message."],
  E_HOOK_FAILED: [
    "A hook of the settings did not allow the operation.",
    "See what the hook printed; nothing was begun.",
  ],
  E_DEGRADED: ["Something could not be kept and --strict was given.", "See the degradations listed."],
  E_INTERRUPTED: ["The operation was interrupted.", "Run it again; nothing is half done."],
  E_IO: [
    "The system reported an error.",
    "Correct what the message names and run it again; `jvs doctor` says whether something was left half done.",
  ],
  E_INTERNAL: ["A mistake in JVS.", "Report it with the output of --debug."],
} as const satisfies Record<string, readonly [cause: string, wayOut: string]>;

/** The stable name of an error's class. */
export type ErrorCode = keyof typeof ERROR_CLASSES;

/** Facts about an error for programs: plain JSON. */
export type ErrorDetails = { readonly [name: string]: unknown };

/** What an error may carry besides its message. */
export interface JvsErrorOptions {
  /** What to do next, as a sentence; by default the hint of the class. */
  hint?: string;
  /** Facts for programs; nothing by default. */
  details?: ErrorDetails;
  /** The error that caused this one. */
  cause?: unknown;
}

/**
 * The error that JVS throws on purpose: a message for people and a stable code. The message has no full stop, because it is
 * printed before the code and inside other sentences; the hint has one. The constructor ensures both.
 */
export class JvsError extends Error {
  /** Always `JvsError`. */
  override readonly name = "JvsError";
  /** What to do next, as a sentence. */
  readonly hint: string;
  /** Facts for programs. */
  readonly details: ErrorDetails;

  /** Makes an error that can be thrown. */
  constructor(
    /** The stable name of its class. */
    readonly code: ErrorCode,
    message: string,
    { hint, details = {}, cause }: JvsErrorOptions = {},
  ) {
    super(printable(message).replace(/\.$/, ""), cause === undefined ? undefined : { cause });
    this.hint = sentence(hint ?? ERROR_CLASSES[code][1]);
    this.details = details;
  }

  /** Its form for programs, on every way in. SPEC 11. */
  toJSON(): { schema_version: 1; error: ErrorCode; message: string; hint: string; details: ErrorDetails } {
    const { code, message, hint, details } = this;
    return { schema_version: 1, error: code, message, hint, details };
  }
}

/** Whether an error is a `JvsError`, of one of these classes (of any class when none is given). */
export function isJvsError(error: unknown, ...codes: ErrorCode[]): error is JvsError {
  return error instanceof JvsError && (codes.length === 0 || codes.includes(error.code));
}

/** The result of a call; nothing when it fails with an error that is expected. Any other error is thrown. */
export function unlessThrown<T>(isExpected: (error: unknown) => boolean, call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (isExpected(error)) return undefined;
    throw error;
  }
}
