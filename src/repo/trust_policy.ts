import { JvsError } from "../model/errors.ts";
import type { Expected, OwnTrust } from "../model/signing.ts";
import { readRevocation, revokedIn } from "./revocations.ts";

/** What a policy is made of. */
export interface PolicySources {
  readonly own: OwnTrust;
  /** The caller's own key, if the caller gives one. */
  readonly ownKey: string | undefined;
  readonly repoId: string;
  readonly root: string;
  /** Of the repository's settings, which whoever may write there can change. */
  readonly require: boolean;
  readonly keyring: readonly string[];
  readonly revoked: readonly string[];
}

/** A key that is trusted here. */
export interface Trusted {
  readonly name: string;
  /** Whose word it is. */
  readonly by: "you" | "repository";
}

/** What the user expects of a repository with an id at a place; undefined for nothing. */
export function expectedOf(
  { repositories }: OwnTrust,
  { repoId, root }: Pick<PolicySources, "repoId" | "root">,
): Expected | undefined {
  // The place first: a repository there could have got the id of another one, of which the user expects less.
  const here = repositories.filter((each) => each.root === root);
  const isThis = (each: Expected) => each.repo_id === repoId;
  return here.find(isThis) ?? here[0] ?? repositories.find(isThis);
}

/**
 * Which keys are trusted in a repository, and what must be signed: what the user says, and what the repository's settings say. These can
 * be changed by everybody against whom signatures protect. So they can ask for more than the user does, and never for less;
 * and their keys count only for users who have not said which keys to trust here. docs/design/signing.md.
 */
export class TrustPolicy {
  /** What the user expects of this repository. */
  readonly expected: Expected | undefined;
  /** The id that this repository must have in its signatures. */
  readonly repoId: string;
  /** The user knows another repository at this place. */
  readonly isOther: boolean;
  readonly isRequired: boolean;
  readonly trusted: ReadonlyMap<string, Trusted>;
  /** Since when keys are not trusted any more. */
  readonly revoked: ReadonlyMap<string, string>;

  constructor(private readonly sources: PolicySources) {
    const { keyring, own, ownKey, repoId, require, root } = sources;
    this.expected = expectedOf(own, { repoId, root });
    this.repoId = this.expected?.repo_id ?? repoId;
    this.isOther = this.repoId !== repoId;
    this.isRequired = require || (this.expected?.required_since ?? null) !== null;
    const team = keyring.map((each) => trustedAs(each.slice(0, 64), each.slice(65), "repository"));
    const given = ownKey === undefined ? [] : [trustedAs(ownKey, "your key", "you")];
    const ownKeys = own.keys.filter(({ repo_id }) => repo_id === null || repo_id === this.repoId)
      .map(({ name, public_key }) => trustedAs(public_key, name, "you"));
    const decides = this.expected?.required_since || own.keys.some(({ repo_id }) => repo_id === this.repoId);
    this.trusted = new Map([...decides ? [] : team, ...given, ...ownKeys]);
    this.revoked = revokedIn(this.repoId, own.revoked, sources.revoked.map(readRevocation));
  }

  /** What the one whose word counts calls a key; null if nobody told: others could call theirs anything. */
  nameOf(publicKey: string): string | null {
    return this.trusted.get(publicKey)?.name ?? null;
  }

  /** Whether a key may sign now. */
  isTrusted(publicKey: string): boolean {
    return this.trusted.has(publicKey) && !this.revoked.has(publicKey);
  }

  /** Throws where a snapshot that is signed with this key, or with none, would be refused by the next `verify`, or by that of others. */
  requireSigner(publicKey: string | undefined): void {
    if (this.isOther) throw otherRepository(this.sources.root, this.repoId);
    const time = publicKey === undefined ? undefined : this.revoked.get(publicKey);
    if (publicKey !== undefined && time !== undefined) {
      throw cannotSign(publicKey, `your key was revoked at ${time}, and what it signs is refused`, NEW_KEY);
    }
    if (!this.isRequired) return;
    if (publicKey === undefined) {
      throw new JvsError(
        "E_SIGNING_KEY_MISSING",
        "Cannot save: every snapshot must be signed here, and no key is named",
        { hint: NEW_KEY },
      );
    }
    const must = "every snapshot must be signed by a trusted key here";
    if (!this.trusted.has(publicKey)) {
      const hint = "Sign with another one, or say that you trust it: `jvs key trust`.";
      throw cannotSign(publicKey, `${must}, and yours is not trusted`, hint);
    }
    if (!this.#isKnownToTeam(publicKey)) {
      const hint =
        `A member of the team runs \`jvs key trust ${publicKey} NAME --team\`: send it by another way than the repository.`;
      throw cannotSign(publicKey, `${must}, and the team's keys do not have yours`, hint);
    }
  }

  /** Whether the others take what this key signs, where they go by the settings. */
  #isKnownToTeam(publicKey: string): boolean {
    const { keyring } = this.sources;
    const decidesAlone = (this.expected?.required_since ?? null) !== null;
    return decidesAlone || keyring.length === 0 || keyring.some((each) => each.startsWith(publicKey));
  }
}

const NEW_KEY = "Make a key with `jvs key create NAME`, and name it: `jvs config set signing.key NAME`.";

function cannotSign(publicKey: string, why: string, hint: string): JvsError {
  return new JvsError("E_TRUST_POLICY_VIOLATION", `Cannot save: ${why}`, {
    hint: `Your key is ${publicKey}. ${hint}`,
    details: { public_key: publicKey },
  });
}

/** The user expects another repository at this place. */
export function otherRepository(root: string, repoId: string): JvsError {
  return new JvsError(
    "E_TRUST_POLICY_VIOLATION",
    `Cannot trust the repository "${root}": it is not the one that you know there, ${repoId}`,
    {
      hint:
        "Compare it with a copy. If you replaced it yourself, say so: `jvs key trust` notes it as it is now.",
      details: { root, repo_id: repoId },
    },
  );
}

function trustedAs(
  publicKey: string,
  name: string,
  by: Trusted["by"],
): [publicKey: string, trusted: Trusted] {
  return [publicKey, { name, by }];
}
