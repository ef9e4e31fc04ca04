import { isJvsError } from "../model/errors.ts";
import { isKeyText } from "../model/key_text.ts";
import { publicKey, time, uuid } from "../model/records.ts";
import { boolean, list, nullable, oneOf, record, text } from "../model/schema.ts";
import { namesInUserFolder } from "../platform/user_file.ts";
import type { Context } from "../protocol/context.ts";
import { readOwnTrust } from "../repo/own_trust.ts";
import { GIVEN_KEY, givenKey, keyFolder, ownKey, type SigningKey } from "../repo/signing_key.ts";
import { TrustPolicy } from "../repo/trust_policy.ts";
import { openRepository } from "./call.ts";
import { defineFreeOperation } from "./define.ts";

/** Lists keys. */
export const keyList = defineFreeOperation({
  name: "key list",
  summary: "List your keys, and the keys that are trusted here",
  examples: [["jvs key list", "your own keys, whom you trust in this repository, and what must be signed"]],
  changes: "nothing",
  input: record({}, { closed: true }),
  output: record({
    own: list(record({
      name: text().about("The key's name."),
      public_key: nullable(publicKey()).about("The public key; null if the file cannot be used."),
      path: nullable(text()).about("The file of the private key; null if its text was given."),
      problem: nullable(text()).about("Why it cannot be used; null if it can."),
    })).about("Your own keys: the one that JVS_SIGNING_KEY gives, and those in your config folder."),
    trusted: list(record({
      public_key: publicKey().about("The key."),
      name: text().about("What it is called."),
      by: oneOf("you", "repository").about("Whose word it is: yours, or that of the repository's settings."),
      revoked_at: nullable(time()).about("Since when it is not trusted any more; null if it is."),
    })).about(
      "The keys that are trusted in this repository; outside of one, those that you trust in every one.",
    ),
    repo_id: nullable(uuid()).about("The repository; null outside of one."),
    required: boolean().about("Whether every new snapshot must be signed by one of these keys."),
    required_by_you: boolean().about("Whether you say so yourself, and not only the repository's settings."),
  }),
  async run(context) {
    const policy = await policyOf(context);
    const trusted = [...policy.trusted].map(([public_key, { by, name }]) => {
      return { public_key, name, by, revoked_at: policy.revoked.get(public_key) ?? null };
    });
    return {
      own: [...await keyOfCaller(context), ...await ownKeys(context)],
      trusted,
      repo_id: policy.repoId === "" ? null : policy.repoId,
      required: policy.isRequired,
      required_by_you: (policy.expected?.required_since ?? null) !== null,
    };
  },
});

/** What is trusted where the user is; outside of a repository what is trusted in every one. */
async function policyOf(context: Context): Promise<TrustPolicy> {
  try {
    return await (await openRepository(context)).store.signing.policy();
  } catch (error) {
    if (!isJvsError(error, "E_NOT_A_REPOSITORY")) throw error;
    const own = readOwnTrust(context.userConfig);
    const nowhere = { repoId: "", root: "", require: false, keyring: [], revoked: [] };
    const [given] = await keyOfCaller(context);
    return new TrustPolicy({ own, ownKey: given?.public_key ?? undefined, ...nowhere });
  }
}

async function ownKeys({ userConfig }: Context) {
  if (userConfig === undefined) return [];
  const folder = keyFolder(userConfig);
  const keys = [];
  for (const file of namesInUserFolder(folder).filter((name) => name.endsWith(".key")).sort()) {
    const name = file.slice(0, -".key".length);
    keys.push({ name, path: `${folder}/${file}`, ...await tried(() => ownKey(userConfig, name)) });
  }
  return keys;
}

/** The key that the caller gives, if one is given. */
async function keyOfCaller({ signingKey }: Context) {
  if (signingKey === undefined) return [];
  const path = isKeyText(signingKey) ? null : signingKey;
  return [{ name: GIVEN_KEY, path, ...await tried(() => givenKey(signingKey)) }];
}

async function tried(read: () => Promise<SigningKey>) {
  try {
    return { public_key: (await read()).publicKey, problem: null };
  } catch (error) {
    if (!isJvsError(error)) throw error;
    return { public_key: null, problem: error.message };
  }
}
