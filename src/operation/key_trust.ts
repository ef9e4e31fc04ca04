import { JvsError } from "../model/errors.ts";
import { isSigningPoint } from "../model/ed25519.ts";
import { checkName } from "../model/names.ts";
import { publicKey } from "../model/records.ts";
import { boolean, nullable, record, text } from "../model/schema.ts";
import { SeenHead } from "../model/signing.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { noteTrust, refuseExchanged } from "../protocol/signing/own_word.ts";
import { changeTeamKeys, teamTrust } from "../protocol/signing/team_keys.ts";
import { type NamedKey, whichKey } from "../protocol/signing/which_key.ts";
import { readOwnTrust } from "../repo/own_trust.ts";
import type { Store } from "../repo/store.ts";
import { quoted } from "../model/path_text.ts";
import { defineOperation } from "./define.ts";

/** Says which keys the user trusts in a repository. */
export const keyTrust = defineOperation({
  name: "key trust",
  summary: "Trust a key in this repository; with --require, take nothing unsigned",
  about:
    "What you trust is written into your own config folder, with the end of the audit log as it is now: `jvs verify --all` tells you when " +
    "the repository is not the one any more that you saw. --require refuses what is not signed from now on. Without a key it only notes " +
    "that, and takes the repository as it is, also where it is not the one any more that you saw: with a key it refuses that. --team also writes the key into the repository's settings, for those who have not said whom they trust; whoever can " +
    "write there can change them.\n\nCompare the 64 hex digits with its owner, by another way than the repository.",
  examples: [
    ["jvs key trust 5f0c… anna --require", "trusts Anna's key here, and nothing unsigned from now on"],
    ["jvs key trust --require", "requires signatures of the keys that you trust"],
    ["jvs key trust anna --team", "gives it to the team, too"],
  ],
  changes: "repository",
  kinds: [teamTrust],
  input: record({
    key: text().optional().about("The key: its 64 hex digits, or your own name of it.")
      .cli({ positional: true, placeholder: "KEY" }),
    name: text().optional().about(
      "What you call it; by default as before, or the first 8 digits. A name that the repository's settings have is never taken.",
    ).cli({ positional: true, placeholder: "NAME" }),
    require: boolean().optional().about(
      "Every new snapshot must be signed by a key that you trust; --no-require ends that.",
    ),
    everywhere: boolean().default(false).about("Trust the key in every repository, and not only here."),
    team: boolean().default(false).about("Also write it into the repository's settings."),
  }, { closed: true }),
  output: record({
    public_key: nullable(publicKey()).about("The key; null if none was given."),
    name: nullable(text()).about("What you call it; null without a key."),
    required: boolean().about("Whether you require signatures here."),
    head: SeenHead.about("The end of the audit log that was noted."),
  }),
  async run(context, { everywhere, key: word, name: given, require, team }) {
    const { store, userConfig } = context;
    if (word === undefined && team) {
      throw new JvsError("E_USAGE", "Cannot give a key to the team: no key is named", {
        hint: "Name it: `jvs key trust KEY NAME --team`.",
      });
    }
    const known = {
      keyring: store.config.get("signing.keyring"),
      trust: readOwnTrust(userConfig),
      userConfig,
    };
    const key = word === undefined ? undefined : await whichKey(word, known);
    if (key !== undefined) await refuseUseless(store, key);
    const name = key && checkName(given ?? key.name ?? key.publicKey.slice(0, 8), "key");
    const scope = everywhere ? null : store.repoId;
    if (key !== undefined && name !== undefined && team) await giveToTeam(context, key, { given, name });
    const expected = await noteTrust(context, (trust, { seen_at }) => {
      if (key === undefined || name === undefined) return trust;
      const added = { public_key: key.publicKey, name, repo_id: scope, trusted_at: seen_at };
      const isSame = (each: typeof added) =>
        each.public_key === added.public_key && (each.repo_id === scope || scope === null);
      return { ...trust, keys: [...trust.keys.filter((each) => !isSame(each)), added] };
    }, { require, ifExchanged: key === undefined ? "accept" : "refuse" });
    const head = expected?.heads.at(-1);
    if (expected === undefined || head === undefined) {
      throw new JvsError("E_INTERNAL", "Cannot note the end of the audit log");
    }
    return {
      public_key: key?.publicKey ?? null,
      name: name ?? null,
      required: expected.required_since !== null,
      head,
    };
  },
});

/** Writes a key into the repository's settings, under the name that was given, or else the one that it has there. */
async function giveToTeam(
  context: RepositoryContext,
  { name: own, publicKey }: NamedKey,
  { given, name }: { readonly given: string | undefined; readonly name: string },
): Promise<void> {
  await refuseExchanged(context);
  const keyring = context.store.config.get("signing.keyring");
  const theirs = keyring.find((each) => each.startsWith(publicKey))?.slice(65);
  const word = given ?? own ?? theirs ?? name;
  await changeTeamKeys(context, { kind: teamTrust, setting: "signing.keyring", publicKey, word });
}

/** A key that signs nothing which counts: no key at all, or one that was revoked, which holds whatever is said after it. */
async function refuseUseless({ signing }: Store, { name, publicKey }: NamedKey): Promise<void> {
  if (!isSigningPoint(publicKey)) {
    throw new JvsError(
      "E_USAGE",
      `Cannot trust the key ${publicKey}: no private key of Ed25519 belongs to it`,
      {
        hint: "Give the 64 hex digits that `jvs key export` prints for its owner.",
        details: { public_key: publicKey },
      },
    );
  }
  const revoked_at = (await signing.policy()).revoked.get(publicKey);
  if (revoked_at === undefined) return;
  const state = `it was revoked, and is not trusted since ${revoked_at}`;
  throw new JvsError(
    "E_TRUST_POLICY_VIOLATION",
    `Cannot trust the key ${quoted(name ?? publicKey)}: ${state}`,
    {
      hint:
        "A revocation cannot be taken back. Its owner makes a new key with `jvs key create NAME`: trust that one.",
      details: { public_key: publicKey, revoked_at },
    },
  );
}
