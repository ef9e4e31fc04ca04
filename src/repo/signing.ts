import { isJvsError, unlessThrown } from "../model/errors.ts";
import type { HeadSignature } from "../model/records.ts";
import type { TrailEnd } from "../model/signing.ts";
import { nowIso } from "../platform/clock.ts";
import { isUserFile } from "../platform/user_file.ts";
import type { Config } from "./config.ts";
import type { Layout } from "./layout.ts";
import { ownTrustPath } from "./own_trust_path.ts";
import type { SigningKey } from "./signing_key.ts";
import type { TrustPolicy } from "./trust_policy.ts";

/** What a caller signs with and trusts. Nothing of it is in the repository. */
export interface SigningCaller {
  /** The user's config folder, with the user's keys and what the user trusts; absolute. */
  readonly userConfig?: string | undefined;
  /** A key that the caller gives: the absolute path of its file, or its text. It comes before the setting. */
  readonly signingKey?: string | undefined;
}

/**
 * Signing for one caller of a repository. Its code is loaded when the first signature is made or checked: who does not sign
 * pays nothing. docs/design/signing.md.
 */
export class Signing {
  #key: Promise<SigningKey> | undefined;
  #policy: Promise<TrustPolicy> | undefined;
  #isKnown: Promise<boolean> | undefined;
  #mostSigned = Infinity;

  constructor(
    private readonly layout: Layout,
    private readonly config: Config,
    private readonly repoId: () => string,
    private readonly hasEnd: (end: TrailEnd) => Promise<boolean>,
    private readonly caller: SigningCaller,
  ) {}

  /** The key to sign with; undefined where nothing is signed. `E_SIGNING_KEY_MISSING` where it cannot be used, `E_PERMISSION` if others may read it. */
  async key(): Promise<SigningKey | undefined> {
    const { signingKey: given, userConfig } = this.caller;
    const name = given === undefined ? this.config.get("signing.key") : "";
    if (given === undefined && name === "") return undefined;
    return await (this.#key ??= import("./signing_key.ts").then(({ givenKey, ownKey }) =>
      given === undefined ? ownKey(userConfig, name) : givenKey(given)
    ));
  }

  /** Whether a key is named to sign with, whether or not it can be used. */
  get isOn(): boolean {
    return this.caller.signingKey !== undefined || this.config.getOrDefault("signing.key") !== "";
  }

  /** Whether a snapshot may have to be signed: a cheap question, that most answer with no. */
  get mayRequire(): boolean {
    const { userConfig } = this.caller;
    return this.config.getOrDefault("signing.require") ||
      (userConfig !== undefined && isUserFile(ownTrustPath(userConfig)));
  }

  /** What the caller trusts here, and what the repository asks for. */
  async policy(): Promise<TrustPolicy> {
    return await (this.#policy ??= this.#readPolicy());
  }

  async #readPolicy(): Promise<TrustPolicy> {
    const { readOwnTrust } = await import("./own_trust.ts");
    const { TrustPolicy } = await import("./trust_policy.ts");
    const { signingKey, userConfig } = this.caller;
    // A key that the caller gives is the caller's own.
    const own = signingKey === undefined ? undefined : await this.key().catch(unlessInternal);
    return new TrustPolicy({
      own: readOwnTrust(userConfig),
      ownKey: own?.publicKey,
      // A damaged id is another finding; nothing is signed for none.
      repoId: unlessThrown((error) => isJvsError(error), this.repoId) ?? "",
      root: this.layout.root,
      require: this.config.getOrDefault("signing.require"),
      keyring: this.config.getOrDefault("signing.keyring"),
      revoked: this.config.getOrDefault("signing.revoked"),
    });
  }

  /**
   * Whether the audit log is one that the user saw, with what was added since; also where the user saw none. In another one nothing is
   * signed: whoever made it has the same id for it, so that what is signed there would be valid in the one that the user knows.
   */
  async isKnown(): Promise<boolean> {
    return await (this.#isKnown ??= this.policy().then(async ({ expected, isOther }) => {
      const newest = expected?.heads.at(-1);
      return !isOther && (newest === undefined || await this.hasEnd(newest));
    }));
  }

  /**
   * From now on this caller signs the audit log only as long as it has no more records than these: who signs the end of the log signs all
   * that is before it.
   */
  signAtMost(count: number): void {
    this.#mostSigned = count;
  }

  /** Signs the audit log up to a record; undefined where the caller signs nothing, or cannot: a change is recorded all the same. */
  async signHead({ count, hash }: TrailEnd): Promise<HeadSignature | undefined> {
    if (count > this.#mostSigned) return undefined;
    try {
      const key = await this.key();
      // What a revoked key signs covers nothing: the signature that is there still does.
      if (key === undefined || (await this.policy()).revoked.has(key.publicKey)) return undefined;
      if (!await this.isKnown()) return undefined;
      return await key.sign({ signs: "jvs audit", repo_id: this.repoId(), count, hash, signed_at: nowIso() });
    } catch (error) {
      return unlessInternal(error);
    }
  }
}

function unlessInternal(error: unknown): undefined {
  if (!isJvsError(error) || isJvsError(error, "E_INTERNAL")) throw error;
}
